"""OpenAPI: the HTTP interface as OpenAPI 3.1, made of the schemas that check requests, and a page to read it."""
