"""Client profiles: what a vendor's CDS Hooks client takes, and the cards as that client can show them.

Each profile is a file in ``profiles/`` that says with its source what differs from the specification. A
profile takes away and rearranges; it never adds advice. What a client cannot carry out is said in the text of
the card, since summary and detail hold all that is needed for safety (EX-4).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FOLDER = Path(__file__).with_name("profiles")
DEFAULT = "default"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of client takes. Each field is a setting of its file; 0 as a limit is none, ``*`` is all."""

    name: str
    selection_behavior: str
    actions_per_suggestion: int
    suggestions: bool
    created_types: tuple[str, ...]
    updated_types: tuple[str, ...]
    delete_member: str
    order_details: bool
    code_systems: Mapping[str, str]
    override_reasons: bool
    link_hosts: tuple[str, ...]
    detail_characters: int
    why: bool
    typed_prefetch: tuple[str, ...]
    without_prefetch: tuple[str, ...]
    extension_prefixes: tuple[str, ...]


def profile_names() -> tuple[str, ...]:
    """The profiles there are, the default first."""
    return tuple(sorted((path.stem for path in FOLDER.glob("*.toml")), key=lambda name: (name != DEFAULT, name)))


@cache
def profile(name: str) -> Profile:
    """The profile with this name: what its file says, over what the default says. Raises KeyError."""
    if name not in profile_names():
        raise KeyError(name)
    options = settings_of(DEFAULT) | (settings_of(name) if name != DEFAULT else {})
    values: dict[str, Any] = {
        field.name: tuple(options[field.name]["value"])
        if isinstance(options[field.name]["value"], list)
        else options[field.name]["value"]
        for field in fields(Profile)
        if field.name != "name"
    }
    return Profile(name=name, **values)


@cache
def settings_of(name: str) -> dict[str, Any]:
    """The settings in the file of a profile, each with its value and its source."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def recognised(document: Any) -> str:
    """The profile that a request shows by the keys of its extension; the default when it shows none."""
    extension = document.get("extension") if isinstance(document, Mapping) else None
    if isinstance(extension, Mapping):
        for name in profile_names():
            prefixes = profile(name).extension_prefixes
            if prefixes and any(isinstance(key, str) and key.startswith(prefixes) for key in extension):
                return name
    return DEFAULT


def adapted(cards: Iterable[Json], to: Profile) -> list[Json]:
    """The cards as this client can take them. The default leaves them as they are."""
    return list(cards) if to.name == DEFAULT else [_card(card, to) for card in cards]


def losses(cards: Iterable[Json], to: Profile) -> list[str]:
    """In a sentence each, what this client does not show of these cards as a specification-keeping one would."""
    found: list[str] = []
    for card in cards:
        actions = [action for each in card.get("suggestions", []) for action in each.get("actions", [])]
        lost = [_words(action).removeprefix("Draft order: ") for action in actions if not _can(action, to)]
        if lost:
            found.append(f"no button, said in the detail instead: {'; '.join(filter(None, lost))}")
        most = to.actions_per_suggestion or len(actions)
        if any(len([one for one in each["actions"] if _can(one, to)]) > most for each in card.get("suggestions", [])):
            found.append("a suggestion of several actions becomes one suggestion for each; the detail says so")
        if card.get("overrideReasons") and not to.override_reasons:
            found.append("override reasons are left out")
        if any(not _may_link(link, to) for link in card.get("links", [])):
            found.append("links are left out: their hosts are not registered")
    return list(dict.fromkeys(found))


def _card(card: Json, to: Profile) -> Json:
    made = dict(card)
    suggestions = made.pop("suggestions", [])
    offered = [each for suggestion in suggestions for each in _usable(suggestion, to)]
    texts = _texts_of(suggestions, to)
    made.pop("selectionBehavior", None)
    if offered:
        made["suggestions"] = offered
        single = card.get("selectionBehavior", "at-most-one")
        made["selectionBehavior"] = single if to.selection_behavior == "as made" else to.selection_behavior
    if not to.override_reasons:
        made.pop("overrideReasons", None)
    if "links" in made and not (links := [link for link in made["links"] if _may_link(link, to)]):
        del made["links"]
    elif "links" in made:
        made["links"] = links
    if not to.why:
        made.pop("extension", None)
    if "detail" in made or texts:
        made["detail"] = _detail(made.get("detail", ""), texts, to)
    return made


def _usable(suggestion: Json, to: Profile) -> Iterator[Json]:
    """What of a suggestion the client can carry out, as one suggestion or as one for each action."""
    usable = [_action(action, to) for action in suggestion.get("actions", []) if _can(action, to)]
    if to.actions_per_suggestion and len(usable) > to.actions_per_suggestion:
        yield from (_single(suggestion, action, number) for number, action in enumerate(usable))
    elif usable:
        yield suggestion | {"actions": usable}


def _texts_of(suggestions: Iterable[Json], to: Profile) -> list[str]:
    """In words, what the client cannot carry out, and which of its single suggestions belong together."""
    by_hand: list[str] = []
    texts = []
    for suggestion in suggestions:
        actions = suggestion.get("actions", [])
        by_hand += [_words(action) for action in actions if not _can(action, to)]
        usable = [_words(action) for action in actions if _can(action, to)]
        if to.actions_per_suggestion and len(usable) > to.actions_per_suggestion:
            texts.append(f"These belong together: {'; '.join(filter(None, usable))}.")
    named = [words.removeprefix("Draft order: ") for words in dict.fromkeys(by_hand) if words]
    return [*([f"By hand: {'; '.join(named)}."] if named else []), *texts]


def _single(suggestion: Json, action: Json, number: int) -> Json:
    """A suggestion of its own for one action. Its id is made from that of the whole, so that feedback finds it."""
    uuid = suggestion["uuid"]
    own = uuid if number == 0 else f"{uuid[:-2]}{(int(uuid[-2:], 16) + number) % 256:02x}"
    return suggestion | {"label": _words(action) or suggestion["label"], "uuid": own, "actions": [action]}


def _can(action: Json, to: Profile) -> bool:
    resource = action.get("resource", {})
    if not to.suggestions:
        return False
    if action["type"] == "delete":
        return True
    allowed = to.created_types if action["type"] == "create" else to.updated_types
    return "*" in allowed or resource.get("resourceType") in allowed


def _action(action: Json, to: Profile) -> Json:
    made = dict(action)
    if action["type"] == "delete" and to.delete_member == "resource":
        made["resource"] = made.pop("resourceId")
    if action["type"] == "create":
        made["resource"] = _with_systems(action["resource"], to.code_systems)
        if not to.order_details and action["resource"].get("resourceType") == "MedicationRequest":
            made["description"] = f"{_words(action)}. {_meant(action['resource'])}"
    return made


def _meant(order: Json) -> str:
    """What an order means where the client takes none of its details over (product choice 51)."""
    instructions = [each.get("text") for each in order.get("dosageInstruction", []) if isinstance(each, dict)]
    days = order.get("dispenseRequest", {}).get("expectedSupplyDuration", {}).get("value")
    parts = [*(text.rstrip(".") for text in instructions if isinstance(text, str))]
    if days is not None:
        parts.append(f"stop after {days} days")
    meant = f" Meant: {'; '.join(parts)}." if parts else ""
    return f"The site's default order opens: check dose, quantity and stop date.{meant}"


def _with_systems(resource: Any, systems: Mapping[str, str]) -> Any:
    """The resource with the code systems that the client knows under another name."""
    if isinstance(resource, list):
        return [_with_systems(each, systems) for each in resource]
    if not isinstance(resource, dict):
        return resource
    return {
        name: systems.get(value, value)
        if name == "system" and isinstance(value, str)
        else _with_systems(value, systems)
        for name, value in resource.items()
    }


def _words(action: Json) -> str:
    return str(action.get("description", "")).rstrip(".")


def _may_link(link: Json, to: Profile) -> bool:
    return "*" in to.link_hosts or urlsplit(str(link.get("url", ""))).hostname in to.link_hosts


def _detail(detail: str, texts: Iterable[str], to: Profile) -> str:
    """The detail with what is told beside it: both decide and stay; other paragraphs as far as the limit lets them."""
    first, *rest = detail.split("\n\n")
    parts = [part for part in (first, *dict.fromkeys(texts)) if part]
    for part in filter(None, rest):
        if to.detail_characters and len("\n\n".join([*parts, part])) > to.detail_characters:
            break
        parts.append(part)
    return "\n\n".join(parts)
