"""Offers: the discovery of any CDS service, judged against the requirements of chapters 2 and 3 of the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.errors import Issue
from service.knowledge.hooks import HOOKS
from service.protocol.template_lint import lint
from service.record.input.prefetch_templates import Template
from service.testkit.service_check.requirements import broken, empty_members, extensions, missing_text, shaped

_MEMBERS = frozenset({"hook", "title", "description", "id", "prefetch", "usageRequirements", "extension"})
_PLAIN_ID = re.compile(r"[^\s/?#]+")
_PRIVATE = re.compile(r"[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+")
# Hooks of the published library that are not offered here; naming one is no fault of a service.
_OTHER_HOOKS = frozenset({"order-dispatch", "medication-verify", "medication-prescribe", "order-review"})


def judge_discovery(body: Any) -> list[Issue]:
    """Everything that breaks a requirement in the body of ``GET /cds-services``."""
    if not isinstance(body, Mapping) or not isinstance(body.get("services"), list):
        return [broken("DI-2", "services", "the body must be an object with an array of this name")]
    issues: list[Issue] = [*empty_members(body, "", frozenset({"services"})), *extensions(body, "")]
    seen: set[tuple[Any, Any]] = set()
    for service, where in shaped("DI-2", body["services"], "services", issues):
        issues += _service(service, where)
        pair = (str(service.get("id")), str(service.get("hook")))
        if pair in seen:
            issues.append(broken("DI-10", where, "the same id and hook as an earlier service"))
        seen.add(pair)
    return issues


def _service(service: Mapping[str, Any], where: str) -> Iterator[Issue]:
    yield from missing_text("DI-4", service, "hook", where)
    yield from missing_text("DI-5", service, "id", where)
    yield from missing_text("DI-6", service, "description", where)
    yield from missing_text("DI-7", service, "title", where)
    hook, id_ = service.get("hook"), service.get("id")
    if isinstance(hook, str) and hook not in HOOKS and hook not in _OTHER_HOOKS and not _PRIVATE.fullmatch(hook):
        yield broken("DI-4", f"{where}.hook", "is neither in the hook library nor a reverse-domain name")
    if isinstance(id_, str) and id_ and not _PLAIN_ID.fullmatch(id_):
        yield broken("DI-5", f"{where}.id", "cannot be the last segment of a URL")
    for name in sorted(set(service) - _MEMBERS):
        yield broken("DI-15", f"{where}.{name}", "is no member of a service in 2.0")
    if "usageRequirements" in service:
        yield from missing_text("DI-9", service, "usageRequirements", where)
    if "prefetch" in service:
        yield from _prefetch(service["prefetch"], hook, f"{where}.prefetch")


def _prefetch(prefetch: Any, hook: Any, where: str) -> Iterator[Issue]:
    if not isinstance(prefetch, Mapping):
        yield broken("DI-8", where, "must be an object")
        return
    for key, query in prefetch.items():
        path = f"{where}.{key}"
        if not isinstance(query, str) or not query:
            yield broken("DI-8", path, "must be a string that is not empty")
        elif isinstance(hook, str) and hook in HOOKS:
            yield from (_linted(issue.text, path) for issue in lint(Template(key, query, ()), hook))


def _linted(text: str, where: str) -> Issue:
    """An issue of the linter, which begins with the numbers of the requirements: the first one counts."""
    numbers, _, sentence = text.partition(": ")
    return broken(re.split(r"[ ,]", numbers)[0], where, sentence)
