"""Reader: a Bundle or the prefetch of a hook call becomes a Record. A bad entry is a problem, not a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from service.errors import Issue, RequestError
from service.note import Note, NoteCode
from service.record.input.arrived import RANK, completeness_of, is_silent, of_nothing
from service.record.input.contained import contained_in
from service.record.input.deduplicate import arrange
from service.record.input.prefetch_states import PrefetchState, Selection
from service.record.input.reviewed import Reviewed, is_draft, may_be_draft, orders_the_same, reviewable
from service.record.input.sections import doubts_of_sections
from service.record.input.shapes import Flaw, are_flawless, flaws, is_flawless
from service.record.input.subject import OF_A_PATIENT, Patients, Subject, is_nameless, with_nameless_as
from service.record.input.unpacking import Piece, Unpacked, may_wrap, unpack, unpack_state
from service.record.model import UNTYPED, Completeness, Entry, Problem, Record
from service.record.releases.fhir_classes import Release
from service.record.releases.reading import MAY_BE_DSTU2, RENAMED, dstu2_sign, normalise

READ_TYPES = OF_A_PATIENT | {"Patient", "Medication", "Device"}
"""Types that ``complete="all"`` is about."""

_FEWER = Note(NoteCode.FEWER_THAN_TOTAL)
_OTHER_ORDER = Note(NoteCode.OTHER_ORDER)
_FOREIGN = Note(NoteCode.SUBJECT_FOREIGN)
_SUBJECT_TAKEN = Note(NoteCode.SUBJECT_TAKEN)
_SUBJECT_MISSING = Note(NoteCode.SUBJECT_MISSING)
_NAMES_SHOWN = 10
_LOOKED_AT_TOGETHER = 32
_STATUSES = frozenset({"status", "clinicalStatus", "verificationStatus"})
_KNOWN_BY_CODE = frozenset(
    {
        *("Condition", "AllergyIntolerance", "Procedure", "ServiceRequest", "DiagnosticReport"),
        *("MedicationRequest", "MedicationStatement", "MedicationDispense"),
    }
)
"""The types of which an entry that is not understood by its code is looked for on the chart."""

_NOTHING_BROUGHT = Unpacked()
_ANSWERS = frozenset({"Observation", "QuestionnaireResponse"})


def read_bundle(
    document: object,
    *,
    patient: str | None = None,
    complete: frozenset[str] | Literal["all"] = frozenset(),
    order_hook: bool = False,
) -> Record:
    """A plain FHIR Bundle, a list of resources, or one resource, as a Record.

    A resource type that occurs counts as a complete list of that type (decision 9), unless more pages follow or
    something unreadable was among the entries; ``complete`` names further types whose lists are whole. With
    ``order_hook`` the draft requests are the orders under review. Entries without a subject belong to the patient when
    the document is about one only, and a problem says so.

    Raises RequestError 400 when the document is no FHIR, or is about several patients and neither ``patient`` nor the
    subject of its Composition picks one; 422 when it is DSTU2.
    """
    unpacked = unpack(document)
    _refuse_dstu2(unpacked.pieces)
    patients = Patients(unpacked.pieces)
    said = [patients.subject_of(piece) for piece in unpacked.pieces]
    persons = patients.persons(said)
    chosen = _chosen(persons, patient or _subject_of_document(unpacked.pieces, said))
    gathered = _Gathered(chosen, unpacked.problems, about_one=patient is None)
    gathered.take(zip(unpacked.pieces, said, strict=True), missing_is_ours=len(persons) <= 1)
    for type_, problem in doubts_of_sections(unpacked.pieces):
        gathered.problems.append(problem)
        gathered.unclaimed.add(type_)
    orders = gathered.split_orders() if order_hook else []
    gathered.check()
    for order in orders:
        note_flaws(order, gathered.problems, under_review=True)
    completeness = _completeness_of_bundle(gathered, unpacked, READ_TYPES if complete == "all" else complete)
    lost = filter(may_be_draft, (*gathered.dropped, *unpacked.misspelt))
    closed = [one.path for one in unpacked.problems if one.reason.code is NoteCode.NOT_OPENED]
    perhaps = [entry.reference for entry in filter(may_be_draft, gathered.entries if order_hook else ())]
    return gathered.record(
        None if chosen is None or is_nameless(chosen) else chosen,
        completeness,
        orders,
        patients.base,
        (*(piece.path for piece in lost), *perhaps, *closed) if order_hook else (),
    )


def _completeness_of_bundle(
    gathered: _Gathered, unpacked: Unpacked, complete: frozenset[str]
) -> dict[str, Completeness]:
    """How much of each list a plain Bundle holds; ``complete`` are those that are whole beside what occurs in it."""
    names = (
        {entry.type for entry in gathered.entries if entry.path not in gathered.within} | gathered.foreign | complete
    )
    state = Completeness.PARTIAL if unpacked.is_partial else Completeness.COMPLETE
    completeness = {name: Completeness.PARTIAL if name in gathered.unclaimed else state for name in sorted(names)}
    for entry in gathered.entries:
        completeness.setdefault(entry.type, Completeness.PARTIAL)
    return completeness


def read_prefetch(
    states: Mapping[str, PrefetchState],
    *,
    patient_id: str,
    selections: Mapping[str, Selection],
    orders: Unpacked = _NOTHING_BROUGHT,
    beside: Unpacked = _NOTHING_BROUGHT,
    base: str | None = None,
    awaits_orders: bool = False,
) -> Record:
    """The prefetch of one hook call as a Record.

    ``orders`` is what its context brought to be reviewed, ``beside`` what it brought to be known. With
    ``awaits_orders`` a context that brought none leaves the drafts of the prefetch unreviewed. ``selections`` says
    what each key asks for; keys that it does not name are ignored (RP-7). ``base`` is the FHIR server of the call.
    Resources about another patient are never used, nor are prefetched ones without a subject (RQ-13); the lists they
    came in are then not complete.

    Raises RequestError 400 when the Patient sent is not the patient of the call, or something in the context is about
    another patient; 422 when the data is DSTU2.
    """
    asked = {key: states[key] for key in sorted(states) if key in selections}
    came = {key: _Came(state) for key, state in asked.items() if not is_silent(state)}
    pieces = [piece for one in came.values() for piece in one.brought.pieces]
    pieces += [piece for one in came.values() for piece in one.instead.pieces]
    patients = _patients(pieces, [*orders.pieces, *beside.pieces], base, patient_id)
    gathered = _Gathered(patient_id, [])
    completeness: dict[str, Completeness] = {}
    for key in asked:
        selection = selections[key]
        arrived = came[key].taken(gathered, selection, patients) if key in came else of_nothing(selection)
        for name, how in arrived.items():
            if name not in completeness or RANK[how] > RANK[completeness[name]]:
                completeness[name] = how
    drafts = _take_beside(gathered, beside, completeness)
    reviewed = _take_orders(gathered, orders, patients, patient_id)
    gathered.check()
    for name in gathered.unclaimed & completeness.keys():
        completeness[name] = min(completeness[name], Completeness.PARTIAL, key=RANK.__getitem__)
    waiting = filter(is_draft, gathered.entries) if awaits_orders and not (orders.pieces or orders.problems) else ()
    not_reviewed = reviewed.not_reviewed(orders.problems, waiting)
    return gathered.record(patient_id, completeness, reviewed.orders, patients.base, not_reviewed, drafts)


class _Came:
    """What came under one key: what was asked for, and what was sent in place of it."""

    __slots__ = ("brought", "instead", "state")

    def __init__(self, state: PrefetchState) -> None:
        self.state = state
        self.brought = unpack_state(state) if state.resources else _NOTHING_BROUGHT
        self.instead = _NOTHING_BROUGHT if state.instead is None else unpack_state(state.instead)

    def taken(self, gathered: _Gathered, selection: Selection, patients: Patients) -> Mapping[str, Completeness]:
        """Take it; how much of the list of each type that was asked for came."""
        _note_wrapped(self.brought, selection)
        is_complete = _take_key(gathered, self.brought, patients)
        _take_key(gathered, self.instead, patients)
        _note_lost_results(gathered, self.state, selection)
        return {
            name: completeness_of(self.state, selection, self.brought, name, is_complete) for name in selection.types
        }


def _patients(pieces: Sequence[Piece], of_context: Sequence[Piece], base: str | None, patient_id: str) -> Patients:
    """Whom the resources of a call are about. Raises RequestError where it is another patient, or the data DSTU2."""
    _refuse_dstu2([*pieces, *of_context])
    patients = Patients([*pieces, *of_context], base)
    _refuse_wrong_patient(pieces, patients, patient_id)
    _refuse_foreign(of_context, patients, patient_id)
    return patients


def _note_lost_results(gathered: _Gathered, state: PrefetchState, selection: Selection) -> None:
    """Of other lists a part is reported as such; results are asked for by parts, so that this alone tells of a loss."""
    if state.reason == _FEWER and (lost := _ANSWERS & set(selection.types)):
        gathered.problems.append(Problem(f"prefetch.{state.key}", _FEWER, min(lost)))


def _note_wrapped(brought: Unpacked, selection: Selection) -> None:
    """Note what came in place of an entry and may hold one in a form that nobody opens: its list is not whole then."""
    for piece in brought.pieces:
        if piece.type not in OF_A_PATIENT and piece.type not in selection.types and may_wrap(piece.type):
            brought.lose(piece.path, Note(NoteCode.NOT_OPENED), UNTYPED)


def _take_key(gathered: _Gathered, brought: Unpacked, patients: Patients) -> bool:
    """Take what came under one key; whether all of it could be used."""
    if brought is _NOTHING_BROUGHT:
        return True
    gathered.problems.extend(brought.problems)
    before = len(gathered.problems)
    if brought.pieces:
        said = [patients.subject_of(piece) for piece in brought.pieces]
        if gathered.chosen is not None:
            said = with_nameless_as(said, gathered.chosen)
        gathered.take(zip(brought.pieces, said, strict=True), missing_is_ours=False)
    return not brought.is_partial and len(gathered.problems) == before


def _take_beside(gathered: _Gathered, beside: Unpacked, completeness: dict[str, Completeness]) -> frozenset[str]:
    """What a context brings besides its orders, known to be about the patient. It is never the whole list of a type.

    Returns which of it are drugs that are being ordered too.
    """
    before = len(gathered.entries)
    gathered.problems.extend(beside.problems)
    gathered.take(((piece, gathered.chosen or Subject.NOT_SAID) for piece in beside.pieces), missing_is_ours=True)
    for piece in beside.pieces:
        completeness.setdefault(RENAMED.get(piece.type, piece.type), Completeness.PARTIAL)
    brought = (entry for entry in gathered.entries[before:] if entry.type == "MedicationRequest")
    return frozenset(entry.reference for entry in brought if is_draft(entry))


def _take_orders(gathered: _Gathered, brought: Unpacked, patients: Patients, patient_id: str) -> Reviewed:
    """The orders of a context. What is under review is not also an entry; what an order refers to becomes one."""
    taken = _Gathered(patient_id, gathered.problems, with_contained=False)
    taken.problems.extend(brought.problems)
    said = [_called(patients.subject_of(piece), patient_id) for piece in brought.pieces]
    taken.take(zip(brought.pieces, said, strict=True), missing_is_ours=True)
    reviewed = reviewable(taken.entries, taken.dropped, taken.problems)
    for order in reviewed.orders:
        note_flaws(order, gathered.problems, under_review=True)
    names = {(order.type, order.id): order for order in reviewed.orders if order.id}
    kept = []
    for entry in gathered.entries:
        ordered = names.get((entry.type, entry.id or "")) if names else None
        if ordered is None:
            kept.append(entry)
        elif not orders_the_same(entry, ordered):
            gathered.lose(entry, _OTHER_ORDER)
    gathered.entries = kept + reviewed.beside
    gathered.signs.update(taken.signs)
    gathered.types.update(taken.types)
    return reviewed


class _Gathered:
    """The entries of one patient as they are taken in, with what was passed over.

    ``foreign`` are the types seen about other patients, ``unclaimed`` those of which something could not be used:
    for want of a subject, or because an element of it cannot be read. ``about_one`` says that the document is about one
    patient, so that an entry about another is lost and not merely another patient's. ``dropped`` is what names no
    patient as its subject, or stands where it is not read. ``within`` are the paths of what stood within another
    resource, and is never the whole list of a type.
    """

    def __init__(
        self, chosen: str | None, problems: list[Problem], *, about_one: bool = True, with_contained: bool = True
    ) -> None:
        self.chosen = chosen
        self.with_contained = with_contained
        self.within: set[str] = set()
        self.about_one = about_one
        self.problems = problems
        self.entries: list[Entry] = []
        self.signs: Counter[tuple[str, Release]] = Counter()
        self.types: Counter[str] = Counter()
        self.foreign: set[str] = set()
        self.unclaimed: set[str] = set()
        self.dropped: list[Piece] = []

    def take(self, pieces: Iterable[tuple[Piece, str | Subject]], *, missing_is_ours: bool) -> None:
        """Keep what is about the chosen patient, in R4 shape; write down the rest."""
        for piece, subject in pieces:
            if subject != self.chosen and not self._is_ours(piece, subject, missing_is_ours):
                continue
            resource, release = normalise(piece.resource)
            entry = piece
            if resource is not piece.resource:
                entry = Entry(resource, str(resource["resourceType"]), piece.id, piece.path, piece.full_url)
            self.types[entry.type] += 1
            if release is not None:
                self.signs[entry.type, release] += 1
            self.entries.append(entry)
            if "contained" in resource and self.with_contained:
                self._take_contained(entry)

    def _take_contained(self, holder: Entry) -> None:
        """Keep the findings that stand within another resource, as of the same patient; write down the rest."""
        for piece, reason in contained_in(holder):
            if reason is not None:
                self.problems.append(Problem(piece.path, reason, piece.type))
                self.unclaimed.add(piece.type)
                self.dropped.append(piece)
                continue
            resource, _ = normalise(piece.resource)
            self.entries.append(Entry(resource, str(resource["resourceType"]), piece.id, piece.path))
            self.within.add(piece.path)

    def lose(self, entry: Entry, reason: Note) -> None:
        """Write down that an entry is not used, so that its list is not whole."""
        self.problems.append(Problem(entry.path, reason, entry.type))
        self.unclaimed.add(entry.type)

    def check(self) -> None:
        """Write down what of the entries cannot be read; the lists they belong to are not whole then.

        Where only the status of an entry cannot be read, what it is about is known: it may count or not, and proves no
        absence of that. If its code is not understood either, the chart says so.
        """
        doubtful = self._doubtful()
        for entry in self.entries if doubtful else ():
            if entry not in doubtful or is_flawless(entry.resource, entry.type):
                continue
            found = note_flaws(entry, self.problems)
            if found and not (entry.type in _KNOWN_BY_CODE and all(flaw.element in _STATUSES for flaw in found)):
                self.unclaimed.add(entry.type)

    def _doubtful(self) -> set[Entry]:
        """The entries that must be looked at one by one: some of a type, taken together, are not written as usual."""
        of_type: dict[str, list[Entry]] = {}
        for entry in self.entries:
            of_type.setdefault(entry.type, []).append(entry)
        doubtful: set[Entry] = set()
        for type_, entries in of_type.items():
            for start in range(0, len(entries), _LOOKED_AT_TOGETHER):
                some = entries[start : start + _LOOKED_AT_TOGETHER]
                if not are_flawless([entry.resource for entry in some], type_):
                    doubtful.update(some)
        return doubtful

    def _is_ours(self, piece: Piece, subject: str | Subject, missing_is_ours: bool) -> bool:
        if subject is Subject.NOT_SAID:
            if piece.type not in OF_A_PATIENT:
                return True
            if missing_is_ours:
                self.problems.append(Problem(piece.path, _SUBJECT_TAKEN))
                return True
            name = RENAMED.get(piece.type, piece.type)
            self.problems.append(Problem(piece.path, _SUBJECT_MISSING, name))
            self.unclaimed.add(name)
            return False
        if subject is Subject.FOCUSED_ELSEWHERE:
            self.problems.append(Problem(piece.path, Note(NoteCode.SUBJECT_NO_PATIENT)))
            return False
        if subject is Subject.NO_PATIENT:
            if piece.type not in OF_A_PATIENT:
                return True
            # Where everything else is about one patient the reference is wrong, and it may be theirs.
            name = RENAMED.get(piece.type, piece.type)
            self.problems.append(
                Problem(piece.path, Note(NoteCode.SUBJECT_NO_PATIENT), name if self.about_one else None)
            )
            if self.about_one:
                self.unclaimed.add(name)
                self.dropped.append(piece)
            return False
        if is_nameless(subject):
            return missing_is_ours
        name = RENAMED.get(piece.type, piece.type)
        self.problems.append(Problem(piece.path, _FOREIGN, name if self.about_one else None))
        self.foreign.add(name)
        if self.about_one:
            self.unclaimed.add(name)
        return False

    def split_orders(self) -> list[Entry]:
        """Take the draft requests out of the entries."""
        orders = list(filter(is_draft, self.entries))
        drafts = set(orders)
        if drafts:
            self.entries = [entry for entry in self.entries if entry not in drafts]
        return orders

    def release(self, orders: Sequence[Entry]) -> Release:
        """The release of the document: that of its orders, else of the types in which most resources show one."""
        names = {order.type for order in orders} or set(self.types)
        shapes: Counter[Release] = Counter()
        for (type_, release), count in self.signs.items():
            if type_ in names and 2 * count >= self.types[type_]:
                shapes[release] += count
        return max(shapes, key=lambda release: (shapes[release], release.value)) if shapes else Release.R4

    def record(
        self,
        patient_id: str | None,
        completeness: Mapping[str, Completeness],
        orders: Sequence[Entry],
        base: str | None,
        unread_orders: tuple[str, ...],
        drafts: frozenset[str] = frozenset(),
    ) -> Record:
        """The finished record."""
        problems = self.problems
        entries = arrange(self.entries, problems)
        reviewed = arrange(orders, problems)
        return Record(
            patient_id=patient_id,
            entries=entries,
            completeness=completeness,
            problems=tuple(problems),
            orders=reviewed,
            release=self.release(reviewed),
            base=base,
            unread_orders=unread_orders,
            drafts=drafts,
        )


def _called(subject: str | Subject, patient_id: str) -> str | Subject:
    """A Patient without an id, sent under the patient's own key, is the patient."""
    return patient_id if is_nameless(subject) else subject


def note_flaws(entry: Entry, problems: list[Problem], *, under_review: bool = False) -> list[Flaw]:
    """Write down what of an entry cannot be read, and tell it; the entry counts once."""
    unread: str | None = entry.type
    found = flaws(entry.resource, entry.type, under_review=under_review)
    for flaw in found:
        problems.append(Problem(f"{entry.path}.{flaw.element}", flaw.reason, unread))
        unread = None
    return found


def _chosen(persons: Sequence[str], patient: str | None) -> str | None:
    if patient is not None:
        wanted = patient.removeprefix("Patient/")
        if persons and wanted not in persons:
            raise RequestError([Issue("patient", "the document holds no such patient", _names(persons))])
        return wanted
    if len(persons) > 1:
        raise RequestError([Issue("body", "the document is about several patients", _names(persons))])
    return persons[0] if persons else None


def _subject_of_document(pieces: Sequence[Piece], said: Sequence[str | Subject]) -> str | None:
    """The patient a document is about, whoever else it names: the one subject of its Compositions."""
    subjects = {subject for piece, subject in zip(pieces, said, strict=True) if piece.type == "Composition"}
    named = [subject for subject in subjects if isinstance(subject, str)]
    return named[0] if len(named) == 1 and len(subjects) == 1 else None


def _names(persons: Sequence[str]) -> str:
    shown = ", ".join(persons[:_NAMES_SHOWN])
    more = f" and {len(persons) - _NAMES_SHOWN} more" if len(persons) > _NAMES_SHOWN else ""
    return f"pick one with patient=ID: {shown}{more}"


def _refuse_wrong_patient(pieces: Iterable[Piece], patients: Patients, patient_id: str) -> None:
    sent = [piece for piece in pieces if piece.type == "Patient"]
    keys = {_called(patients.subject_of(piece), patient_id) for piece in sent}
    if sent and patient_id not in keys:
        raise RequestError([Issue(sent[0].path, "this Patient is not the patient of the call", "context.patientId")])


def _refuse_foreign(pieces: Iterable[Piece], patients: Patients, patient_id: str) -> None:
    """Refuse what a context says about another patient: an order must never be checked against the wrong chart."""
    issues = [
        Issue(f"{piece.path}.subject", "this is about another patient than the call", "context.patientId")
        for piece in pieces
        if isinstance(subject := _called(patients.subject_of(piece), patient_id), str) and subject != patient_id
    ]
    if issues:
        raise RequestError(issues)


def _refuse_dstu2(pieces: Sequence[Piece]) -> None:
    """Refuse DSTU2 rather than misread it (decision 18).

    A shape that a careless R4 sender could also have written counts only when no resource of the type is without it.
    """
    weak: Counter[str] = Counter()
    reasons: dict[str, Issue] = {}
    for piece in pieces:
        sign = dstu2_sign(piece.resource) if piece.type in MAY_BE_DSTU2 else None
        if sign is None:
            continue
        reason, is_sure = sign
        issue = Issue(piece.path, f"FHIR DSTU2 is not read: {reason}", "send R4 (or R4B, R5, STU3)")
        if is_sure:
            raise RequestError([issue], status=422)
        weak[piece.type] += 1
        reasons.setdefault(piece.type, issue)
    for type_, count in weak.items():
        if count == sum(piece.type == type_ for piece in pieces):
            raise RequestError([reasons[type_]], status=422)
