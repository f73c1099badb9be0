"""The CDS Hooks gateway of HealthChain with a handler that answers no cards; runs in an environment of its own."""

# ruff: noqa: ANN201, D103  # read by a Python that has HealthChain and none of our packages

from __future__ import annotations

import logging
import sys

import uvicorn
from fastapi import FastAPI
from healthchain.gateway.cds import CDSHooksService
from healthchain.models.requests.cdsrequest import CDSRequest
from healthchain.models.responses.cdsresponse import CDSResponse

logging.disable(logging.WARNING)
service = CDSHooksService(use_events=False)


@service.hook("patient-view", id="patient-view")
def patient_view(_request: CDSRequest):
    return CDSResponse(cards=[])


app = FastAPI()
app.include_router(service)


@app.get("/ready")
def ready():
    return {}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
