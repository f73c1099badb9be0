"""FHIR releases: which there are, reading them in R4 shape, writing R4 shape in them."""
