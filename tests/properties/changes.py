"""Changes of a call that lose or spoil data: one element made unreadable, codings recoded, references moved."""

from __future__ import annotations

import copy
import random
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]

MISSING = object()
SPOILS: dict[str, Callable[[Any], Any]] = {
    "list": lambda value: [value],
    # Another number would be another chart, not an unreadable one.
    "number": lambda value: {} if type(value) in (int, float) else 7,
    "object": lambda _value: {"x": 1},
    "text": lambda _value: "x",
    "missing": lambda _value: MISSING,
}
"""What is put in place of an element."""


def elements(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all elements inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from elements(inner, (*path, key))


def spoilt(body: Json, path: Path, spoil: str, odd: Any = None) -> Json:
    """The body with one element spoilt, or ``odd`` in its place; only what lies on the way to it is copied."""
    changed: Any = copy.copy(body)
    place = changed
    for step in path[:-1]:
        place[step] = copy.copy(place[step])
        place = place[step]
    value = SPOILS[spoil](place[path[-1]]) if spoil in SPOILS else odd
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return dict(changed)


def is_loss(path: Path, spoil: str) -> bool:
    """Whether a change takes an entry away whole: what was never sent cannot be named."""
    return spoil == "missing" and (path[-1] in ("entry", "draftOrders", "selections") or path[-2:-1] == ("entry",))


def result(path: Path, spoil: str) -> str:
    """A change in words."""
    return ".".join(map(str, path)) + f" -> {spoil}"


def _walk(value: Any, change: Callable[[Json], Json | None]) -> Any:
    """The document with every object replaced by what ``change`` makes of it (None: as it is)."""
    if isinstance(value, list):
        return [_walk(part, change) for part in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _walk(part, change) for key, part in value.items()}
    made = change(inner)
    return inner if made is None else made


def recoded(system: str) -> Callable[[Any], Any]:
    """Every coding under another system, its code one that this system does not have."""

    def change(one: Json) -> Json | None:
        if isinstance(one.get("code"), str) and isinstance(one.get("system"), str) and "value" not in one:
            return one | {"system": system, "code": "99990"} if _is_clinical(one["system"]) else None
        return None

    return lambda document: _walk(document, change)


def _is_clinical(system: str) -> bool:
    return "terminology.hl7.org" not in system and "unitsofmeasure" not in system


def without_displays(document: Any) -> Any:
    """Every coding without its display, every concept without its text."""

    def change(one: Json) -> Json | None:
        if "coding" in one:
            return {key: part for key, part in one.items() if key != "text"}
        if "system" in one and "display" in one:
            return {key: part for key, part in one.items() if key != "display"}
        return None

    return _walk(document, change)


def in_another_language(document: Any) -> Any:
    """Every display and text in words that nobody reads here, codes as they are."""

    def change(one: Json) -> Json | None:
        if "coding" in one and "text" in one:
            return one | {"text": "Beschreibung auf Deutsch für später"}
        if "system" in one and "display" in one:
            return one | {"display": "Bezeichnung in fremder Sprache"}
        return None

    return _walk(document, change)


def moved(how: str) -> Callable[[Any], Any]:
    """Every reference to a Patient moved to another host, to a urn:uuid, or to another patient."""
    bases: dict[str, Callable[[str], str]] = {
        "host": lambda ref: f"https://other.example.org/fhir/{ref}",
        "uuid": lambda _ref: "urn:uuid:6f0d7f5e-6a3b-4c0e-9d9e-2f4f3b6f7c11",
        "patient": lambda _ref: "Patient/somebody-else",
    }

    def change(one: Json) -> Json | None:
        ref = one.get("reference")
        return one | {"reference": bases[how](ref)} if isinstance(ref, str) and ref.startswith("Patient/") else None

    return lambda document: _walk(document, change)


def retyped(how: str) -> Callable[[Any], Any]:
    """Every resource but the Patient with a resourceType of another case, of no release, or as a list."""
    forms: dict[str, Callable[[str], Any]] = {
        "case": lambda name: name[0].lower() + name[1:],
        "none": lambda name: f"{name}X",
        "list": lambda name: [name],
    }

    def change(one: Json) -> Json | None:
        name = one.get("resourceType")
        if not isinstance(name, str) or name in ("Patient", "Bundle"):
            return None
        return one | {"resourceType": forms[how](name)}

    return lambda document: _walk(document, change)


def rewrapped(how: str) -> Callable[[Any], Any]:
    """Every entry without its wrapping, wrapped once more, or alone in place of the list."""

    def change(one: Json) -> Json | None:
        entries = one.get("entry")
        if not isinstance(entries, list) or not entries:
            return None
        if how == "bare":
            return one | {"entry": [entry.get("resource", entry) for entry in entries]}
        if how == "deep":
            return one | {"entry": [{"resource": {"resourceType": "Bundle", "entry": entries}}]}
        return one | {"entry": entries[0]} if len(entries) == 1 else None

    return lambda document: _walk(document, change)


def in_words_of_a_page(document: Any) -> Any:
    """Nothing but words, as they stand in the HTML of a page or in a PDF."""

    def change(one: Json) -> Json | None:
        coded = one.get("coding")
        if not isinstance(coded, list) or not coded:
            return None
        words = one.get("text") or coded[0].get("display")
        return {"text": f"<b>&nbsp;{_as_printed(words)}</b>\n"} if words else None

    return _walk(document, change)


def _as_printed(words: str) -> str:
    """Blanks that do not break and marks without width, ligatures, typographic hyphens."""
    spaced = words.replace(" ", "\u00a0\u200b").replace("fi", "\ufb01").replace("-", "\u2010")
    return unicodedata.normalize("NFD", spaced)


_OIDS = {
    "http://snomed.info/sct": "URN:OID:2.16.840.1.113883.6.96",
    "http://loinc.org": "urn:oid:2.16.840.1.113883.6.1",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "2.16.840.1.113883.6.88",
}


def codes_as_others_write_them(document: Any) -> Any:
    """Systems by their numbers or with a slash, codes with a blank and in full width, no displays."""
    wide = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")

    def change(one: Json) -> Json | None:
        system, code = one.get("system"), one.get("code")
        if not isinstance(system, str) or not isinstance(code, str) or "value" in one or not _is_clinical(system):
            return None
        return one | {"system": _OIDS.get(system, f"{system}/"), "code": f" {code.translate(wide)} "}

    return _walk(without_displays(document), change)


def references_as_others_write_them(document: Any) -> Any:
    """Every reference to a Patient with a version and a parameter."""

    def change(one: Json) -> Json | None:
        ref = one.get("reference")
        is_ours = isinstance(ref, str) and ref.startswith("Patient/")
        return one | {"reference": f"{ref}/_history/2?_format=json"} if is_ours else None

    return _walk(document, change)


def drugs_contained(document: Any) -> Any:
    """Every drug in a Medication inside its order."""

    def change(one: Json) -> Json | None:
        if "resourceType" not in one or "medicationCodeableConcept" not in one:
            return None
        held = {"resourceType": "Medication", "id": "m", "code": one["medicationCodeableConcept"]}
        rest = {key: part for key, part in one.items() if key != "medicationCodeableConcept"}
        return rest | {"contained": [held], "medicationReference": {"reference": "#m"}}

    return _walk(document, change)


def suppressed(document: Any) -> Any:
    """Every prefetched list emptied by a server that says so only with a warning."""
    issue = {"severity": "warning", "code": "suppressed"}
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}
    cut = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": [outcome]}
    prefetch = {
        key: cut if isinstance(value, dict) and value.get("resourceType") == "Bundle" and value.get("entry") else value
        for key, value in document["prefetch"].items()
    }
    return document | {"prefetch": prefetch}


LAWS: dict[str, Callable[[Any], Any]] = {
    "recoded to a system that is switched off": recoded("http://www.ama-assn.org/go/cpt"),
    "recoded to an unknown system": recoded("urn:example:nobody"),
    "without displays": without_displays,
    "in another language": in_another_language,
    "recoded, in another language": lambda one: in_another_language(recoded("urn:example:nobody")(one)),
    "recoded, without words": lambda one: without_displays(recoded("urn:example:nobody")(one)),
    **{f"references to another {how}": moved(how) for how in ("host", "uuid", "patient")},
    **{f"resourceType of another {how}": retyped(how) for how in ("case", "none", "list")},
    **{f"entries {how}": rewrapped(how) for how in ("bare", "deep", "alone")},
    "lists suppressed with a warning": suppressed,
    "words of a page, no codes": in_words_of_a_page,
    "codes as others write them": codes_as_others_write_them,
    "references as others write them": references_as_others_write_them,
    "drugs contained": drugs_contained,
}
"""Changes of a whole call under which no card may disappear without a word."""

HARMLESS = frozenset(
    {
        *("without displays", "in another language", "entries bare", "entries deep", "entries alone"),
        *("codes as others write them", "references as others write them", "drugs contained"),
    }
)
"""Those that lose nothing: they add no critical card either."""


def some(paths: list[Path], count: int, seed: str) -> list[tuple[Path, str]]:
    """A seeded choice of elements, each with one way to spoil it."""
    chance = random.Random(seed)
    return [(chance.choice(paths), chance.choice(list(SPOILS))) for _ in range(count)]
