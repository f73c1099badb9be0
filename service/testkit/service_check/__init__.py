"""Service check: any CDS service held against the requirements of CDS Hooks."""
