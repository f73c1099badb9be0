"""A simulated EHR: a real HTTP server on loopback with keys, a FHIR endpoint, tokens, and faults to order."""
