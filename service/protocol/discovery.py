"""Discovery: what the services say of themselves (chapter 2 of the protocol reference)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from service.errors import Issue, KnowledgeError
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Knowledge, ServiceDefinition
from service.protocol.template_lint import lint
from service.record.input.prefetch_templates import Template, templates_for, unasked


def offered(knowledge: Knowledge, hidden: frozenset[str] = frozenset()) -> Mapping[str, ServiceDefinition]:
    """The services of the rule set by id, without those the operator hides (DI-3)."""
    return {name: service for name, service in knowledge.services.items() if name not in hidden}


def linted_templates(
    knowledge: Knowledge, services: Mapping[str, ServiceDefinition]
) -> Mapping[str, tuple[Template, ...]]:
    """The prefetch templates of every service by id. Raises KnowledgeError where a client could not use them."""
    found: dict[str, tuple[Template, ...]] = {}
    issues: list[Issue] = []
    for service in services.values():
        if service.hook not in HOOKS:
            issues.append(Issue(service.at, f"the hook {service.hook} is not in the hook library"))
            continue
        found[service.id] = templates_for(knowledge, service.hook)
        issues += [issue for template in found[service.id] for issue in lint(template, service.hook)]
        issues += [
            Issue(service.at, f"a fact under {service.hook} reads {kind}, for which no prefetch query is known")
            for kind in sorted(unasked(knowledge, service.hook))
        ]
    if issues:
        raise KnowledgeError(issues)
    return found


SHORT = frozenset(
    {"patient", "conditions", "medications", "allergies", "labs", "vitals", "procedures", "requests"}
)  # fmt: skip
"""The keys that the safety rules need most, for clients that pay for each query or have an analyst type it."""


def listed(templates: Mapping[str, Sequence[Template]], which: str) -> Mapping[str, Sequence[Template]]:
    """The templates that discovery lists: ``all``, or ``short``. What is not listed is used when it comes."""
    if which == "all":
        return templates
    return {name: [one for one in found if one.key in SHORT] for name, found in templates.items()}


def discovery(
    services: Mapping[str, ServiceDefinition],
    templates: Mapping[str, Sequence[Template]],
    withheld: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """The body of ``GET /cds-services``; only members of the 2.0 specification (DI-15).

    ``withheld`` is how many rules of each hook are not served because nobody approved them.
    """
    return {
        "services": [
            _entry(service, templates[service.id], withheld.get(service.hook, 0)) for service in services.values()
        ]
    }


def _entry(service: ServiceDefinition, templates: Sequence[Template], withheld: int) -> dict[str, Any]:
    requirements = " ".join(service.usage_requirements.split())
    if withheld:
        requirements += f" Not served: {withheld} rules that no named clinician has approved."
    return {
        "hook": service.hook,
        "id": service.id,
        "title": service.title,
        "description": " ".join(service.description.split()),
        "usageRequirements": requirements,
        "prefetch": {template.key: template.query for template in templates},
    }
