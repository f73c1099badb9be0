"""Drug names: what a name built by the rules of RxNorm says (terminology.md section 7).

``[n HR|n ML] ingredient (salt) strength / ingredient strength dose form [Brand]``. Read leniently, because senders
shorten these names and write them in capitals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_CACHED = 4_000
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_LEAD = re.compile(
    r"(?:(?:\d+(?:\.\d+)?\s?(?:HR|ML|MG|ACTUAT|DAY)|NDA\d+|ABUSE-DETERRENT|ONCE-DAILY|TWICE-DAILY)\s+)+", re.IGNORECASE
)
_COMPONENT = re.compile(
    r"(?P<name>[A-Za-z].*?)[\s,]+(?P<number>\d+(?:\.\d+)?)\s?"
    r"(?P<unit>MG|MCG|UG|G|GM|MEQ|UNT|UNITS?|IU|MMOL|%)(?:/(?P<per>ML|MG|HR|ACTUAT|G|L|SQCM|DAY))?(?:\s+(?P<form>[A-Za-z].*))?",
    re.IGNORECASE,
)
_MILLIGRAMS = {
    "MG": Decimal(1),
    "MCG": Decimal("0.001"),
    "UG": Decimal("0.001"),
    "G": Decimal(1000),
    "GM": Decimal(1000),
}
_FORMS = re.compile(
    r"\b(?:tab(?:let)?s?|cap(?:sule)?s?|caplets?|solution|suspension|injection|injectable|syringe|cream|ointment|gel|patch|system"
    r"|inhaler|inhalant|spray|powder|film|suppository|implant|ring|lotion|foam|syrup|drops|elixir|granules|pellet|lozenge"
    r"|cartridge|auto-injector|pen|enema|shampoo|paste|pad|oil|emulsion)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Component:
    """One ingredient as named, with its strength in milligrams per tablet (or per mL, HR, ACTUAT: ``per``)."""

    name: str
    strength_mg: Decimal | None
    per: str


@dataclass(frozen=True, slots=True)
class ParsedName:
    """A name taken apart. ``is_complete``: every component has a strength and the dose form is told."""

    components: tuple[Component, ...]
    form: str | None
    is_complete: bool


def without_brand(name: str) -> str:
    """The name without what stands in square brackets."""
    return " ".join(_BRACKETS.sub(" ", name).split())


def brand_of(name: str) -> str | None:
    """The brand in the last square brackets."""
    found = _BRACKETS.findall(name)
    return found[-1].strip() or None if found else None


@lru_cache(_CACHED)
def parse_name(name: str) -> ParsedName:
    """The components of a drug name; packs and free text give none."""
    plain = without_brand(name)
    if plain.startswith("{") or "Pack" in plain:
        return ParsedName((), None, is_complete=False)
    components = []
    form = None
    is_complete = True
    for part in plain.split(" / "):
        lead = _LEAD.match(part)
        found = _COMPONENT.fullmatch(part[lead.end() :] if lead else part)
        if found is None:
            is_complete = False
            continue
        per_milligram = _MILLIGRAMS.get(found["unit"].upper())
        strength = Decimal(found["number"]) * per_milligram if per_milligram else None
        components.append(Component(found["name"].strip(), strength, (found["per"] or "").upper()))
        form = found["form"] or form
    has_form = form is not None and _FORMS.search(form) is not None
    return ParsedName(tuple(components), form, is_complete=is_complete and has_form and bool(components))
