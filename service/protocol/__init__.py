"""HOW AN EHR ASKS: request, context, prefetch, fetching, discovery, feedback, evaluation."""
