"""Negation: whether words of the record are about something present, past, or not there at all.

Used where a concept has no code that is known (terminology.md 4.9). The guards are English, German, French and Spanish,
as are the patterns of the signs of cauda equina. A match is guarded: words that deny it ("ruled out") or are about the
family make it no match; those that ask the question ("rule out", "r/o", "?") make it suspected; "history of" makes it a
thing of the past. Deliberately blunt: a guarded match counts as nothing recorded, never as a "no".
"""

from __future__ import annotations

import re
from enum import Enum

# A clause ends the reach of the guards before a match. A colon does not: "Rule out: fracture".
# Nor do the points of "Z.n." and "V.a.", history and suspicion in German.
_BREAK = re.compile(
    r"(?<!\bz)(?<!\bz\.n)(?<!\bz\. n)(?<!\bv)(?<!\bv\.a)(?<!\bv\. a)\.|[;\n]|\b(?:but|however|although|aber"
    r"|except(?:ing)?|apart\s+from|other\s+than|aside\s+from)\b",
    re.IGNORECASE,
)
# "Not improving sciatica" is sciatica, and what could not be ruled out is open.
_BEFORE = re.compile(
    r"\b(?:no|not(?!\s+(?:improv|resolv|respond|controlled|better|reliev|settl|only"
    r"|(?:be\s+)?(?:rul|exclud)))|denie[sd]|denying|without|w/o|never"
    r"|negative|neg|free\s+of|absence\s+of|absent|(?<!not\s)(?<!not\sbe\s)ruled\s+out|(?<!not\s)(?<!not\sbe\s)excluded|unlikely|doubt"
    r"|screen(?:ing)?\s+for|prevent(?:ion\s+of)?|prophylaxis|(?:at\s+)?risk\s+(?:of|for)|in\s+case\s+of"
    r"|keine?[nrms]?|ohne|nicht|nie|verneint|sans|pas\s+d[e']|aucune?|sin|niega|ning\u00fan|ninguna)\b",
    re.IGNORECASE,
)
_WORRIED = (
    r"\b(?:fear(?:s|ed|ing)?(?:\s+of)?|afraid\s+of|worr(?:y|ies|ied|ying)\s+(?:about|of|that|over)|anxi(?:ous|ety)\s+about"
    r"|concern(?:s|ed|ing)?\s+(?:for|about|of|re|regarding|that)|wants?\s+to\s+rule\s+out|asks?\s+about|thinks?)\b"
)
_ASKED = re.compile(
    r"\b(?:rules?\s+out|ruling\s+out|r/o|excludes?|excluding|quer(?:y|ying)|fear(?:s|ed|ing)?(?:\s+of)?|afraid\s+of"
    r"|worr(?:y|ies|ied)\s+(?:about|of)|anxi(?:ous|ety)\s+about|concern(?:s|ed|ing)?\s+(?:for|about|of|re|regarding)"
    r"|ausschlu(?:ss|\u00df)|auszuschlie(?:ss|\u00df)en|descartar|exclure|\u00e9liminer"
    r"|(?:sorge|angst|furcht|bedenken)\s+(?:wegen|vor|um|bez\u00fcglich)|besorgt\s+(?:wegen|um))(?!\w)|\?",
    re.IGNORECASE,
)
_ASKED_AFTER = re.compile(r"^\s*(?:(?:disease|syndrome|disorder)\s*)?\?", re.IGNORECASE)
_AFTER = re.compile(
    r"^(?:\W{1,3}(?:disease|syndrome|disorder|bleed(?:ing)?|fracture|injury|failure|compression|infection))?"
    r"\W{0,3}(?:(?:is|are|was|were|has\s+been|have\s+been)\s+)?"
    r"(?:ruled\s+out|excluded|unlikely|negative|absent|denied|not\s+(?:present|found|seen|likely|suspected)"
    r"|ausgeschlossen|verneint|exclue?|descartad[oa]|negado)\b"
    r"|^\W{0,3}(?:risk|screening|prevention|prophylaxis|precautions?|education)\b|^\s*[-:=(,]?\s*(?:no|none|neg)\s*\)?\s*$",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:family|fh|fhx|famhx|mother|father|brother|sister|sibling|parent|maternal|paternal|aunt|uncle"
    r"|grandmother|grandfather|grandparent|son|daughter|cousin|relative|wife|husband|partner)s?\b"
    r"|\b(?:familienanamnese|mutter|bruder|schwester|ant\u00e9c\u00e9dents?\s+famili\w+|antecedentes\s+familiares|m\u00e8re|p\u00e8re"
    r"|fr\u00e8re|s\u0153ur|madre|padre|herman[oa])\b",
    re.IGNORECASE,
)
# "Wife worried about cancer": whose cancer it may be is not said, so that the question is open for the patient too.
_ASKS_FOR_ANOTHER = re.compile(
    rf"(?:{_FAMILY.pattern})\s+(?:\w+\s+){{0,2}}(?:{_WORRIED})(?!.*(?:{_FAMILY.pattern}))", re.IGNORECASE
)
_PAST = re.compile(
    r"\b(?:history\s+of|hx|h/o|past(?:\s+medical)?\s+history|pmh|previous|previously|prior|former|formerly|s/p"
    r"|status\s+post|resolved|zustand\s+nach|anamnestisch|fr\u00fcher\w*|ant\u00e9c\u00e9dents?|antecedentes?)\b"
    r"|\bz\.\s?n\.|\b(?:old|past)\s+$",
    re.IGNORECASE,
)
_PAST_AFTER = re.compile(
    r"^\W{0,3}(?:resolved|in\s+remission|in\s+the\s+past)\b|^\s*[,(-]\s*(?:history|past|old)\b", re.IGNORECASE
)
# What is ordered or done is often named beside the question it should answer ("Rule out fracture: MRI lumbar
# spine"), so that only a refusal close by denies it.
_REFUSED = re.compile(
    r"\b(?:no|not|without|decline[sd]?|refuse[sd]?|cancel(?:led|ed)?|avoid)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)

DRUG_NEGATIONS = frozenset(
    {"no", "not", "avoid", "without", "never", "kein", "keine", "ohne", "sans", "sin", "non", "nicht"}
)
"""Words before the name of a drug which say that it is not taken, also those of other languages than English."""


class Said(Enum):
    """What a text says of the thing a pattern finds."""

    NOTHING = 0
    PAST = 1
    SUSPECTED = 2
    PRESENT = 3


def said(pattern: re.Pattern[str], text: str, *, of_action: bool = False) -> Said | None:
    """The most that any unguarded occurrence of the pattern in the text says; None when it does not occur.

    ``of_action``: the pattern finds something one orders or does, not something one has.
    """
    most = None
    for match in pattern.finditer(text):
        before, after = _clause(text, match.start(), match.end())
        found = _of_action(before) if of_action else _of_state(before, after)
        if found is Said.PRESENT:
            return found
        if most is None or found.value > most.value:
            most = found
    return most


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether the clause around a stretch of the text denies it, or is about the family."""
    return _of_state(*_clause(text, start, end)) is Said.NOTHING


def _of_action(before: str) -> Said:
    return Said.NOTHING if _REFUSED.search(before) else Said.PRESENT


def _of_state(before: str, after: str) -> Said:
    if _BEFORE.search(before) or _AFTER.search(after):
        return Said.NOTHING
    if _ASKS_FOR_ANOTHER.search(before):
        return Said.SUSPECTED
    if _FAMILY.search(before) or _FAMILY.search(after):
        return Said.NOTHING
    if _ASKED.search(before) or _ASKED_AFTER.search(after):
        return Said.SUSPECTED
    if _PAST.search(before) or _PAST_AFTER.search(after):
        return Said.PAST
    return Said.PRESENT


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """The words of the clause before and after the match."""
    opening = 0
    while end < len(text) and text[end].isalnum():  # a pattern may end inside a word
        end += 1
    for found in _BREAK.finditer(text, 0, start):
        opening = found.end()
    closing = _BREAK.search(text, end)
    return text[opening:start], text[end : closing.start() if closing else len(text)]
