"""Client authentication: the token a client sends with every call, checked (cds-hooks 17)."""
