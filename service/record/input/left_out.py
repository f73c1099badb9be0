"""Left out: the signs in a Bundle that it holds less than there is, so that its silence proves nothing (RP-5, RP-8)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.note import Note, NoteCode
from service.record.values.concept import as_objects

_LOST = frozenset({"error", "fatal"})
_CUT = frozenset(
    {
        *("suppressed", "incomplete", "throttled", "timeout", "too-costly", "forbidden", "security", "login"),
        *("expired", "session", "transient", "no-store", "lock-error", "exception", "too-long", "unknown"),
    }
)
"""Issue codes that say, whatever the severity, that something was left out of the answer."""
_CUT_NOTHING = frozenset(
    {
        *("processing", "informational", "not-found", "not-supported", "business-rule", "code-invalid", "extension"),
        *("invalid", "structure", "required", "value", "invariant", "duplicate", "multiple-matches", "deleted"),
        *("conflict", "limited-filter", "success"),
    }
)
"""Issue codes that say nothing of the kind where they only warn; a code that FHIR does not have may say anything."""
_CUT_NUMBERS = frozenset({"59204", "59205"})
"""What Epic says in ``details`` when rows were left out; 4101 (nothing found), 4119 and 59100 cut nothing."""
_CUT_WORDS = re.compile(
    r"truncat|not all\b|only (?:the )?first|limited to|partial|incomplete|omitted|left out|withheld|suppress|redact"
    r"|too many",
    re.IGNORECASE,
)
"""What a server writes where it has no code for it."""
_WITHHELD = frozenset({"REDACTED", "SUBSETTED", "MASKED"})
"""Labels of v3-ObservationValue that say of a Bundle that parts of it were taken out."""
_ONLY_NEW = re.compile(r"[?&](?:_since|_lastUpdated)=")
_OF_VISITS = re.compile(r"Condition\?.*category=[^&]*encounter-diagnosis")
_ONLY_ENDED = re.compile(
    r"(?:MedicationRequest|MedicationStatement)\?(?:.*&)?status=(?![^&]*active)[^&]+"
    r"|(?:Condition|AllergyIntolerance)\?(?:.*&)?clinical-status=(?![^&]*(?<!in)active)[^&]+"
)
"""A search for what is over alone, or for another status than that of what holds now."""
_MOST = 10**9
_LONGEST_NUMBER = 10
"""Digits beyond which a total sent as text is no number."""
_MEMBERS = frozenset(
    {
        *("resourceType", "id", "meta", "implicitRules", "language", "identifier", "type", "timestamp", "total"),
        *("link", "entry", "signature", "issues", "contained", "text", "extension", "modifierExtension"),
    }
)


def left_out(bundle: Mapping[str, Any], matches: int | None = None) -> Note | None:
    """Why a Bundle is only a part of what was asked for; None when nothing says so.

    ``matches`` is the number of its entries that answer the search; without it ``total`` is not looked at.
    """
    if next_link(bundle) is not None:
        return Note(NoteCode.MORE_PAGES)
    if _is_narrowed(bundle):
        return Note(NoteCode.SEARCH_NARROWED)
    if any(map(is_loss, _outcomes(bundle))):
        return Note(NoteCode.CLIENT_SENT_OUTCOME_BESIDE)
    if "meta" in bundle and not _WITHHELD.isdisjoint(_labels(bundle["meta"])):
        return Note(NoteCode.PARTS_WITHHELD)
    if any(map(_holds_resources, (bundle[name] for name in bundle.keys() - _MEMBERS))):
        return Note(NoteCode.ENTRIES_ELSEWHERE)
    if matches is not None and total_of(bundle) > matches:
        return Note(NoteCode.FEWER_THAN_TOTAL)
    return None


def _is_narrowed(bundle: Mapping[str, Any]) -> bool:
    """Whether the search that was answered asked for what is new or over alone, or for the diagnoses of visits."""
    links = (link for link in as_objects(bundle.get("link")) if link.get("relation") == "self")
    asked = [url for link in links if isinstance(url := link.get("url"), str)]
    return any(
        _ONLY_NEW.search(url) or _ONLY_ENDED.search(url) or (_OF_VISITS.search(url) and "problem-list" not in url)
        for url in asked
    )


def total_of(bundle: Mapping[str, Any]) -> int:
    """How many there are by ``total``, also where it is sent as text or with a point; 0 where it says nothing."""
    total = bundle.get("total")
    if isinstance(total, float):
        return min(int(total), _MOST) if math.isfinite(total) else _MOST
    if isinstance(total, str) and total.strip().isdecimal() and len(total) < _LONGEST_NUMBER:
        return int(total)
    return total if isinstance(total, int) and not isinstance(total, bool) else 0


def _outcomes(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """OperationOutcomes beside the entries: in ``issues`` (R5) or contained."""
    for name in ("issues", "contained"):
        yield from (one for one in as_objects(bundle.get(name)) if one.get("resourceType") == "OperationOutcome")


def _labels(meta: object) -> Iterator[str]:
    for name in ("security", "tag"):
        for label in as_objects(meta.get(name)) if isinstance(meta, dict) else ():
            if isinstance(code := label.get("code"), str):
                yield code.strip().upper()


def _holds_resources(value: object) -> bool:
    """Whether a member that no Bundle has holds what belongs into ``entry``."""
    return any("resourceType" in one or "resource" in one for one in as_objects(value))


def is_loss(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome beside data says that something is missing, and is more than information."""
    issues = outcome.get("issue")
    if isinstance(issues, dict):
        issues = [issues]
    if not isinstance(issues, list) or not issues:
        return True
    return any(not isinstance(issue, dict) or _cuts(issue) for issue in issues)


def _cuts(issue: Mapping[str, Any]) -> bool:
    """Whether one issue says that data is missing: by its severity, its code, or the number in its details."""
    severity, code = issue.get("severity"), issue.get("code")
    if not isinstance(severity, str) or severity in _LOST:
        return True
    word = "" if code is None else str(code).strip().lower()
    if word in _CUT or (severity == "warning" and word and word not in _CUT_NOTHING):
        return True
    if any(isinstance(text, str) and _CUT_WORDS.search(text) for text in _texts(issue)):
        return True
    return any(number in _CUT_NUMBERS for number in _detail_codes(issue.get("details")))


def _texts(issue: Mapping[str, Any]) -> Iterator[object]:
    details = issue.get("details")
    yield issue.get("diagnostics")
    yield details.get("text") if isinstance(details, dict) else details


def _detail_codes(details: object) -> Iterator[str]:
    codings = details.get("coding") if isinstance(details, dict) else None
    for coding in codings if isinstance(codings, list) else [codings]:
        code = coding.get("code") if isinstance(coding, dict) else None
        if isinstance(code, str | int):
            yield str(code).strip()


def next_link(bundle: Mapping[str, Any]) -> str | None:
    """Where the next page of a Bundle is to be had ("" when it has one but does not say where); None: no next page."""
    for link in as_objects(bundle.get("link")):
        relation = link.get("relation")
        if isinstance(relation, str) and relation.strip().lower() == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return None
