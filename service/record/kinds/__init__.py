"""Kinds: one module per way in which a fact is read from the record."""
