"""Dosage forms: the words in which instructions tell numbers, units, rhythms and times of the day.

Of several languages. The words are plain (``drug_spelling.plain``): lower case, without accents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NUMBERS: Mapping[str, str] = {
    word: number
    for number, words in {
        "0.5": "half",
        "1": "one once i ein eine un une una uno",
        "2": "two twice ii zwei deux dos due twee",
        "3": "three thrice iii drei trois tres tre drie",
        "4": "four vier quatre cuatro quattro",
        "5": "five",
        "6": "six",
        "7": "seven",
        "8": "eight",
        "9": "nine",
        "10": "ten",
        "12": "twelve",
    }.items()
    for word in words.split()
}
_NUMBER_WORDS = "|".join(
    sorted((word for word in NUMBERS if word not in {"once", "twice", "thrice"}), key=len, reverse=True)
)
NUMBER = rf"(?:\d+/\d+|\d{{1,5}}(?:\.\d{{1,3}})?|\.\d{{1,3}}|\b(?:{_NUMBER_WORDS})\b)"

_OF_MASS = r"mg|mcg|ug|g|grams?|milligrams?|ml|milliliters?|millilitres?"
PIECES = (
    r"tablets?|tabs?|tabletten?|tabl\.?|tbl\.?|tb|t(?=\s)|capsules?|caps?|cps|kapseln?|kps|caplets?|comprimes?|comprimidos?|compress[ae]"
    r"|cpr?|cp|tabletas?|gelules?|pills?|pieces?|patch(?:es)?|suppositor(?:y|ies)|lozenges?|sachets?"
)
UNITS = rf"{_OF_MASS}|{PIECES}|puffs?|sprays?"
_PIECE_WORDS = (
    *(
        "tabletten",
        "tablette",
        "tabl",
        "tabl.",
        "tbl.",
        "tb",
        "t",
        "cps",
        "kapsel",
        "kapseln",
        "kps",
        "comprime",
        "comprimes",
    ),
    *("comprimido", "comprimidos", "compressa", "compresse", "cpr", "cp", "tableta", "tabletas", "gelule", "gelules"),
    *("piece", "pieces", "sachet", "sachets"),
)
UNIT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(_PIECE_WORDS, "tablet"),
    "millilitre": "ml",
    "millilitres": "ml",
}
"""Units by the word that ``dosage.py`` knows."""

COMMA_LANGUAGE = re.compile(
    r"\b(?:taglich|tgl|tag|tage|mal|stunden|morgens|mittags|abends|jour|jours|fois|heures|matin|soir|dia|dias|veces|horas"
    r"|volte|giorno|ore|dag|daags|maal)\b"
)
"""Words of languages that write a comma for the decimal point."""

_A_DAY = r"(?:day|daily|d\b|24\s*h(?:ours|rs)?|taglich|tgl|tag|jour|j\b|dia|giorno|dag|daags)"
_TIMES_A_DAY = (
    rf"(?<![\d./-])(?P<low>{NUMBER}|once|twice|thrice)(?:\s*(?:-|to)\s*(?P<high>{NUMBER}))?\s*(?:x|times?|mal|maal|fois|veces|volte)?"
    rf"\s*(?:a|per|each|every|/|par|al|pro|in)?\s*{_A_DAY}\b"
)
RHYTHMS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (letters, re.compile(pattern), rhythm)
    for letters, pattern, rhythm in (
        (
            "every",
            rf"\bevery\s+(?P<low>{NUMBER})(?:\s*(?:-|to)\s*(?P<high>{NUMBER}))?\s*-?\s*(?:hours?|hrs?|h)\b",
            "hours",
        ),
        ("q", r"\bq\.?\s?(?P<low>\d{1,2})(?:\s?-\s?(?P<high>\d{1,2}))?\s?(?:hours?|hrs?|hr?)\b", "hours"),
        (
            "",
            rf"\b(?:alle|toutes\s+les|cada|ogni|elke|om\s+de)\s+(?P<low>{NUMBER})\s*(?:stunden|std|heures?|horas?|ore|uur|h)\b",
            "hours",
        ),
        ("rly", r"(?<![\d./-])(?P<low>\d{1,2})(?:\s?-\s?(?P<high>\d{1,2}))?[- ]?(?:hourly|hrly)\b", "hours"),
        ("", _TIMES_A_DAY, "times"),
        ("b", r"\bb\.?i\.?d\b\.?|\bb\.?d\b\.?", "2"),
        ("t", r"\bt\.?i\.?d\b\.?|\bt\.?d\.?s\b\.?", "3"),
        ("q", r"\bq\.?i\.?d\b\.?|\bq\.?d\.?s\b\.?", "4"),
        ("o", r"\bevery\s+other\s+day\b|\bqod\b", "0.5"),
        ("hourly", r"\bhourly\b", "24"),
        (
            "",
            r"\bdaily\b|\b(?:every|each)\s+day\b|\bq\.?d\b|\bo\.?d\b|\btaglich\b|\btgl\b|\bpar jour\b|\bal dia\b",
            "1",
        ),
    )
)
"""How often a day, after letters without which the pattern finds nothing; hours or times where it tells them."""
EVENTS = re.compile(
    r"\b(?:(mornings?|breakfast|qam|mane|morgens|fruh|matin|manana|mattina)|(noon|midday|lunch|mittags|midi|mediodia|pranzo)"
    r"|(afternoons?|nachmittags)|(evenings?|dinner|supper|qpm|teatime|abends|soir|tarde|sera)"
    r"|(bedtime|nights?|nightly|qhs|hs|nocte|nachts|coucher|noche|notte))\b"
)
"""Times of the day: each named is one dose."""
NEEDED = re.compile(
    r"\bprn\b|\b(?:as|if|when|only)\s+(?:needed|required|necessary)\b"
    r"|\bbei\s+bedarf|\bsi\s+besoin\b|\bal\s+bisogno\b|\bzo nodig\b"
)
STEPS = re.compile(
    r"\b(?:then|followed\s+by|dann|puis|luego|taper\w*|increas\w+|reduc\w+|titrat\w+|alternat\w+|may\s+(?:repeat|take\s+(?:an?\s+)?(?:extra|another|additional)))\b"
)
"""Words of a dose that changes."""
