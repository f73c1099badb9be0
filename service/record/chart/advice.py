"""Advice: what is said to a patient or is to be asked, as in leaflets, warning signs and lists of questions.

"Return at once if you notice saddle numbness" names a red flag and tells nothing of the patient. Accepted suggestions
of this service are such entries too.
"""

from __future__ import annotations

import re
from typing import Any

from service.record.model import Resource
from service.record.values.concept import as_objects, wordings

__all__ = ["without_advice"]

_MAY_ADVISE = frozenset({"CarePlan", "Communication", "CommunicationRequest", "ServiceRequest", "Task"})
_TEACHES = re.compile(
    r"\b(?:patient|health|self[- ]care|exercise|family) (?:education|information|instructions?)\b"
    r"|\beducation (?:of|for) (?:the )?patient|\b(?:leaflets?|hand-?outs?|safety[- ]net\w*)\b|^advice: "
    r"|\bpatienten(?:aufkl\u00e4rung|schulung|edukation|information)|\bmerkblatt|\bfolleto"
    r"|\b\u00e9ducation (?:du patient|th\u00e9rapeutique)|^(?:education|instructions?)$|\bred[- ]flag questions\b",
    re.IGNORECASE,
)
_OF_THE_PATIENT = re.compile(
    r"\b(?:patient|pt|he|she|client) (?:has|had|is|was|reports?|says|states|complains?|notice[sd]|feels|felt|cannot"
    r"|can't|denie[sd]|developed|presented|with)\b|\bI(?:'m|'ve| am| have| had| can| feel)\b"
    r"|\b(?:reports|complain\w*|presents)\b|\byour (?:mri|scan|ct|x-?ray|results?|tests?|bloods?)\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(r"\b(?:if|should|in case) you (?!still)[^.;!\n]*", re.IGNORECASE)
_GOES_ON = re.compile(r"\b(?:still|wors\w+|persist\w*|continu\w+|deteriorat\w+)\b", re.IGNORECASE)
_WRITTEN_IN = ("payload", "note", "description")
_PATIENT = ("Patient/", "RelatedPerson/")


def without_advice(resource: Resource) -> Resource:
    """The resource without the words that only say what to watch for or to ask.

    Words that tell of the patient stay, also in a leaflet, and all that the patient wrote.
    """
    if resource.get("resourceType") not in _MAY_ADVISE or _names_patient(resource.get("sender")):
        return resource
    is_to_patient = any(map(_names_patient, as_objects(resource.get("recipient"))))
    teaches = is_to_patient or any(map(_TEACHES.search, _titles(resource)))
    return {
        name: _told_in(value, teaches=teaches) if name in _WRITTEN_IN else value for name, value in resource.items()
    }


def _titles(resource: Resource) -> list[str]:
    elements = (one for name in ("code", "category", "topic") for one in as_objects(resource.get(name)))
    return [words for one in elements for words in wordings(one)]


def _names_patient(reference: object) -> bool:
    """Whether it is the patient, or who speaks for them."""
    named = reference.get("reference") if isinstance(reference, dict) else None
    return isinstance(named, str) and any(one in named for one in _PATIENT)


def _told_in(value: Any, *, teaches: bool) -> Any:  # any JSON
    """The same element with the advice taken out of its texts."""
    if isinstance(value, list):
        return [_told_in(item, teaches=teaches) for item in value]
    if isinstance(value, dict):
        return {name: _told_in(inner, teaches=teaches) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    if teaches and not _OF_THE_PATIENT.search(value):
        return ""
    return _SUPPOSED.sub(lambda found: found[0] if _GOES_ON.search(found[0]) else "", value)
