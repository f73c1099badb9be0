"""Data radar, the looking: whether what clients send still answers what the rules ask, and why not."""
