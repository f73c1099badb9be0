"""Statements: ways to make a coded or elapsed fact present, absent or unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from service.finding import Status
from service.knowledge.model import Code, FactDefinition, FactKind, FactSource, Given
from service.testkit.example_patient.codes import Avoid, Codebook
from service.testkit.example_patient.entries import answer, statement
from service.testkit.example_patient.resource_draft import (
    Draft,
    ResourceDraft,
    UnbuildableError,
    clinical,
    concept,
    interpretation,
    mark_partial,
    verification,
    words,
)
from service.testkit.example_patient.wanted import Wanted

Option = Callable[[ResourceDraft], None]
"""One way to bring a fact about; it may raise UnbuildableError."""

Date = tuple[int, bool] | None
"""Days ago, and whether it is only a first record; None: no date."""

_USUAL_DAYS = 10
_EPISODE_DAYS = 60
_WITH_CLINICAL_STATUS = ("Condition", "AllergyIntolerance")
_DENIED_IN = ("Condition", "AllergyIntolerance", "Observation")
"""The resource types in which a no is written; every fact that a questionnaire can deny, an Observation can too."""
_MANY_SITES = ("Condition", "Procedure", "ServiceRequest")


class Statements:
    """Writes coded statements for one assignment of facts."""

    def __init__(self, codebook: Codebook, wanted: Wanted, avoid: Avoid) -> None:
        self._codebook = codebook
        self._wanted = wanted
        self._avoid = avoid

    def present(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """Ways to make it present, with the number of days asked for."""
        for requires_episode in (False, True):
            for source in _questions_last(_sources_by_type(definition)):
                if requires_episode and not source.in_episode:
                    continue
                for date in self._dates(definition, source, given):
                    for code in self._codebook.best(source, self._avoid):
                        write = partial(
                            self._state, source=source, code=code, date=date, requires_episode=requires_episode
                        )
                        yield from (partial(write, over=over) for over in self._ended_or_not(source))

    def absent(self, definition: FactDefinition) -> Iterator[Option]:
        """Ways to make it absent: by silence in a whole list, else by a recorded no."""
        if definition.complete:
            yield partial(self._mark_complete, definition=definition)
        for requires_episode in (False, True):
            for source in _sources_by_type(definition):
                if source.resource in _DENIED_IN and requires_episode == source.in_episode:
                    for code in self._codebook.best(source, self._avoid):
                        yield partial(self._deny, source=source, code=code)

    def unknown(self, definition: FactDefinition) -> Iterator[Option]:
        """Ways to make it unknown: a list of which only a part was sent, else an entry that settles nothing."""
        for name in definition.complete:
            yield partial(mark_partial, name=name)
        for source in _sources_by_type(definition):
            for code in self._codebook.best(source, self._avoid, limit=1):
                yield partial(self._doubt, source=source, code=code)

    def _dates(self, definition: FactDefinition, source: FactSource, given: Given) -> Iterator[Date]:
        if definition.kind is FactKind.ELAPSED:
            yield from _elapsed_date(source, given)
            return
        if source.resource == "Device":
            yield None
            return
        if source.resource == "Condition" and source.within_days is None:
            yield from self._onsets(source)
        widest = source.within_days if source.within_days is not None else _USUAL_DAYS
        yield (0 if source.in_episode else min(1, widest), False)
        is_open = source.within_days is None
        yield from ((days, False) for days in self._beyond_others(source) if is_open or days <= widest)
        if source.undated:
            yield None

    def _onsets(self, source: FactSource) -> Iterator[Date]:
        """The dates that asked durations ask for: the problem must not begin at another time."""
        for definition, low, high in self._wanted.numbers(FactKind.ELAPSED):
            if any(set(one.codes) & set(source.codes) for one in definition.sources if one.resource == "Condition"):
                yield from _elapsed_date(source, Given("present", low, high))
        for definition in self._wanted.definitions(FactKind.ELAPSED):
            if self._wanted.status(definition.id) is not Status.PRESENT:
                yield None

    def _beyond_others(self, source: FactSource) -> Iterator[int]:
        """Just outside the shorter windows of facts that are not to be present."""
        for definition in self._wanted.definitions(FactKind.CODED):
            if self._wanted.status(definition.id) is not Status.PRESENT:
                for other in definition.sources:
                    if other.resource == source.resource and other.within_days is not None:
                        yield other.within_days + 2

    def _ended_or_not(self, source: FactSource) -> tuple[bool, ...]:
        """Whether an entry is written as over: tried first where a fact that sees active ones is not to be present."""
        if source.history and source.resource in _WITH_CLINICAL_STATUS:
            for definition in self._wanted.definitions(FactKind.CODED):
                if self._wanted.status(definition.id) is Status.PRESENT:
                    continue
                if any(_sees_active_only(other, source) for other in definition.sources):
                    return (True, False)
        return (False,)

    def _state(
        self,
        draft: ResourceDraft,
        *,
        source: FactSource,
        code: Code,
        date: Date,
        requires_episode: bool = False,
        over: bool = False,
    ) -> None:
        days = date[0] if date else None
        if requires_episode:
            self.begin_episode(draft, days or 0)
        on = None if days is None else draft.day(days)
        if source.resource == "Observation":
            written = answer(draft, code, on, self._yes_or_no(source, yes=True))
        else:
            written = statement(draft, source.resource, code, on, recorded=bool(date and date[1]))
        if over:
            written["clinicalStatus"] = clinical(source.resource, "inactive")
        self._write_body_site(written, source)

    def _yes_or_no(self, source: FactSource, *, yes: bool) -> Draft:
        if source.above_range:
            return {"interpretation": [interpretation("H" if yes else "N")]}
        code = self._codebook.one_of(source.yes if yes else source.no)
        return {"valueCodeableConcept": concept(code)} if code else {"valueBoolean": yes}

    def _write_body_site(self, written: Draft, source: FactSource) -> None:
        site = self._codebook.one_of(source.body_site)
        if site is not None:
            written["bodySite"] = [concept(site)] if source.resource in _MANY_SITES else concept(site)

    def _deny(self, draft: ResourceDraft, *, source: FactSource, code: Code) -> None:
        if source.in_episode:
            self.begin_episode(draft, 0)
        on = draft.day(0)
        if source.resource == "Observation":
            written = answer(draft, code, on, self._yes_or_no(source, yes=False))
        else:
            written = statement(draft, source.resource, code, on, verification="refuted")
        self._write_body_site(written, source)

    def _doubt(self, draft: ResourceDraft, *, source: FactSource, code: Code) -> None:
        if source.resource == "Observation":
            on = draft.day(0)
            written = answer(draft, code, on, self._yes_or_no(source, yes=True), status="preliminary")
        elif source.resource == "DiagnosticReport":
            written = statement(draft, source.resource, code, draft.day(0), status="preliminary")
        elif source.resource in {"Condition", "AllergyIntolerance"} and not source.unconfirmed:
            written = statement(draft, source.resource, code, draft.day(0), verification="provisional")
        elif not source.undated and (source.within_days is not None or source.in_episode):
            written = statement(draft, source.resource, code, None)
        else:
            raise UnbuildableError("every entry of this source settles the fact")
        self._write_body_site(written, source)

    def _mark_complete(self, draft: ResourceDraft, *, definition: FactDefinition) -> None:
        draft.complete.update(definition.complete)
        if definition.complete_nonempty:
            for name in definition.complete:
                if not any(one["resourceType"] == name for one in draft.resources):
                    _add_something_else(draft, name)

    def begin_episode(self, draft: ResourceDraft, days: int = 0) -> None:
        """Write a problem that starts the episode at least so many days ago."""
        source = FactSource("Condition", self._wanted.knowledge.episode)
        codes = self._codebook.best(source, self._avoid, limit=1)
        if not codes:
            raise UnbuildableError("no problem starts an episode")
        statement(draft, "Condition", codes[0], draft.day(max(days, _EPISODE_DAYS)))


def _sees_active_only(other: FactSource, source: FactSource) -> bool:
    """Whether a source reads the same entries as another, but not those that are over."""
    return other.resource == source.resource and not other.history and bool(set(other.codes) & set(source.codes))


def _sources_by_type(definition: FactDefinition) -> tuple[FactSource, ...]:
    """The sources that a plain statement answers; a measurement with a limit is not written."""
    return tuple(source for source in definition.sources if source.at_most is None)


def _questions_last(sources: tuple[FactSource, ...]) -> list[FactSource]:
    return sorted(sources, key=lambda source: source.resource == "QuestionnaireResponse")


def _elapsed_date(source: FactSource, given: Given) -> Iterator[Date]:
    """A number of whole days; "at least so many" is a first record, which only a problem has."""
    if given.low is None and given.high is None:
        yield (_USUAL_DAYS, False)
    elif given.low is not None and given.low == given.low.to_integral_value():
        if given.high == given.low:
            yield (int(given.low), False)
        elif given.high is None and source.resource == "Condition":
            yield (int(given.low), True)


def _add_something_else(draft: ResourceDraft, name: str) -> None:
    """An entry that shows that a list was looked after and says nothing that any fact asks."""
    if name != "AllergyIntolerance":
        raise UnbuildableError(f"nothing neutral to write into a list of {name}")
    draft.add(
        name,
        clinicalStatus=clinical(name, "active"),
        verificationStatus=verification(name, "confirmed"),
        code=words("House dust"),
    )
