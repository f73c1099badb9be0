"""One decision to a row, and back again (replay)."""
