"""Treatment: ways to bring about facts on medication, courses, counts of drugs, orders and their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from service.knowledge.model import Code, FactDefinition, FactKind, Given
from service.testkit.example_patient.codes import Avoid, Codebook
from service.testkit.example_patient.resource_draft import (
    Draft,
    ResourceDraft,
    UnbuildableError,
    concept,
    mark_partial,
    number,
    quantity,
    words,
)
from service.testkit.example_patient.statements import Option
from service.testkit.example_patient.wanted import Wanted

MEDICATION_REQUEST = "MedicationRequest"
_TOPICAL = {"coding": [{"system": "http://snomed.info/sct", "code": "6064005", "display": "Topical route"}]}
_INJECTED = {"coding": [{"system": "http://snomed.info/sct", "code": "78421000", "display": "Intramuscular route"}]}
_STRANGE_DRUG = "Compounded preparation, see paper order"
_STRANGE_ORDER = "As discussed with the patient"
_USUAL_DAILY_MG = Decimal(10)
_USUAL_DAYS = 5
_JUST_BEGUN_DAYS = 2
_BEYOND = 7
_MANY = 12


class Treatment:
    """Writes medications and orders for one assignment of facts."""

    def __init__(self, codebook: Codebook, wanted: Wanted, avoid: Avoid) -> None:
        self._codebook = codebook
        self._wanted = wanted
        self._avoid = avoid

    def present(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """Ways to make a fact about drugs or orders present."""
        match definition.kind:
            case FactKind.DRUG:
                return self.taken(definition)
            case FactKind.COURSE:
                return self.course(definition, given)
            case FactKind.ORDER:
                return self.ordered(definition)
            case FactKind.ORDER_REASON:
                return self.reason(definition, given=True)
            case FactKind.COUNT:
                return self.ingredients(definition, given)
        return iter(())

    def unknown(self, definition: FactDefinition) -> Iterator[Option]:
        """Ways to make a fact about drugs or orders unknown."""
        match definition.kind:
            case FactKind.DRUG:
                return self.perhaps_taken(definition)
            case FactKind.COURSE:
                return self.endless_course(definition)
            case FactKind.ORDER:
                return self.perhaps_ordered(definition)
            case FactKind.COUNT:
                return self.ordered(replace(definition, resource=MEDICATION_REQUEST))
        return self.no_reason(definition)

    def taken(self, definition: FactDefinition) -> Iterator[Option]:
        """An active order of the medication list, begun after one of the drugs that it has to follow."""
        others = replace(definition, classes=definition.began_after, exclude=())
        before = self._codebook.drugs(others, self._avoid)[:1]
        for code in self._codebook.drugs(definition, self._avoid)[:_MANY]:
            if before:
                yield partial(self._take_after, definition=definition, code=code, others=others, before=before[0])
            else:
                yield partial(self._take, definition=definition, code=code, days=_USUAL_DAYS)

    def perhaps_taken(self, definition: FactDefinition) -> Iterator[Option]:
        """A list of which only a part was sent; else a plan; else a drug that nobody can read."""
        for name in definition.complete:
            yield partial(mark_partial, name=name)
        for code in self._codebook.drugs(definition, self._avoid)[:1]:
            yield partial(self._take, definition=definition, code=code, days=_USUAL_DAYS, intent="plan")
        yield _take_something_strange

    def course(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """A course of so many days, taken or ordered."""
        low, high = given.low, given.high
        if low is None and high is None:
            low = high = Decimal(_USUAL_DAYS)
        for code in self._codebook.drugs(definition, self._avoid)[:_MANY]:
            if definition.measure in {"ordered", "both"}:
                yield partial(self._order_days, definition=definition, code=code, low=low, high=high)
            if definition.measure != "ordered":
                for ordered in self._ordered_too(definition):
                    yield partial(self._take_days, definition=definition, code=code, low=low, high=high, less=ordered)

    def endless_course(self, definition: FactDefinition) -> Iterator[Option]:
        """A course whose days cannot be known."""
        if definition.measure != "ordered":
            for name in definition.complete:
                yield partial(mark_partial, name=name)
        for code in self._codebook.drugs(definition, self._avoid)[:_MANY]:
            yield partial(self._order, definition=definition, drug=code)
        yield partial(_order_something_strange, resource_type=MEDICATION_REQUEST)

    def ordered(self, definition: FactDefinition) -> Iterator[Option]:
        """A draft order, with the reason the fact asks for."""
        reasons: list[Code | None] = list(self._reasons(definition)) or [None]
        for reason in reasons:
            if definition.resource == MEDICATION_REQUEST:
                # That an order is no renewal is known by a whole list of what is taken.
                complete = (MEDICATION_REQUEST,) if definition.not_taken else ()
                for code in self._codebook.drugs(definition, self._avoid)[:_MANY]:
                    order = partial(self._order, definition=definition, drug=code, reason=reason)
                    yield partial(_with_list, option=order, complete=complete)
            else:
                for code in self._services(definition):
                    yield partial(self._order, definition=definition, service=code, reason=reason)

    def perhaps_ordered(self, definition: FactDefinition) -> Iterator[Option]:
        """An order that nobody can read; else one without the reason that matters."""
        if definition.reasons:
            for code in self._codebook.drugs(definition, self._avoid)[:1]:
                yield partial(self._order, definition=definition, drug=code)
        yield partial(_order_something_strange, resource_type=definition.resource or MEDICATION_REQUEST)

    def reason(self, definition: FactDefinition, *, given: bool) -> Iterator[Option]:
        """An order for one of the reasons, or for another one: a reason added to the order that is there."""
        about = self._wanted.knowledge.facts[definition.order or ""]
        codes = self._reasons(definition) if given else self._other_reasons(definition)
        for code in codes:
            yield partial(_give_reason, resource_type=about.resource or "", reason=code)
            for option in self.ordered(about):
                yield partial(_ordered_for, option=option, resource_type=about.resource or "", reason=code)
                break

    def no_reason(self, definition: FactDefinition) -> Iterator[Option]:
        """An order without a reason."""
        yield from self.ordered(self._wanted.knowledge.facts[definition.order or ""])

    def ingredients(self, definition: FactDefinition, given: Given) -> Iterator[Option]:
        """So many different drugs, one more each time; or one order of so many milligrams a day."""
        if definition.measure == "daily-mg":
            low = _USUAL_DAILY_MG if given.low is None and given.high is None else given.low
            dosed = replace(definition, daily_dose_mg=(low, low), resource=MEDICATION_REQUEST)
            for option in self.ordered(dosed) if low else ():
                complete = definition.complete if given.high is not None else ()
                yield partial(_with_list, option=option, complete=complete)
                # A product that another fact has ordered takes the dose; a second order would leave it without one.
                yield partial(_with_list, option=partial(self._give_dose, definition=dosed), complete=complete)
            return
        for count in range(_MANY + 1):
            yield partial(self._take_several, definition=definition, count=count, complete=given.high is not None)

    def _services(self, definition: FactDefinition) -> list[Code]:
        names = (*definition.codes, *definition.classes)
        weighed = [
            (self._avoid.weight(("order", name) for name in self._codebook.sets_of(code)), order, code)
            for order, (_, code) in enumerate(self._codebook.of(names))
            if self._codebook.sets_of(code).isdisjoint(definition.exclude)
        ]
        return [code for _, _, code in sorted(weighed, key=lambda one: one[:2])[:_MANY]]

    def _reasons(self, definition: FactDefinition) -> list[Code]:
        """One code of each set of reasons."""
        found = [self._codebook.one_of([name]) for name in definition.reasons]
        return [code for code in found if code is not None]

    def _other_reasons(self, definition: FactDefinition) -> Iterator[Code]:
        names = sorted(name for name in self._wanted.knowledge.value_sets if name.startswith(("cond-", "local-reason")))
        for name in names:
            code = self._codebook.one_of([name], without=definition.reasons)
            if code is not None:
                yield code

    def _ordered_too(self, definition: FactDefinition) -> Iterator[Decimal]:
        """Days that other facts ask to be ordered of the same drugs, which are part of the sum."""
        if definition.measure == "both":
            for other, low, high in self._wanted.numbers(FactKind.COURSE):
                if other.measure == "ordered" and low is not None and low == high:
                    yield low
        yield Decimal(0)

    def _dosage(self, definition: FactDefinition, code: Code | None = None) -> Draft:
        dosage: Draft = {}
        if definition.route == "local" and not (code and self._codebook.is_local(code)):
            dosage["route"] = _TOPICAL
        if definition.route == "injected":
            dosage["route"] = _INJECTED
        if definition.daily_dose_mg is not None:
            dosage["timing"] = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
            dosage["doseAndRate"] = [{"doseQuantity": quantity(_dose(*definition.daily_dose_mg), "mg")}]
        return {"dosageInstruction": [dosage]} if dosage else {}

    def _take(
        self,
        draft: ResourceDraft,
        *,
        definition: FactDefinition,
        code: Code,
        days: int,
        intent: str = "order",
        **more: object,
    ) -> None:
        draft.add(
            MEDICATION_REQUEST,
            status="active",
            intent=intent,
            medicationCodeableConcept=concept(code),
            authoredOn=draft.day(days),
            **self._dosage(definition, code),
            **more,
        )

    def _take_after(
        self, draft: ResourceDraft, *, definition: FactDefinition, code: Code, others: FactDefinition, before: Code
    ) -> None:
        self._take(draft, definition=others, code=before, days=_USUAL_DAYS)
        self._take(draft, definition=definition, code=code, days=_JUST_BEGUN_DAYS)

    def _take_several(self, draft: ResourceDraft, *, definition: FactDefinition, count: int, complete: bool) -> None:
        for code in self._codebook.drugs(definition, self._avoid)[:count]:
            self._take(draft, definition=definition, code=code, days=_USUAL_DAYS)
        if complete:
            draft.complete.update(definition.complete)

    def _take_days(
        self,
        draft: ResourceDraft,
        *,
        definition: FactDefinition,
        code: Code,
        low: Decimal | None,
        high: Decimal | None,
        less: Decimal,
    ) -> None:
        low, high = (None if one is None else one - less for one in (low, high))
        days = high if high is not None else low
        if days is None or days < 0 or days != int(days) or (low is not None and low < 0):
            raise UnbuildableError("days of a course are whole and not negative")
        if high is not None:
            draft.complete.update(definition.complete)
        if low is not None and low > 0 and low != high and high is not None:
            supply: Draft = _supply(low)
        else:
            supply = {} if low is None or low != days else _supply(days + _BEYOND)
        self._take(draft, definition=definition, code=code, days=int(days), **supply)

    def _order_days(
        self, draft: ResourceDraft, *, definition: FactDefinition, code: Code, low: Decimal | None, high: Decimal | None
    ) -> None:
        if low is None or low <= 0 or (high is not None and high != low):
            raise UnbuildableError("an order is for a number of days")
        if definition.measure == "both" and high is not None:
            draft.complete.update(definition.complete)
        self._order(
            draft, definition=definition, drug=code, **(_supply(low) if high is not None else _when_needed(low))
        )

    def _order(
        self,
        draft: ResourceDraft,
        *,
        definition: FactDefinition,
        drug: Code | None = None,
        service: Code | None = None,
        reason: Code | None = None,
        **more: object,
    ) -> None:
        for_reason = {"reasonCode": [concept(reason)]} if reason is not None else {}
        if drug is not None:
            body = {"medicationCodeableConcept": concept(drug), **self._dosage(definition, drug), **more}
            draft.order(MEDICATION_REQUEST, **body, **for_reason)
        elif service is not None:
            draft.order(definition.resource or "ServiceRequest", code=concept(service), **for_reason)

    def _give_dose(self, draft: ResourceDraft, *, definition: FactDefinition) -> None:
        """Let the one drug order that is there be of this dose."""
        drugs = [order for order in draft.orders if order["resourceType"] == MEDICATION_REQUEST]
        if len(drugs) != 1 or "dosageInstruction" in drugs[0]:
            raise UnbuildableError("no single order without a dose to give it to")
        dosed = {**drugs[0], **self._dosage(definition)}
        draft.orders = [dosed if order is drugs[0] else order for order in draft.orders]


def _dose(low: Decimal | None, high: Decimal | None) -> Decimal:
    """A dose inside the band: half of the upper limit, or twice the lower."""
    if low is None:
        return (high or Decimal(2)) / 2
    return low * 2 if high is None or low * 2 <= high else low


def _supply(days: Decimal) -> Draft:
    return {"dispenseRequest": {"expectedSupplyDuration": quantity(days, "d")}}


def _when_needed(days: Decimal) -> Draft:
    """A quantity that lasts at least so many days."""
    dose = {"value": 1, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    dosage = {"asNeededBoolean": True, "timing": timing, "doseAndRate": [{"doseQuantity": dose}]}
    return {"dosageInstruction": [dosage], "dispenseRequest": {"quantity": {**dose, "value": number(days)}}}


def _take_something_strange(draft: ResourceDraft) -> None:
    draft.add(
        MEDICATION_REQUEST,
        status="active",
        intent="order",
        medicationCodeableConcept=words(_STRANGE_DRUG),
        authoredOn=draft.day(_USUAL_DAYS),
    )


def _order_something_strange(draft: ResourceDraft, *, resource_type: str) -> None:
    if resource_type == MEDICATION_REQUEST:
        draft.order(resource_type, medicationCodeableConcept=words(_STRANGE_DRUG))
    else:
        draft.order(resource_type, code=words(_STRANGE_ORDER))


def _give_reason(draft: ResourceDraft, *, resource_type: str, reason: Code) -> None:
    """Add a reason to the orders of a type that are there."""
    if not any(order["resourceType"] == resource_type for order in draft.orders):
        raise UnbuildableError("no order to give a reason for")
    draft.orders = [
        {**order, "reasonCode": [*order.get("reasonCode", ()), concept(reason)]}
        if order["resourceType"] == resource_type
        else order
        for order in draft.orders
    ]


def _with_list(draft: ResourceDraft, *, option: Option, complete: Sequence[str]) -> None:
    """What an option writes, with lists that count as sent whole."""
    option(draft)
    draft.complete.update(complete)


def _ordered_for(draft: ResourceDraft, *, option: Option, resource_type: str, reason: Code) -> None:
    """Write an order, and its reason."""
    before = list(draft.orders)
    option(draft)
    written = [order for order in draft.orders if order not in before]
    draft.orders = [
        *before,
        *({**order, "reasonCode": [concept(reason)]} for order in written if order["resourceType"] == resource_type),
    ]
