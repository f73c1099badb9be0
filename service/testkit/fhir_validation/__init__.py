"""FHIR validation: one resource held against the table of elements and the classes of its release."""
