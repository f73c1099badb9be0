"""A CDS Hooks handler of Flask that reads the call and answers no cards."""

from __future__ import annotations

from typing import Any

from flask import Flask, request

app = Flask("plain")


@app.get("/ready")
def ready() -> dict[str, Any]:
    """The server answers."""
    return {}


@app.post("/cds-services/<service>")
def call(service: str) -> dict[str, Any]:
    """No cards for any call that names its hook."""
    del service
    body = request.get_json()
    return {"cards": []} if body["hook"] and body["context"]["patientId"] else {}
