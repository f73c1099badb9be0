"""What to say to who asks at an address that is none, or by a method that is not for it. Never quotes the address."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

# Addresses that people expect and that are elsewhere, by their first segment.
_ELSEWHERE = {
    "feedback": "a report about a card goes to /cds-services/{id}/feedback",
    "metrics": "figures for Prometheus are told at the address of SCIATICA_CDS_METRICS_BIND only",
    "decisions": "stored decisions are shown where SCIATICA_CDS_AUDITORS names who may read them",
    "metadata": "this is no FHIR server; POST a Bundle to /evaluate",
    "Bundle": "POST a Bundle to /evaluate",
    "favicon.ico": "the icon is /static/icon.svg",
}
_SERVICES = "cds-services"


def hint_for_path(path: str, known: Iterable[str]) -> str | None:
    """What may have been meant by an unknown address, ``known`` being the first segments of those that there are."""
    first = path.strip("/").split("/")[0]
    if first in _ELSEWHERE:
        return _ELSEWHERE[first]
    near = difflib.get_close_matches(first, sorted({*known} - {""}), n=1, cutoff=0.65)
    if not near or near[0] == first:
        return None
    return f"did you mean /{near[0]}{'/{id}' if near[0] == _SERVICES else ''}?"


def hint_for_method(path: str, allowed: Collection[str]) -> str:
    """Which methods an address takes; for discovery also where a call goes."""
    methods = " and ".join(sorted({*allowed} - {"OPTIONS", "HEAD"}))
    if path.rstrip("/").endswith(f"/{_SERVICES}") and "POST" not in allowed:
        return f"{methods} is; a call is a POST to /{_SERVICES}/{{id}}"
    return f"{methods} {'are' if ' and ' in methods else 'is'}"
