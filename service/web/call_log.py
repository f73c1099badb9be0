"""The log line of an answered call, and the same on its span: the audit trail of SE-9.

It names the service, the rules and the lists; never what was found.
"""

from __future__ import annotations

import time

from flask import g

from service.logs import logger
from service.protocol.evaluation import Answered
from service.spans import note


def log_answered(answered: Answered, service: str) -> None:
    """One line for the call that is being answered. Reads its id, issuer and start from ``flask.g``."""
    # One look through the proxy of Flask instead of four.
    decision, call = answered.decision, vars(g)
    note("sciatica_cds.service", service)
    note("sciatica_cds.hook", decision.hook)
    note("sciatica_cds.decision", decision.id)
    note("sciatica_cds.digest", decision.ruleset_digest)
    note("sciatica_cds.cards", len(answered.body["cards"]))
    note("sciatica_cds.gated", decision.is_skipped)
    logger().info(
        "answered",
        request=call.get("request_id"),
        decision=decision.id,
        service=service,
        hook=decision.hook,
        hook_instance=_instance(answered),
        issuer=call.get("issuer"),
        cards=len(answered.body["cards"]),
        fired=[advice.rule.id for advice in decision.advice],
        missing=list(answered.missing),
        problems=len(decision.problems),
        gated=decision.is_skipped,
        unasked=answered.unasked,
        deviations=[str(deviation) for deviation in answered.call.deviations] if answered.call else [],
        client=answered.client,
        digest=decision.ruleset_digest,
        milliseconds=round((time.perf_counter() - call["started"]) * 1000, 1),
        status=200,
    )


def _instance(answered: Answered) -> str | None:
    """The hookInstance when it is a UUID; anything else is the client's text and stays out of the log."""
    if answered.call is None or any(deviation.path == "hookInstance" for deviation in answered.call.deviations):
        return None
    return answered.call.hook_instance.lower()
