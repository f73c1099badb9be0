"""What helps others to connect: request check, service check, FHIR validation, example requests and patients."""
