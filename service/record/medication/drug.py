"""Drug: what a medication resource holds once it was recognised: ingredients, classes, route."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from service.note import Note
from service.record.medication.dosage import EACH, MG, ML, PUFF, Daily
from service.record.medication.routes import LOCAL_ROUTES
from service.record.values.code_systems import LOCAL, RXNORM
from service.record.values.interval import Interval


class Ingredient(Struct, frozen=True):
    """One active ingredient, its classes, and how much of it is in one piece of the product (mg), or ``per`` mL, HR."""

    rxcui: str
    name: str
    classes: frozenset[str]
    strength_mg: Decimal | None = None
    per: str = ""

    @property
    def coding(self) -> tuple[str, str]:
        """The system and code by which value sets name it: RxNorm, or ours where no RxNorm code is verified."""
        return (RXNORM if self.rxcui.isdigit() else LOCAL, self.rxcui)


TAKES_NOTHING = "nothing"

_HOURS_A_DAY = 24
_NSAIDS = frozenset({"med-nsaid-nonselective", "med-nsaid-cox2"})


class Drug(Struct, frozen=True):
    """What a medication resource holds.

    ``classes`` are the value sets (``med-*``) of all ingredients and of the product code itself (topical and
    ophthalmic sets list products). ``route`` is ``oral``, ``topical``, ``injectable``, ... or None when not told;
    None counts as systemic. ``by`` says how it was recognised: ``ingredient``, ``table`` (also by a package code),
    ``name``, ``brand``, ``class`` (a class code only), ``other`` (a name that names no ingredient of any class here) or
    ``nothing`` (a list entry which says that nothing is taken; of an order it does not tell what is ordered).
    ``recognised`` is False when an ingredient may be missing: the classes found are present, no other one is absent.
    ``unrecognised`` are the words that may name it.
    """

    ingredients: tuple[Ingredient, ...]
    classes: frozenset[str]
    route: str | None
    recognised: bool
    text: str
    by: str | None = None
    notes: tuple[Note, ...] = ()
    unrecognised: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether the drug acts locally only (skin, eye, ear, nose, lung); a transdermal patch does not.

        An NSAID through the nose is given for pain and acts on the whole body.
        """
        return self.route in LOCAL_ROUTES and not (self.route == "nasal" and not self.classes.isdisjoint(_NSAIDS))

    def daily_mg(self, ingredient: Ingredient, daily: Daily | None) -> Interval | None:
        """Milligrams of one of its ingredients on a day of taking it, from what the dosages give.

        None when it cannot be known. Taken as needed: from one dose to the most that is allowed. A dose in milligrams
        is the ingredient's only when the drug has no other.
        """
        if daily is None:
            return None
        strength = ingredient.strength_mg
        if daily.unit == MG:
            return daily.amount if len(self.ingredients) == 1 else None
        if strength is None:
            return None
        if daily.unit == EACH and ingredient.per == "HR":
            # A patch gives its strength every hour, however often it is changed.
            return Interval.exactly(strength * _HOURS_A_DAY) if self.route == "transdermal" else None
        if (daily.unit, ingredient.per) in {(EACH, ""), (ML, "ML"), (PUFF, "ACTUAT")}:
            return daily.amount.times(strength)
        return None
