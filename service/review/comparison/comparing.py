"""Comparing: two rule sets in, all that differs between them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from service.knowledge.digest import cited, rule_digest
from service.knowledge.model import Knowledge, Rule
from service.knowledge.strata import stratify
from service.review.comparison import edits
from service.review.comparison.contents import JUDGED, content_changes
from service.review.comparison.model import (
    ChangeClass,
    Comparison,
    ConclusionComparison,
    ContentChange,
    Difference,
    RuleComparison,
    RuleSetName,
)
from service.review.comparison.questions import Questions
from service.review.comparison.wording import Wording


def compare(before: Knowledge, after: Knowledge, labels: tuple[str, str] = ("before", "after")) -> Comparison:
    """All that differs. Every witness is confirmed by both engines under both rule sets.

    Invariants are not asked here: see ``invariants.with_invariants``.

    Raises:
        UndecidedError: the solver gave up on a question, so nothing can be said.
        UnconfirmedError: the engines do not confirm a witness: a fault of this program.
    """
    return _Comparing(before, after).result(labels)


@dataclass(frozen=True)
class _Comparing:
    before: Knowledge
    after: Knowledge

    def result(self, labels: tuple[str, str]) -> Comparison:
        rules = tuple(self._rules())
        names = (self.before, labels[0]), (self.after, labels[1])
        first, second = (RuleSetName(label, one.version, one.digest, len(one.rules)) for one, label in names)
        everything = len(self._old.keys() | self._new.keys())
        return Comparison(
            before=first,
            after=second,
            rules=tuple(sorted(rules, key=lambda one: -one.severity)),
            conclusions=tuple(self._conclusions()),
            contents=self._contents,
            untouched=everything - sum(rule.change_class is not ChangeClass.UNTOUCHED for rule in rules),
            approvals_fallen=tuple(sorted(self.before.approved - self.after.approved)),
            approvals_given=tuple(sorted(self.after.approved - self.before.approved)),
            to_review_again=tuple(self._to_review_again()),
            invariants=None,
            broken=(),
        )

    @cached_property
    def _old(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.before.rules}

    @cached_property
    def _new(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.after.rules}

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self.before, self.after)

    @cached_property
    def _edited(self) -> dict[str, RuleComparison]:
        """Every rule of either rule set that was edited, added or removed, with its edits and no verdict yet."""
        return {one.id: one for name in self._order() if (one := self._edits(name)) is not None}

    def _order(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._new, *self._old))

    def _edits(self, name: str) -> RuleComparison | None:
        old, new = self._old.get(name), self._new.get(name)
        if old == new:
            return None
        if old is None or new is None:
            return RuleComparison(name, old, new, ChangeClass.UNTOUCHED, renamed=self._under_another_name(name))
        changed = (
            edits.changed_fields(old, new, names) for names in (edits.LOGIC, edits.CARD, edits.GROUNDS, edits.RECORD)
        )
        logic, card, grounds, record = changed
        return RuleComparison(
            name,
            old,
            new,
            ChangeClass.UNTOUCHED,
            tests=edits.changed_tests(old, new, self._wording),
            logic=logic,
            card=card,
            grounds=grounds,
            record=record,
            reordered=edits.is_only_reordered(old.when, new.when),
        )

    def _under_another_name(self, name: str) -> str | None:
        """The rule of the other rule set only that does the same in the same words."""
        here, there = (self._new, self._old) if name in self._new else (self._old, self._new)
        done = edits.what_it_does(here[name])
        return next((other for other in there.keys() - here.keys() if edits.what_it_does(there[other]) == done), None)

    @cached_property
    def _questions(self) -> Questions:
        return Questions(self.before, self.after)

    @cached_property
    def _touched(self) -> frozenset[str]:
        """The rules whose own logic may differ: edited, or ranked otherwise in their family."""
        edited = {name for name, one in self._edited.items() if one.is_edited_in_logic or one.reordered}
        moved = {name for name in self._old.keys() & self._new.keys() if self._family(0, name) != self._family(1, name)}
        return frozenset(edited | moved)

    def _family(self, side: int, name: str) -> tuple[str, ...]:
        """The rules of the family that come before it, by their own order."""
        rules, order = ((self._old, self._orders[0]), (self._new, self._orders[1]))[side]
        family = rules[name].family
        if family is None:
            return ()

        def rank(rule: Rule) -> tuple[int, ...]:
            return (*rule.precedence, order[rule.id])

        kin = (one for one in rules.values() if one.family == family and rank(one) < rank(rules[name]))
        return tuple(one.id for one in sorted(kin, key=rank))

    @cached_property
    def _orders(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        first, second = (
            {rule.id: number for number, rule in enumerate(rule for stratum in stratify(one.rules) for rule in stratum)}
            for one in (self.before, self.after)
        )
        return first, second

    @cached_property
    def _offers_alike(self) -> bool:
        """Whether both answer the same hooks and show cards of the same phases and indicators there."""
        offered = [
            {name: (one.hook, one.indicators, one.info_phases) for name, one in knowledge.services.items()}
            for knowledge in (self.before, self.after)
        ]
        return offered[0] == offered[1]

    @cached_property
    def _drawn_otherwise(self) -> frozenset[str]:
        """The conclusions that some patient gets otherwise, or that only one of the rule sets draws."""
        if not self._touched:
            return frozenset()
        sides = self._questions.sides
        return frozenset(sides.after.drawn_otherwise) | (sides.before.concluding.keys() ^ sides.after.concluding.keys())

    def _rules(self) -> Iterator[RuleComparison]:
        """The rules that were edited, and those that a change can reach."""
        families = {rule.family for name in self._moved() for rule in self._versions(name) if rule.family is not None}
        for name in self._order():
            one = self._edited.get(name) or RuleComparison(
                name, self._old.get(name), self._new.get(name), ChangeClass.UNTOUCHED
            )
            in_family = any(rule.family in families for rule in self._versions(name))
            is_reached = name in self._moved() or in_family or not self._offers_alike
            if name in self._edited or is_reached:
                yield self._judged(one, is_reached=is_reached)

    @cached_property
    def _reading_otherwise(self) -> frozenset[str]:
        return frozenset(name for name in self._order() if self._depends_on(name))

    def _moved(self) -> frozenset[str]:
        return self._touched | self._reading_otherwise

    def _versions(self, name: str) -> list[Rule]:
        return [rules[name] for rules in (self._old, self._new) if name in rules]

    def _depends_on(self, name: str) -> tuple[str, ...]:
        read = {finding for rule in self._versions(name) for finding in rule.reads}
        return tuple(sorted(read & self._drawn_otherwise))

    def _judged(self, one: RuleComparison, *, is_reached: bool) -> RuleComparison:
        """The rule with its differences, and what is to be said of it."""
        if one.rule.card is None:
            drawn = {rule.concludes for rule in self._versions(one.id)}
            differs = one.id in self._moved() and bool(drawn & self._drawn_otherwise)
            differences: tuple[Difference, ...] = ()
        else:
            differences = tuple(self._questions.card_differences(one.id)) if is_reached else ()
            differs = bool(differences) or any(field.name == "indicator" for field in one.logic)
        if differs:
            change_class = ChangeClass.DIFFERS
        elif one.card or one.grounds:
            change_class = ChangeClass.WORDS_ONLY
        else:
            change_class = ChangeClass.PROVED_SAME if is_reached else ChangeClass.UNTOUCHED
        return replace(
            one,
            change_class=change_class,
            differences=differences,
            depends_on=self._depends_on(one.id),
            family=tuple(sorted({name for rule in self._versions(one.id) for name in self._moved_kin(rule)})),
        )

    def _moved_kin(self, rule: Rule) -> Iterator[str]:
        """The other rules of its family that may be shown otherwise."""
        if rule.family is not None:
            for name in self._moved():
                if name != rule.id and any(one.family == rule.family for one in self._versions(name)):
                    yield name

    def _conclusions(self) -> Iterator[ConclusionComparison]:
        if not self._drawn_otherwise:
            return
        for name in self._questions.sides.after.drawn_otherwise:
            differences = tuple(self._questions.conclusion_differences(name))
            yield ConclusionComparison(
                name, self._wording.title(name), tuple(dict.fromkeys(self._cards_above(name))), differences
            )

    def _cards_above(self, conclusion: str) -> Iterator[str]:
        sides = self._questions.sides
        for rules, side in ((self._old, sides.before), (self._new, sides.after)):
            yield from (
                name for name, rule in rules.items() if rule.card is not None and conclusion in side.behind(rule.reads)
            )

    def _to_review_again(self) -> Iterator[str]:
        """The rules whose content under review differs: of those that a change can reach, for the rest is the same."""
        drawn = {rule.concludes for name in self._touched for rule in self._versions(name)} - {None}
        for name in self._order():
            # What a rule depends on is part of its content, so an edited conclusion below it needs no closer look.
            if (
                not drawn.isdisjoint(self._read_below(name))
                or name in self._grounded
                or (name in self._edited and self._digest(self.before, name) != self._digest(self.after, name))
            ):
                yield name

    @cached_property
    def _contents(self) -> tuple[ContentChange, ...]:
        return tuple(content_changes(self.before, self.after))

    @cached_property
    def _grounded(self) -> frozenset[str]:
        """The rules of which something they depend on changed, and stands in the content that their reviewer judges."""
        changed = {name for change in self._contents if change.kind in JUDGED for name in change.rules}
        sources = self._sources_otherwise()
        return frozenset(changed | {name for name in self._order() if self._cited(name) & sources})

    def _sources_otherwise(self) -> frozenset[str]:
        """The sources that differ in more than their statements: a statement is judged where it is cited."""
        old, new = self.before.sources, self.after.sources
        both = (change.id for change in self._contents if change.kind == "source")
        return frozenset(
            name
            for name in both
            if name in old and name in new and replace(old[name], statements=()) != replace(new[name], statements=())
        )

    def _cited(self, name: str) -> frozenset[str]:
        return frozenset(
            citation.source
            for knowledge, rules in ((self.before, self._old), (self.after, self._new))
            if name in rules
            for citation in cited(knowledge, rules[name])
        )

    def _read_below(self, name: str) -> frozenset[str]:
        """The findings that a rule of either rule set reads or mentions, directly or through conclusions."""
        seen: set[str] = set()
        waiting = [finding for rule in self._versions(name) for finding in (*rule.reads, *rule.mentions)]
        while waiting:
            finding = waiting.pop()
            if finding not in seen:
                seen.add(finding)
                waiting.extend(self._reads_of_conclusion.get(finding, ()))
        return frozenset(seen)

    @cached_property
    def _reads_of_conclusion(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for rule in (*self.before.rules, *self.after.rules):
            if rule.concludes is not None:
                found[rule.concludes] = found.get(rule.concludes, frozenset()) | rule.reads
        return found

    @staticmethod
    def _digest(knowledge: Knowledge, name: str) -> str | None:
        try:
            return rule_digest(knowledge, name)
        except KeyError:
            return None
