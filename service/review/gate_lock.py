"""What the gate of each hook depends on, written down: a gate that grows or shrinks shows, and is meant.

A gate is worked out from the rules when they are loaded, so a changed rule may move it with nobody looking. ``prove``
shows that it is right all the same; this shows what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.decision.gate import Basis
from service.errors import Issue, KnowledgeError
from service.finding import Finding
from service.knowledge.documents import Table, read
from service.knowledge.model import Knowledge
from service.review.gate_proof import gates_of

_HEAD = """\
# What the gate of each hook depends on: the facts that must be as on an empty chart, and the value sets that are looked
# for. A test fails when one differs. After a change that is meant: `sciatica-cds table --lock tests/rules/meaning.yaml`
# shows it and writes this file too; commit it with the rule.
"""


@dataclass(frozen=True, slots=True)
class LockedGate:
    """One gate: its facts as words, and the value sets it looks for as ``type: name``."""

    facts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, basis: Basis | None) -> LockedGate:
        """What a gate depends on; nothing where there is none."""
        if basis is None:
            return cls()
        keys = tuple(f"{type_} {name}" for type_, name in sorted(basis.keys))
        return cls(tuple(map(_in_words, basis.facts)), keys)


def _in_words(fact: Finding) -> str:
    limits = "" if fact.low is None and fact.high is None else f" {fact.low} to {fact.high}"
    return f"{fact.name} {fact.status.value}{limits}"


def locked_gates(knowledge: Knowledge) -> dict[str, LockedGate]:
    """The gate of every hook that some service answers."""
    gates = gates_of(knowledge)
    hooks = sorted({service.hook for service in knowledge.services.values()})
    return {hook: LockedGate.of(gates(hook)) for hook in hooks}


def gates_as_lock(gates: Mapping[str, LockedGate]) -> str:
    """The text of the lock."""
    return _HEAD + "".join(_entry(hook, gate) for hook, gate in sorted(gates.items()))


def _entry(hook: str, gate: LockedGate) -> str:
    lines = [f"{hook}:"]
    for name, values in (("facts", gate.facts), ("looks-for", gate.keys)):
        lines += [f"  {name}:", *(f"    - {value}" for value in values)] if values else [f"  {name}: []"]
    return "\n".join(lines) + "\n"


def read_gate_lock(text: str, name: str = "gates.yaml") -> dict[str, LockedGate]:
    """The gates of a lock. Raises KnowledgeError when it cannot be read."""
    data, faults = read(text, name)
    if faults or not isinstance(data, Table):
        raise KnowledgeError(faults or [Issue(f"{name}:1", "is no lock of gates")])
    return {hook: LockedGate(tuple(one["facts"]), tuple(one["looks-for"])) for hook, one in data.items()}


def gate_differences(now: Mapping[str, LockedGate], before: Mapping[str, LockedGate]) -> Iterator[str]:
    """What gates depend on otherwise than before, a line for each difference."""
    for hook in sorted(now.keys() | before.keys()):
        is_now, was = now.get(hook, LockedGate()), before.get(hook, LockedGate())
        for what, new, old in (("depends on", is_now.facts, was.facts), ("looks for", is_now.keys, was.keys)):
            yield from (f"the gate of {hook} also {what} {one}" for one in new if one not in old)
            yield from (f"the gate of {hook} no longer {what} {one}" for one in old if one not in new)
