"""Two handlers without rules, for the same call: what a service costs before it knows anything."""
