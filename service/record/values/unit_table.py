"""Unit table: the spellings and factors the service knows (terminology.md section 6). Data, no logic.

Each unit has a dimension and a factor to the dimension's first unit. Only what stands here is converted; a unit
that is not here is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Unit(NamedTuple):
    """A unit's dimension, and how many of the dimension's first unit it is."""

    dimension: str
    factor: Decimal


def _units(dimension: str, factors: Mapping[str, str]) -> dict[str, Unit]:
    return {code: Unit(dimension, Decimal(factor)) for code, factor in factors.items()}


UNITS: Mapping[str, Unit] = {
    **_units("mass per volume", {"mg/dL": "1", "g/dL": "1000", "g/L": "100", "mg/L": "0.1", "mg/mL": "100"}),
    **_units("mass per volume", {"ug/mL": "0.1", "ug/dL": "0.001", "ug/L": "0.0001", "ng/mL": "0.0001"}),
    **_units("mass per volume", {"ng/dL": "0.000001", "ng/L": "0.0000001", "pg/mL": "0.0000001"}),
    **_units("moles per volume", {"mmol/L": "1", "umol/L": "0.001", "nmol/L": "0.000001", "pmol/L": "0.000000001"}),
    **_units("equivalents per volume", {"meq/L": "1"}),
    **_units("enzyme activity", {"U/L": "1", "kU/L": "1000", "[iU]/L": "1"}),
    **_units("hormone activity", {"m[IU]/L": "1", "u[IU]/mL": "1", "m[IU]/mL": "1000"}),
    **_units("cells per volume", {"10*3/uL": "1", "10*9/L": "1", "10*6/uL": "1000", "10*12/L": "1000", "/uL": "0.001"}),
    **_units("pressure", {"mm[Hg]": "1"}),
    **_units("length", {"cm": "1", "mm": "0.1", "m": "100", "[in_i]": "2.54", "[ft_i]": "30.48"}),
    # The avoirdupois pound by definition; the reference rounds it to 0.4536.
    **_units("mass", {"kg": "1", "g": "0.001", "mg": "0.000001", "[lb_av]": "0.45359237", "[oz_av]": "0.028349523125"}),
    **_units("volume", {"mL": "1", "L": "1000", "dL": "100", "cL": "10"}),
    **_units("temperature", {"Cel": "1", "[degF]": "1", "K": "1"}),
    **_units("time", {"d": "1", "wk": "7", "h": "0.0416666666666666666666666667"}),
    **_units("calendar months", {"mo": "1", "a": "12"}),
    **_units("filtration", {"mL/min/{1.73_m2}": "1", "mL/s/{1.73_m2}": "60"}),
    **_units("clearance", {"mL/min": "1"}),
    **_units("share", {"%": "1"}),
    **_units("moles per mole", {"mmol/mol": "1"}),
    **_units("count", {"1": "1"}),
    **_units("rate", {"/min": "1"}),
    **_units("sedimentation", {"mm/h": "1"}),
    **_units("body mass index", {"kg/m2": "1"}),
    **_units("opioid dose", {"{MME}/d": "1"}),
}

SCORES = frozenset({"{score}", "1", "{INR}", "{#}", "{count}", "{T-score}", "[pH]", "{ratio}"})
"""Codes for plain numbers. Any of them may be asked for, and each stands for the others."""

_SPELLINGS: Mapping[str, str] = {
    "mg/dL": "mg/dl;mg%;milligrams per deciliter;mg / dl",
    "g/dL": "g/dl;gm/dl;gr/dl",
    "g/L": "g/l;gm/l",
    "mg/L": "mg/l",
    "mg/mL": "mg/ml",
    "ug/mL": "ug/ml;mcg/ml;µg/ml;μg/ml",
    "ug/dL": "ug/dl;mcg/dl;µg/dl;μg/dl",
    "ug/L": "ug/l;mcg/l;µg/l;μg/l",
    "ng/mL": "ng/ml",
    "ng/dL": "ng/dl",
    "ng/L": "ng/l",
    "pg/mL": "pg/ml",
    "mmol/L": "mmol/l",
    "umol/L": "umol/l;µmol/l;μmol/l;mcmol/l;micromol/l;micromoles/l;micromol/litre",
    "nmol/L": "nmol/l",
    "pmol/L": "pmol/l",
    "meq/L": "meq/l",
    "U/L": "u/l;units/l;iu/l;[iu]/l",
    "kU/L": "ku/l",
    "m[IU]/L": "m[iu]/l;miu/l;mu/l",
    "u[IU]/mL": "u[iu]/ml;uiu/ml;µiu/ml;μiu/ml;mcu/ml;uu/ml",
    "m[IU]/mL": "m[iu]/ml;miu/ml",
    "10*3/uL": "10*3/ul;10^3/ul;10+3/ul;10e3/ul;x10e3/ul;x10^3/ul;x10*3/ul;k/ul;k/µl;k/μl;k/cumm;thous/mcl;thousand/ul"
    ";thou/ul;thou/mm3;thousand/mm3;k/mm3;10*3/mm3;10^3/mm3;k/mcl",
    "10*9/L": "10*9/l;10^9/l;10e9/l;x10^9/l;x10e9/l;x10*9/l;giga/l",
    "10*6/uL": "10*6/ul;10^6/ul;m/ul;x10^6/ul;x10e6/ul",
    "10*12/L": "10*12/l;10^12/l;x10^12/l",
    "/uL": "/ul;cells/ul;{cells}/ul;/mm3;/cumm",
    "mm[Hg]": "mm[hg];mmhg;mm hg;mm of hg",
    "cm": "cm;centimeter;centimeters;centimetre;centimetres",
    "mm": "mm;millimeter;millimeters;millimetre;millimetres",
    "m": "m;meter;meters;metre;metres",
    "[in_i]": "[in_i];in;inch;inches;[in_us]",
    "[ft_i]": "[ft_i];ft;foot;feet",
    "kg": "kg;kgs;kilogram;kilograms",
    "g": "g;gm;gram;grams",
    "mg": "mg;milligram;milligrams",
    "[lb_av]": "[lb_av];lb;lbs;pound;pounds",
    "[oz_av]": "[oz_av];oz;ounce;ounces",
    "mL": "ml;milliliter;milliliters;millilitre;millilitres;cc;cm3",
    "L": "l;liter;liters;litre;litres",
    "dL": "dl",
    "cL": "cl",
    "Cel": "cel;c;°c;degc;deg c;degrees c;celsius;degree celsius;degrees celsius",
    "[degF]": "[degf];f;°f;degf;deg f;degrees f;fahrenheit;degree fahrenheit;degrees fahrenheit",
    "K": "k",
    "d": "d;day;days",
    "wk": "wk;wks;week;weeks",
    "h": "h;hr;hrs;hour;hours",
    "mo": "mo;month;months",
    "a": "a;yr;yrs;year;years",
    "mL/s/{1.73_m2}": "ml/s/{1.73_m2};ml/s/1.73m2;ml/s/1.73 m2;ml/s/1.73m²;ml/s/1.73 m²;ml/s/1,73m2",
    "mL/min/{1.73_m2}": "ml/min/{1.73_m2};ml/min/1.73m2;ml/min/1.73 m2;ml/min/1.73m²;ml/min/1.73 m²;ml/min/1.73m^2"
    ";ml/min/1.73 m^2;ml/min/{1.73m2};ml/min/1.73_m2;ml/min per 1.73m2;ml/min per 1.73 m2;ml/min/1.73;ml/min/1.73m*2"
    ";ml/min/1.73 sq m;ml/min/1.73sqm;ml/min/1.73 sqm;ml/min/1,73 m2;ml/min/1,73m2"
    ";ml/min per 1.73 sq m;ml/min/1.73/m2;ml/min/1.73 square meters;ml/min/1.73 square metres"
    ";ml/mn/1.73m2;ml/mn/1.73 m2;ml/min/1,73m²;ml/min/1,73 m²;ml/min/1.73qm;ml/min/1,73qm"
    ";ml/min/1.73sq.m;ml/min/1.73 sq. m;ml/min/bsa;ml/min/{1.73}",
    "mL/min": "ml/min",
    "%": "%;percent;pct;% of total;%{hemoglobinsaturation};%o2;%{hb};%{total}",
    "mmol/mol": "mmol/mol;mmol/mol{hb};mmol/mol hb",
    "/min": "/min;{beats}/min;beats/min;bpm;beats/minute;beats per minute;{breaths}/min;breaths/min;breaths/minute"
    ";breaths per minute;per minute;1/min",
    "mm/h": "mm/h;mm/hr;mm/hour",
    "kg/m2": "kg/m2;kg/m²;kg/m^2;kg/m*2;kg/(m2);kg/sqm",
    "{MME}/d": "{mme}/d;mme/d;mme/day;{morphine_milligram_equivalents}/d",
    "1": "1;{score};(score);score;scores;{score}{1};points;point;pts;{points};{#};#;{count};count;{inr};inr;{ratio}"
    ";ratio;{nominal};{t-score};t-score;{number};number;no unit;/10;{0-10};out of 10;[ph];ph;unitless",
}

SPELLINGS: Mapping[str, str] = {
    spelling: code for code, listed in _SPELLINGS.items() for spelling in (*listed.split(";"), code.lower())
}
"""From a spelling in lower case to the code of ``UNITS``."""

CASE_MATTERS: Mapping[str, str] = {"K": "K", "M": "", "G": "", "MG": "", "mm": "mm", "Mm": ""}
"""Spellings where the case decides; an empty code means: refuse."""

PER_MOLE: Mapping[str, Decimal] = {
    "creatinine": Decimal(1) / Decimal("0.0884"),
    "glucose": Decimal("18.0"),
    "calcium": Decimal("4.008"),
    "magnesium": Decimal("2.43"),
    "bilirubin": Decimal(1000) / Decimal("17.1"),
}
"""How many mg/dL one mmol/L is."""

MONOVALENT = frozenset({"potassium", "sodium"})
"""Ions of one charge: one milliequivalent is one millimole."""

SUBSTANCES: Mapping[str, str] = {
    "obs-creatinine": "creatinine",
    "obs-glucose": "glucose",
    "obs-calcium": "calcium",
    "obs-magnesium": "magnesium",
    "obs-bilirubin-total": "bilirubin",
    "obs-hba1c": "hba1c",
    "obs-egfr": "egfr",
    "obs-potassium": "potassium",
    "obs-sodium": "sodium",
    "obs-crp": "crp",
    "obs-inr": "inr",
    "local-obs-odi": "odi",
}
"""Which substance the observations of a value set measure."""

IMPLIED_UNIT: Mapping[str, str] = {"egfr": "mL/min/{1.73_m2}", "inr": "1"}
"""The unit of what can be reported in one unit only; taken when a result such as ">60" comes without any."""
