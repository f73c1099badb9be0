"""Document: one example patient who has the facts that were asked for, as FHIR."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from service.finding import Status
from service.knowledge.model import KINDS, BuiltAs, Code, FactDefinition, FactKind, Given, Knowledge
from service.record.derive import Derivation
from service.record.releases.fhir_classes import Release
from service.record.releases.writing import in_release
from service.testkit.example_patient.case import Case
from service.testkit.example_patient.codes import Avoid, Codebook
from service.testkit.example_patient.entries import statement
from service.testkit.example_patient.numbers import Numbers
from service.testkit.example_patient.resource_draft import ResourceDraft, UnbuildableError
from service.testkit.example_patient.statements import Option, Statements
from service.testkit.example_patient.treatment import Treatment
from service.testkit.example_patient.wanted import Wanted

_FIRST = (
    *(FactKind.SETTING, FactKind.AGE, FactKind.SEX, FactKind.ELAPSED, FactKind.CHANGE, FactKind.GESTATION),
    *(FactKind.QUANTITY, FactKind.COURSE, FactKind.ORDER_REASON, FactKind.ORDER, FactKind.DRUG, FactKind.CODED),
    *(FactKind.COUNT, FactKind.NOT_READ),
)
"""What is written first: numbers before words, so that the words can use the entries that are there."""
_MAY_BE_A_RED_FLAG = "No evidence against cauda equina syndrome"
_OTHER_SEX = {"female": "male", "male": "female"}


class Builder:
    """Writes example patients for one rule set. Prepared once; ``derivation`` is one that is made already."""

    def __init__(self, knowledge: Knowledge, derivation: Derivation | None = None) -> None:
        self._knowledge = knowledge
        self._derivation = derivation or Derivation(knowledge)
        matcher = self._derivation.matcher
        self._codebook = Codebook(knowledge, matcher.index, matcher.drugs)

    def build(
        self,
        definition: FactDefinition,
        status: Status,
        *,
        value: Decimal | None = None,
        now: datetime,
        release: Release = Release.R4,
    ) -> Case:
        """The smallest patient of whom one fact is so; ``value`` for a number that is present."""
        return self.case({definition.id: Given(status.value, value, value)}, now=now, release=release)

    def case(self, states: Mapping[str, Given], *, now: datetime, release: Release = Release.R4) -> Case:
        """A patient of whom all these facts are so, as far as they can be so together.

        Facts not named may be anything. The same question gives the same answer. ``now`` is an aware datetime.
        """
        wanted = Wanted(self._knowledge, states)
        draft = _Composition(self._derivation, self._codebook, wanted, now).written()
        unmet = wanted.unmet(self._derivation.findings_for(wanted.states, draft.record(), now))
        return Case(
            patient=in_release(draft.patient, release),
            resources=tuple(in_release(one, release) for one in draft.resources),
            orders=tuple(in_release(one, release) for one in draft.orders),
            completeness=draft.completeness(),
            settings=draft.settings,
            unmet=tuple(name for name in unmet if not self._is_set(name, wanted, draft.settings)),
        )

    def _is_set(self, name: str, wanted: Wanted, settings: Mapping[str, str]) -> bool:
        """Whether a setting fact is as asked for once the rule set is set up as the case says."""
        definition = self._knowledge.facts[name]
        if definition.kind is not FactKind.SETTING or definition.setting is None or definition.setting not in settings:
            return False
        return (settings[definition.setting] == definition.equals) == (wanted.status(name) is Status.PRESENT)


class _Composition:
    """The writing of one example patient: each fact by the first way that brings it about and disturbs no other."""

    def __init__(self, derivation: Derivation, codebook: Codebook, wanted: Wanted, now: datetime) -> None:
        self._derivation = derivation
        self._wanted = wanted
        self._draft = ResourceDraft(now)
        avoid = Avoid(_keys_to_avoid(derivation, wanted))
        self._statements = Statements(codebook, wanted, avoid)
        self._numbers = Numbers(codebook, wanted, avoid)
        self._treatment = Treatment(codebook, wanted, avoid)

    def written(self) -> ResourceDraft:
        """The finished draft."""
        self._set_up()
        unmet = self._unmet(self._draft)
        for definition in self._in_order():
            if definition.id in unmet:
                unmet = self._bring_about(definition, unmet)
        return self._draft

    def _set_up(self) -> None:
        """The settings: those that are to hold, and another value for one that is not to."""
        for definition in self._wanted.definitions(FactKind.SETTING):
            name, value = definition.setting or "", definition.equals or ""
            if self._wanted.status(definition.id) is Status.PRESENT:
                self._draft.settings[name] = value
            elif self._draft.settings.get(name, value) == value:
                knowledge = self._wanted.knowledge
                others = (one.equals for one in knowledge.facts.values() if one.setting == name)
                known = (one for one in (knowledge.settings.get(name), *others) if one and one != value)
                self._draft.settings[name] = next(known, f"not {value}")

    def _in_order(self) -> list[FactDefinition]:
        def rank(definition: FactDefinition) -> tuple[int, int, int, str]:
            status = self._wanted.status(definition.id)
            # What can only be silence comes before what can also be denied.
            stage = 0 if status is Status.PRESENT else 2 if definition.sources else 1
            return stage, _FIRST.index(definition.kind), len(definition.classes), definition.id

        return sorted(self._wanted.definitions(), key=rank)

    def _unmet(self, draft: ResourceDraft) -> list[str]:
        return self._wanted.unmet(self._derivation.findings_for(self._wanted.states, draft.record(), draft.now))

    def _bring_about(self, definition: FactDefinition, before: list[str]) -> list[str]:
        """The facts still unmet when the best way has been written, of the ``before`` that were."""
        best: tuple[list[str], ResourceDraft] | None = None
        for option in self._options(definition):
            draft = self._draft.copy()
            try:
                option(draft)
            except UnbuildableError:
                continue
            unmet = self._unmet(draft)
            if definition.id not in unmet and (best is None or len(unmet) < len(best[0])):
                best = unmet, draft
                if len(unmet) < len(before):
                    break
        if best is None:
            return before
        unmet, self._draft = best
        return unmet

    def _options(self, definition: FactDefinition) -> Iterator[Option]:
        given = self._wanted.states[definition.id]
        match self._wanted.status(definition.id):
            case Status.PRESENT:
                return self._present(definition, given)
            case Status.ABSENT:
                return self._absent(definition)
            case Status.UNKNOWN:
                return self._unknown(definition)

    def _present(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        match _built_as(definition):
            case BuiltAs.STATEMENT:
                return self._statements.present(definition, given)
            case BuiltAs.ENTRIES:
                return self._entries(definition, given)
            case BuiltAs.CHANGE:
                return self._with_episode(self._numbers.change(definition, given), 0)
            case BuiltAs.NUMBER:
                return self._numbers.present(definition, given)
            case BuiltAs.SEX:
                return iter([_set_sex(definition, present=True)])
            case BuiltAs.TREATMENT:
                treated = self._treatment.present(definition, given)
                days = max(one or Decimal(0) for one in (given.low, given.high))
                return self._with_episode(treated, int(days)) if definition.measure == "episode" else treated
            case BuiltAs.NOT_READ:
                return iter([_unreadable(definition, given)])
            case BuiltAs.SETTING:
                return iter(())

    def _absent(self, definition: FactDefinition) -> Iterator[Option]:
        match definition.kind:
            case FactKind.ORDER_REASON:
                return self._treatment.reason(definition, given=False)
            case FactKind.SEX:
                return iter([_set_sex(definition, present=False)])
        return self._statements.absent(definition)

    def _unknown(self, definition: FactDefinition) -> Iterator[Option]:
        match _built_as(definition):
            case BuiltAs.TREATMENT if definition.kind is not FactKind.COUNT or definition.measure == "daily-mg":
                return self._treatment.unknown(definition)
            case BuiltAs.STATEMENT | BuiltAs.ENTRIES | BuiltAs.TREATMENT:
                return self._statements.unknown(definition)
        return iter(())

    def _with_episode(self, options: Iterable[Option], days: int) -> Iterator[Option]:
        """Each option, and it in an episode that began at least so many days ago."""
        for option in options:
            yield option

            def after_episode(draft: ResourceDraft, option: Option = option) -> None:
                self._statements.begin_episode(draft, days)
                option(draft)

            yield after_episode

    def _entries(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """So many entries, each the same but for its id; else fewer, where another fact has brought some of them."""
        wanted = int(given.low if given.low is not None else 1)
        for count in range(wanted, 0, -1):
            for one in self._statements.present(definition, Given("present")):

                def write(draft: ResourceDraft, one: Option = one, count: int = count) -> None:
                    for _ in range(count):
                        one(draft)
                    if given.high is not None:
                        draft.complete.update(definition.complete)

                yield write


def _built_as(definition: FactDefinition) -> BuiltAs:
    return KINDS[definition.kind].built_as(definition)


def _unreadable(definition: FactDefinition, given: Given) -> Option:
    """Entries with a code of a system that nobody here knows, and with words only where a red flag is meant."""
    words = _MAY_BE_A_RED_FLAG if definition.red_flags else ""

    def write(draft: ResourceDraft) -> None:
        for number in range(int(given.low if given.low is not None else 1)):
            code = Code("urn:example:local-codes", f"{number:04}", words, descendants=False, verified=True, source="")
            statement(draft, definition.lists[0], code, None)

    return write


def _set_sex(definition: FactDefinition, *, present: bool) -> Option:
    def write(draft: ResourceDraft) -> None:
        sex = definition.gender or "female"
        draft.patient["gender"] = sex if present else _OTHER_SEX.get(sex, "other")

    return write


def _keys_to_avoid(derivation: Derivation, wanted: Wanted) -> dict[tuple[str, str], int]:
    keys: dict[tuple[str, str], int] = {}
    for definition in wanted.definitions():
        if wanted.status(definition.id) is not Status.PRESENT:
            found = set(derivation.keys_of(definition.id))
            if definition.kind is FactKind.ORDER:
                found |= {(member, name) for name in (*definition.classes, *definition.codes) for member in _ORDERED}
            for key in found:
                keys[key] = keys.get(key, 0) + 1
    return keys


_ORDERED = ("order", "medication")
