"""Approvals: who signed which rule, at which content, and what has changed in it since.

An approval names the digest of exactly what was looked at: the rule, the facts and value sets it reads, the sources it
cites, the orders it creates. A copy of that content is kept beside it, so that a later change can be shown and not only
noticed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from service.errors import Issue, KnowledgeError
from service.knowledge.collection import collect
from service.knowledge.digest import reviewed_content, rule_digest
from service.knowledge.loader import REVIEWERS, person
from service.knowledge.model import Knowledge
from service.knowledge.schemas.ruleset import Approval
from service.store.archive import write_files

FILE = "approvals.yaml"
COPIES = "approved"
_HEAD = """# Who approved which rule, at exactly which content. Written by `sciatica-cds approve`; any later change of
# the rule, its facts, value sets, sources or orders makes the digest differ, and the approval no longer holds.
approvals:
"""
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """How one rule stands: who approved its present content, who an earlier one, and what changed since the last."""

    rule: str
    approved: bool
    wanted: int
    present: tuple[Approval, ...]
    former: tuple[Approval, ...]
    changes: tuple[str, ...] = ()


def approve(folder: Path, knowledge: Knowledge, approval: Approval) -> None:
    """Write an approval of the present content of a rule, and a copy of that content.

    Raises KnowledgeError when ``by`` is not a name and a role, when there is no such rule, or when the same person has
    approved this content already.
    """
    name, _, role = approval.by.partition(",")
    if not name.strip() or not role.strip():
        raise _refused("an approval is given by a person: --by 'NAME, ROLE'")
    content = reviewed_content(knowledge, approval.rule)
    given = _approvals(folder)
    if any(
        one.rule == approval.rule and one.digest == approval.digest and person(one.by) == person(approval.by)
        for one in given
    ):
        raise _refused(f"{name.strip()} has approved exactly this content of {approval.rule} already")
    copy = _copy(folder, approval.rule, approval.digest)
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    _append(folder / FILE, approval)


def approval_states(folder: Path, knowledge: Knowledge) -> list[ApprovalState]:
    """How every rule that serves stands, in the order of the phases."""
    given = _approvals(folder)
    wanted = int(knowledge.settings.get(REVIEWERS, "1"))
    return [_approval_state(folder, knowledge, rule.id, wanted, given) for rule in knowledge.rules]


def approvals_in(files: Mapping[str, bytes], knowledge: Knowledge) -> dict[str, tuple[Approval, ...]]:
    """The approvals of the present content of every rule, from the files that the rules were read from."""
    with tempfile.TemporaryDirectory(prefix="sciatica-cds-") as name:
        write_files({FILE: files[FILE]} if FILE in files else {}, Path(name))
        given = collect(Path(name)).approvals
    return {
        rule.id: tuple(one for one in given if one.rule == rule.id and one.digest == rule_digest(knowledge, rule.id))
        for rule in knowledge.rules
        if any(one.rule == rule.id for one in given)
    }


def _approval_state(
    folder: Path, knowledge: Knowledge, rule: str, wanted: int, given: Sequence[Approval]
) -> ApprovalState:
    digest = rule_digest(knowledge, rule)
    mine = [approval for approval in given if approval.rule == rule]
    present = tuple(approval for approval in mine if approval.digest == digest)
    former = tuple(approval for approval in mine if approval.digest != digest)
    changes: tuple[str, ...] = ()
    if former and not present:
        changes = tuple(_changes_since(folder, former[-1], reviewed_content(knowledge, rule)))
    return ApprovalState(rule, rule in knowledge.approved, wanted, present, former, changes)


def _changes_since(folder: Path, approval: Approval, content: Mapping[str, Any]) -> Iterator[str]:
    try:
        before = json.loads(_copy(folder, approval.rule, approval.digest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield "what was approved is not stored here, so the change cannot be shown"
        return
    yield from differences(before, content)


def differences(before: Any, now: Any) -> Iterator[str]:
    """What differs between two contents, one line each: added, removed, or from what to what."""
    old, new = flat(before), flat(now)
    shown = 0
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        shown += 1
        if shown > _MOST_SHOWN:
            yield "and more"
            return
        if name not in old:
            yield f"{name}: added {new[name]}"
        elif name not in new:
            yield f"{name}: removed {old[name]}"
        else:
            yield f"{name}: was {old[name]}, is {new[name]}"


def flat(value: Any) -> dict[str, str]:
    """Every leaf of plain data as JSON by its path; things in a list are named by their id or code, not by index."""
    return dict(_leaves(value, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        named: dict[str, int] = {}
        for index, inner in enumerate(value):
            name = _name(inner, index)
            named[name] = named.get(name, 0) + 1
            # Two citations of one source are two things.
            yield from _leaves(inner, f"{path}[{name}]" if named[name] == 1 else f"{path}[{name} {named[name]}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _name(thing: Any, index: int) -> str:
    if isinstance(thing, Mapping):
        for key in ("id", "code", "source", "finding", "name", "label"):
            if isinstance(thing.get(key), str):
                return str(thing[key])
    return thing if isinstance(thing, str) else str(index)


def _approvals(folder: Path) -> tuple[Approval, ...]:
    found = collect(folder)
    issues = [issue for issue in found.issues if issue.path.startswith(FILE)]
    if issues:
        raise KnowledgeError(issues)
    return found.approvals


def _copy(folder: Path, rule: str, digest: str) -> Path:
    return folder / COPIES / f"{rule}.{digest[:12]}.json"


def _append(path: Path, approval: Approval) -> None:
    """Add an entry at the end. JSON strings are YAML too, so nothing a person is called can break the file."""
    entry: dict[str, Any] = {"rule": approval.rule, "digest": approval.digest, "by": approval.by}
    lines = [f"    {name}: {json.dumps(text, ensure_ascii=False)}" for name, text in entry.items()]
    lines.append(f"    date: {approval.day.isoformat()}")
    if approval.note:
        lines.append(f"    note: {json.dumps(approval.note, ensure_ascii=False)}")
    lines[0] = "  - " + lines[0].strip()
    text = path.read_text(encoding="utf-8") if path.is_file() else _HEAD
    if not text.endswith("\n"):
        text += "\n"
    fresh = path.with_suffix(".new")
    fresh.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path)


def approval_of(knowledge: Knowledge, rule: str, by: str, day: date, note: str | None = None) -> Approval:
    """An approval of a rule as it is. Raises KnowledgeError when there is no such rule."""
    try:
        digest = rule_digest(knowledge, rule)
    except KeyError:
        raise _refused(f"there is no rule {rule}") from None
    return Approval(rule, digest, " ".join(by.split()), day, note)


def _refused(why: str) -> KnowledgeError:
    return KnowledgeError([Issue(f"{FILE}:1", why)])
