"""The chart's index: every coding matched once, and what single entries say."""
