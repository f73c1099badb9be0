"""Input: prefetch or Bundle -> Record; states of a list; releases; what could not be read."""
