"""eGFR from creatinine: CKD-EPI 2021, without race (decision 11).

Inker LA, Eneanya ND, Coresh J, et al. New creatinine- and cystatin C-based equations to estimate GFR
without race. N Engl J Med 2021;385:1737-1749. For adults; creatinine in mg/dL, age in years, result in
mL/min/{1.73_m2}.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

from msgspec.structs import replace as replaced

from service.finding import Evidence
from service.knowledge.model import FactSource
from service.note import Note, NoteCode, joined
from service.record.chart.code_match import Key
from service.record.chart.index import Chart
from service.record.chart.measure import PRELIMINARY, Measurement, Measurements, Wanted, measurements, newest
from service.record.kinds.patient import FEMALE, MALE, sex_of
from service.record.values.dates import When, age_years
from service.record.values.interval import Interval

CREATININE: Key = ("Observation", "obs-creatinine")
_SOURCE = FactSource(CREATININE[0], (CREATININE[1],))
COMPUTED = Note(NoteCode.EGFR_COMPUTED)
SEX_NOT_KNOWN = Note(NoteCode.SEX_LOWER_OF_TWO)
_ADULT = Decimal(18)
_STEP = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Computed:
    """The computed value, or None with the reasons why it could not be computed."""

    best: Measurement | None
    notes: tuple[Note | None, ...] = ()


def ckd_epi_2021(creatinine: Decimal, age: Decimal, sex: str) -> Decimal:
    """The equation, to one decimal place: creatinine above 0 in mg/dL, age in completed years, sex female or male."""
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == FEMALE else (0.9, -0.302, 1.0)
    ratio = float(creatinine) / kappa
    rate = 142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.200 * 0.9938 ** float(age) * factor
    return Decimal(rate).quantize(_STEP)


def computed_egfr(wanted: Wanted, chart: Chart) -> Computed:
    """EGFR from the newest final creatinine inside the look-back of the eGFR."""
    found, creatinine = _creatinine(wanted, chart), _newest_creatinine(wanted, chart)
    when = creatinine.when if creatinine is not None else None
    if creatinine is None or when is None:
        return Computed(None, tuple(found.newer(None)))
    age, notes = _age(chart, when), tuple(found.newer(when))
    if age is None or age.low is None or age.low < _ADULT:
        return Computed(None, (*notes, Note(NoteCode.EGFR_NOT_ADULT)))
    number = _rate(creatinine.number, age, sex_of(chart))
    if wanted.plausible is not None and not number.overlaps(*wanted.plausible):
        return Computed(None, (*notes, Note(NoteCode.EGFR_IMPLAUSIBLE)))
    return Computed(replaced(creatinine, number=number, evidence=_evidence(creatinine, number, chart)), notes)


def may_have_newer_creatinine(when: When | None, chart: Chart) -> bool:
    """Whether a creatinine on the chart may be newer than an eGFR; else none of it needs to be read."""
    if when is None:
        return True
    dates = [one.effective_period.last for one in chart.matches(CREATININE[0], CREATININE[1:])]
    return any(date is None or date.last > when.last for date in dates)


def lower_by_newer_creatinine(
    wanted: Wanted, recorded: Interval, when: When | None, chart: Chart
) -> Measurement | None:
    """The eGFR of a creatinine taken later, where it is lower than the one recorded; None otherwise.

    A recorded eGFR is not usable for what kidney function is now once a newer creatinine contradicts it. A newer one
    that shows better function lifts nothing: then the recorded one stays.
    """
    creatinine = _newest_creatinine(wanted, chart)
    if creatinine is None or creatinine.when is None or when is None or creatinine.when.first <= when.last:
        return None
    best = computed_egfr(wanted, chart).best
    if best is None:
        return None
    if best.number.low is None:
        return best
    return best if recorded.low is not None and best.number.low < recorded.low else None


def newer_creatinine_not_final(wanted: Wanted, when: When | None, chart: Chart) -> list[Note]:
    """Creatinine that is newer than the eGFR in use and not final yet: named, never used (decision 5)."""
    waiting = (note for note in _creatinine(wanted, chart).newer(when) if note.code in PRELIMINARY)
    return [replaced(note, words=f"creatinine {note.words}") for note in waiting]


def _newest_creatinine(wanted: Wanted, chart: Chart) -> Measurement | None:
    """The newest final creatinine inside the look-back of the eGFR; the highest of one day, as it gives the lowest."""
    best = newest(_creatinine(wanted, chart).final, prefer="highest", look_back=wanted.look_back_days is not None)
    return best[0] if best else None


def _creatinine(wanted: Wanted, chart: Chart) -> Measurements:
    """Asked several times for one eGFR, and with few look-backs."""
    found: Measurements | None = chart.creatinine.get(wanted.look_back_days)
    if found is None:
        asked = Wanted((_SOURCE,), "mg/dL", wanted.look_back_days)
        found = chart.creatinine[wanted.look_back_days] = measurements(asked, chart)
    return found


def _age(chart: Chart, when: When) -> Interval | None:
    if chart.birth is None:
        return None
    youngest = age_years(chart.birth, datetime.combine(when.first_day, time.min, UTC))
    oldest = age_years(chart.birth, datetime.combine(when.last_day, time.min, UTC))
    if youngest is None or oldest is None:
        return None
    return Interval(youngest.low, oldest.high)


def _rate(creatinine: Interval, age: Interval, sex: str | None) -> Interval:
    """The equation falls with creatinine and with age, so the bounds change places."""
    sexes = (sex,) if sex else (FEMALE, MALE)

    def bound(value: Decimal | None, years: Decimal | None) -> Decimal | None:
        if value is None or value <= 0 or years is None:
            return None
        return min(ckd_epi_2021(value, years, one) for one in sexes)

    return Interval(bound(creatinine.high, age.high), bound(creatinine.low, age.low))


def _evidence(creatinine: Measurement, number: Interval, chart: Chart) -> Evidence:
    value = f"{number.low}" if number.is_exact else f"{_end(number.low)} to {_end(number.high)}"
    sex = None if sex_of(chart) else SEX_NOT_KNOWN
    text = f"{value} mL/min/{{1.73_m2}} from creatinine {creatinine.evidence.text}"
    return replaced(creatinine.evidence, text=text, note=joined(COMPUTED, sex, creatinine.evidence.note))


def _end(bound: Decimal | None) -> str:
    return "open" if bound is None else str(bound)
