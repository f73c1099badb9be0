"""Fetching: what the client did not send is asked from its FHIR server, inside a guard and a time budget."""
