"""Topics: what the article that this rule set began from claims, and where each claim is carried or refused.

Written apart from the rules, so that nothing a reader of the article expects is silently left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from marshmallow import fields

from service.errors import Issue, KnowledgeError
from service.knowledge.documents import Table, line_of, read
from service.knowledge.model import Knowledge
from service.knowledge.schemas.fields import Choice, Shape, Text, did_you_mean, words
from service.knowledge.schemas.issues import read_shape

FILE = "topics.yaml"


class Verdict(StrEnum):
    """What the evidence says of a claim. Cards rest on the first two only, within the limits given."""

    SUPPORTED = "supported"
    WEAK = "weak"
    OVERSTATED = "overstated"
    NOT_SUPPORTED = "not supported"
    GAP = "gap"


# What is said in the article and holds must be carried by a rule; so must what the article leaves out.
_CARRIED = (Verdict.SUPPORTED, Verdict.WEAK, Verdict.GAP)


@dataclass(frozen=True, slots=True)
class Topic:
    """One claim, the verdict on it, what the verdict rests on, and the rules that carry it (or say why not)."""

    claim: str
    verdict: Verdict
    evidence: str
    rules: tuple[str, ...] = ()
    at: str = ""


class _TopicShape(Shape):
    model = Topic
    claim = Text(required=True)
    verdict = Choice({verdict.value: verdict for verdict in Verdict}, required=True)
    evidence = Text(required=True)
    rules = words()


class _TopicsShape(Shape):
    topics = fields.List(fields.Nested(_TopicShape), required=True)


def load_topics(rules_folder: Path, knowledge: Knowledge) -> tuple[Topic, ...]:
    """The topics in the order written, with every rule they name; ``sf-cyclo-*`` stands for all rules that begin so.

    Raises:
        KnowledgeError: with every issue, by line: the file is missing or misshapen, a rule does not
            exist, a claim stands twice, or a claim that holds is carried by no rule.
    """
    path = rules_folder / FILE
    if not path.is_file():
        raise KnowledgeError([Issue(f"{FILE}:1", "this file is missing")])
    table, issues = read(path.read_text(encoding="utf-8"), FILE)
    data, issues = (None, issues) if issues else read_shape(_TopicsShape(), table, FILE)
    if data is not None:
        issues = list(_objections(data["topics"], table, [rule.id for rule in knowledge.rules]))
    if issues or data is None:
        raise KnowledgeError(issues)
    known = [rule.id for rule in knowledge.rules]
    return tuple(replace(topic, rules=tuple(_named(topic.rules, known))) for topic in data["topics"])


def _named(names: Iterable[str], known: Iterable[str]) -> dict[str, None]:
    """The rules meant, each once, in the order named."""
    known = list(known)
    return dict.fromkeys(rule for name in names for rule in known if fnmatchcase(rule, name))


def _objections(topics: Iterable[Topic], table: Table, known: list[str]) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for number, topic in enumerate(topics):
        where = f"{FILE}:{line_of(table, ('topics', number, 'rules'))}"
        if topic.claim in seen:
            yield Issue(topic.at, "this claim stands twice", f"first at {seen[topic.claim]}")
        seen.setdefault(topic.claim, topic.at)
        for name in topic.rules:
            if not _named([name], known):
                yield Issue(where, f"rule {name} does not exist", did_you_mean(name, known))
        if topic.verdict in _CARRIED and not topic.rules:
            yield Issue(topic.at, f"a claim that is {topic.verdict} must be carried by a rule")
