"""HTTP: routes, the request pipeline, error bodies, OpenAPI, health."""
