"""Answers: the answer of any CDS service, judged against the requirements of chapters 8 to 15 of the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from service.errors import Issue, Severity
from service.record.releases.fhir_classes import Release
from service.testkit.fhir_validation.resources import check_resources
from service.testkit.service_check.requirements import broken, empty_members, extensions, missing_text, shaped

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RELATIVE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_LONGEST_SUMMARY = 139
_CODING = frozenset({"code", "system", "display"})
_BEHAVIOURS = ("at-most-one", "any")

Json = Mapping[str, Any]


def judge_answer(body: Any, release: Release = Release.R4) -> list[Issue]:
    """Everything that breaks a requirement in the body of a 200. ``release`` is that of the caller."""
    if not isinstance(body, Mapping) or not isinstance(body.get("cards"), list):
        return [broken("RS-1", "cards", "the body must be an object with an array of this name")]
    issues: list[Issue] = [*empty_members(body, "", frozenset({"cards"})), *extensions(body, "")]
    for card, where in shaped("SC-1", body["cards"], "cards", issues):
        issues += _card(card, where, release)
    for action, where in shaped("SY-2", body.get("systemActions"), "systemActions", issues):
        issues += _action(action, where, release)
    extension = body.get("extension")
    if isinstance(extension, Mapping) and "systemActions" in extension:
        issues.append(broken("SY-1", "extension.systemActions", "stands at the top of the answer since 2.0"))
    return issues


def _card(card: Json, where: str, release: Release) -> Iterator[Issue]:
    yield from missing_text("CA-1", card, "summary", where)
    summary = card.get("summary")
    if isinstance(summary, str) and len(summary.encode("utf-16-le")) // 2 > _LONGEST_SUMMARY:
        yield broken("CA-1", f"{where}.summary", "must have fewer than 140 characters")
    if isinstance(summary, str) and "\n" in summary:
        yield broken("CA-1", f"{where}.summary", "must be one line")
    if card.get("indicator") not in {"info", "warning", "critical"}:
        yield broken("CA-2", f"{where}.indicator", "must be info, warning or critical")
    if "detail" in card and not isinstance(card["detail"], str):
        yield broken("CA-4", f"{where}.detail", "must be a string")
    if not isinstance(card.get("uuid"), str) or not _UUID.fullmatch(card["uuid"]):
        yield broken("CA-7", f"{where}.uuid", "should be a UUID in small letters: without one no feedback can come")
    yield from _source(card.get("source"), f"{where}.source")
    yield from _suggestions(card, where, release)
    yield from _reasons(card, where)
    issues: list[Issue] = []
    for link, path in shaped("LI-1", card.get("links"), f"{where}.links", issues):
        issues += _link(link, path)
    yield from issues


def _source(source: Any, where: str) -> Iterator[Issue]:
    if not isinstance(source, Mapping):
        yield broken("CA-3", where, "must be an object with a label")
        return
    yield from missing_text("CA-3", source, "label", where)
    for name in ("url", "icon"):
        if name in source and not _is_absolute(source[name]):
            yield broken("SO-2", f"{where}.{name}", "must be an absolute http or https URL")
    if "topic" in source:
        yield from _coding("SO-5", source["topic"], f"{where}.topic", ("code", "system"))
    else:
        yield broken("SO-4", f"{where}.topic", "should be there, so that clients can filter")


def _is_absolute(url: Any) -> bool:
    return isinstance(url, str) and urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).netloc)


def _coding(requirement: str, coding: Any, where: str, names: tuple[str, ...]) -> Iterator[Issue]:
    if not isinstance(coding, Mapping):
        yield broken(requirement, where, "must be an object")
        return
    for name in names:
        yield from missing_text(requirement, coding, name, where)
    for name in sorted(set(coding) - _CODING - {"extension"}):
        yield broken("SO-5", f"{where}.{name}", "is no member of a coding in CDS Hooks")


def _reasons(card: Json, where: str) -> Iterator[Issue]:
    issues: list[Issue] = []
    for reason, path in shaped("OR-2", card.get("overrideReasons"), f"{where}.overrideReasons", issues):
        issues += _coding("OR-2", reason, path, ("code", "system", "display"))
    yield from issues


def _suggestions(card: Json, where: str, release: Release) -> Iterator[Issue]:
    issues: list[Issue] = []
    found = shaped("SU-1", card.get("suggestions"), f"{where}.suggestions", issues)
    yield from issues
    behaviour = card.get("selectionBehavior")
    if found and behaviour not in _BEHAVIOURS:
        yield broken("CA-5", f"{where}.selectionBehavior", f"must be one of {', '.join(_BEHAVIOURS)}")
    if not found and behaviour is not None:
        yield broken("CA-6", f"{where}.selectionBehavior", "says nothing without suggestions")
    if behaviour == "at-most-one" and sum(one.get("isRecommended") is True for one, _ in found) > 1:
        yield broken("SU-2", f"{where}.suggestions", "more than one is recommended although one may be chosen")
    for suggestion, path in found:
        yield from missing_text("SU-1", suggestion, "label", path)
        if "uuid" not in suggestion:
            yield broken("SU-5", f"{path}.uuid", "should be there: without it no acceptance can be reported")
        inner: list[Issue] = []
        for action, at in shaped("AC-1", suggestion.get("actions"), f"{path}.actions", inner):
            inner += _action(action, at, release)
        yield from inner


def _action(action: Json, where: str, release: Release) -> Iterator[Issue]:
    kind = action.get("type")
    if kind not in {"create", "update", "delete"}:
        yield broken("AC-1", f"{where}.type", "must be create, update or delete")
    yield from missing_text("AC-2", action, "description", where)
    if kind == "delete":
        if not isinstance(action.get("resourceId"), str) or not _RELATIVE.fullmatch(action["resourceId"]):
            yield broken("AC-5", f"{where}.resourceId", "should be a relative reference, Type/id")
        if "resource" in action:
            yield broken("AC-5", f"{where}.resource", "should not stand on a deletion")
        return
    requirement = "AC-4" if kind == "update" else "AC-3"
    resource = action.get("resource")
    if not isinstance(resource, Mapping) or "resourceType" not in resource:
        yield broken(requirement, f"{where}.resource", "must be the whole resource")
    else:
        found = check_resources(resource, f"{where}.resource", release)
        yield from (broken("TR-6", one.path, one.text) for one in found if one.severity is Severity.ERROR)
    if "resourceId" in action:
        yield broken("AC-6", f"{where}.resourceId", "belongs to deletions")


def _link(link: Json, where: str) -> Iterator[Issue]:
    yield from missing_text("LI-1", link, "label", where)
    if not _is_absolute(link.get("url")):
        yield broken("LI-1", f"{where}.url", "must be an absolute URL")
    elif urlsplit(link["url"]).scheme != "https":
        yield broken("LI-3", f"{where}.url", "should be https")
    if link.get("type") not in {"absolute", "smart"}:
        yield broken("LI-1", f"{where}.type", "must be absolute or smart")
    if link.get("type") == "absolute" and "appContext" in link:
        yield broken("LI-2", f"{where}.appContext", "belongs to links of type smart")
