"""Negation: whether words of the record are about something present, past, or not there at all.

Used where a concept has no code that is known (terminology.md 4.9). The guards are English, German, French and Spanish,
as are the patterns of the signs of cauda equina. A match is guarded: words that deny it ("ruled out") or are about
somebody else make it no match; those that ask the question ("rule out", "r/o", "?") make it suspected; "history of"
makes it a thing of the past. Deliberately blunt: a guarded match counts as nothing recorded, never as a "no".

A denial reaches what it denies, and no further: "denies fever, has foot drop" is foot drop. Where it is not sure what
is denied ("no trauma, foot drop"), or the lack is the sign ("no bladder control"), or it is taught or feared and
perhaps not there, the text is doubtful: neither a sign nor its absence, so the entry was not read.
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
# A clause of its own after a comma: "denies fever, has foot drop". A denial before it does not reach into it.
_NEW_STATEMENT = re.compile(
    r",\s*(?:(?:and|now|also|(?:the\s+)?patient|he|she)\s+)*(?:has|have|had|having|with|known|presents?|presenting|reports?"
    r"|complain\w*|developed|develops|now|hat|mit|jetzt|bekannte[nrs]?|avec|connue?|con|tiene|presenta)\b",
    re.IGNORECASE,
)
# "Not improving sciatica" is sciatica, and what could not be ruled out is open.
_BEFORE = re.compile(
    r"\b(?:no(?!\s+doubt)|not(?!\s+(?:improv|resolv|respond|controlled|better|reliev|settl|only"
    r"|(?:be\s+)?(?:rul|exclud)))|denie[sd]|denying|without|w/o|never"
    r"|negative|neg|free\s+of|absence\s+(?:of|d[e'])|absent|(?<!not\s)(?<!not\sbe\s)ruled\s+out"
    r"|(?<!not\s)(?<!not\sbe\s)excluded|unlikely|doubt"
    r"|screen(?:ing)?\s+for|prevent(?:ion\s+of)?|prophylaxis|(?:at\s+)?risk\s+(?:of|for)|in\s+case\s+of"
    r"|keine?[nrms]?|ohne|nicht(?!\s+(?:ausgeschlossen|auszuschlie))|nie|verneint|sans|pas\s+d[e']|aucune?|sin|niega"
    r"|ning\u00fan|ninguna)(?<!')\b|\b(?:pas|absence)\s+d'|\(\s*-\s*\)",
    re.IGNORECASE,
)
# Such a denial goes on over commas; "no" and "without" do so only where an "or" shows that a list is meant.
_DENIES_A_LIST = re.compile(r"denie[sd]|denying|negative|neg|free\s+of|absence\s+of|verneint|niega", re.IGNORECASE)
_OR = re.compile(r"\b(?:or|nor|oder|noch|ou|ni)\b|[a-z]/[a-z]", re.IGNORECASE)
# "No improvement in foot drop" is foot drop.
_NO_CHANGE = re.compile(
    r"\s+(?:\w+\s+){0,2}?(?:improve\w*|resolution|recovery|better\w*|relief|changes?|reduction|response|progress"
    r"|besserung|ver\u00e4nderung|\u00e4nderung|r\u00fcckgang|am\u00e9lioration|changement|mejor\u00eda|cambios?)\b",
    re.IGNORECASE,
)
# Of these the lack is the sign.
_LACKED = re.compile(
    r"\b(?:control|sensation|sensations|feelings?|tone|function|power|movements?|reflex(?:es)?|pulses?|output|able|longer"
    r"|urine|gef\u00fchl|kontrolle|sensibilit\w+|contr\u00f4le|sensations?|sensibilidad)\b",
    re.IGNORECASE,
)
LESS = re.compile(
    r"\b(?:loss|lost|los(?:e|ing)|reduc\w+|decreas\w+|diminish\w+|impair\w+|alter\w+|abnormal\w*|deficits?|disturb\w+|chang\w+"
    r"|absen\w+|problems?|issues?|troubles?|difficult\w+|concerns?|complain\w*|dysfunction|symptoms?|numb\w*|weak\w*"
    r"|verlust|st\u00f6rung\w*|perte|p\u00e9rdida)\b",
    re.IGNORECASE,
)
"""Words that tell of a loss: "no loss of sensation" denies it, "no sensation" is the sign."""
# After these words something else than what is denied may be told.
_TURNS = re.compile(
    r"\b(?:since|due\s+to|because|secondary\s+to|caused\s+by|from|after|following|until|till|despite|against|develop\w*"
    r"|presents?|reports?|seit|wegen|durch|nach|depuis|desde)\b|\w\s*:",
    re.IGNORECASE,
)
_IS_THERE = re.compile(
    r"^\W{0,3}(?:is\s+|are\s+)?(?:positive|pos|present|confirmed|yes|ja|oui|noted|found)\b|^\s*\+", re.IGNORECASE
)
_UNTIL_NOW = re.compile(
    r"\b(?:before|until|till|prior\s+to|bis|vor|avant|jusqu\W\w+)\s+(?:today|now|yesterday|this|last|heute|gestern)\b",
    re.IGNORECASE,
)
_WORRIED = (
    r"\b(?:fear(?:s|ed|ing)?(?:\s+of)?|afraid\s+of|worr(?:y|ies|ied|ying)\s+(?:about|of|that|over)|anxi(?:ous|ety)\s+about"
    r"|concern(?:s|ed|ing)?\s+(?:for|about|of|re|regarding|that)|wants?\s+to\s+rule\s+out|asks?\s+about|thinks?)\b"
)
_ASKED = re.compile(
    r"\b(?:rules?\s+out|ruling\s+out|r/o|excludes?|excluding|quer(?:y|ying)"
    r"|worr(?:y|ies|ied)\s+(?:about|of)|anxi(?:ous|ety)\s+about|concern(?:s|ed|ing)?\s+(?:for|about|of|re|regarding)"
    r"|auszuschlie(?:ss|\u00df)en|descartar|exclure|\u00e9liminer"
    r"|(?:sorge|bedenken)\s+(?:wegen|vor|um|bez\u00fcglich)|besorgt\s+(?:wegen|um))(?!\w)|\?",
    re.IGNORECASE,
)
_ASKED_AFTER = re.compile(r"^\s*(?:(?:disease|syndrome|disorder)\s*)?\?", re.IGNORECASE)
_AFTER = re.compile(
    r"^(?:\W{1,3}(?:disease|syndrome|disorder|bleed(?:ing)?|fracture|injury|failure|compression|infection))?"
    r"\W{0,3}(?:(?:is|are|was|were|has\s+been|have\s+been|appears?|looks?|remains?)\s+)?"
    r"(?:normal(?!\s+(?:ejection|ef|lv|left))|unremarkable|ruled\s+out|excluded|unlikely|negative|absent|denied|not\s+(?:present|found|seen|likely|suspected)"
    r"|ausgeschlossen|verneint|exclue?|descartad[oa]|negado)\b"
    r"|^\W{0,3}(?:risk|screening|prevention|prophylaxis|precautions?|education)\b|^\s*[-:=(,]?\s*(?:no|none|neg|nil|nein|nee|non|absent|-ve)\s*\)?\s*$"
    r"|^\s*\(\s*-\s*\)",
    re.IGNORECASE,
)
# What is taught, feared or watched for is perhaps not there, and perhaps it is why it is taught.
_TAUGHT = re.compile(
    r"\b(?:counsel\w*|advi[sc]ed?|advice|educat\w+|inform\w*|warn\w*|discuss\w*|explain\w*|safety[- ]?net\w*|leaflets?"
    r"|handouts?|return|come\s+back|re-?attend|aufkl\u00e4rung|aufgekl\u00e4rt)\b(?:\s+\w+){0,3}?\s*(?:\b(?:about|on|re|regarding|if"
    r"|\u00fcber|wenn)\b|:)|\b(?:watch\w*|look(?:ing)?(?:\s+out)?|monitor\w*)\s+(?:out\s+)?for\b"
    r"|\bfear(?:s|ed|ing|ful)?(?:\s+of)?\b|\bafraid\s+of\b|\bphobia\s+of\b|\b(?:angst|furcht)\s+(?:vor|um)\b"
    r"|\bausschlu(?:ss|\u00df)\b",
    re.IGNORECASE,
)
_TAUGHT_AFTER = re.compile(
    r"^\W{0,3}(?:(?:syndrome|symptoms?|signs?|red\s+flags?|warning)\s+)*(?:leaflet|handout|advice|information|explained"
    r"|discussed|counsel\w*|explanation|safety|phobia|nurse|clinic|ward)\b",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:family|fh|fhx|famhx|mother|father|brother|sister|sibling|parent|maternal|paternal|aunt|uncle"
    r"|grandmother|grandfather|grandparent|son|daughter|cousin|relative|wife|husband|partner|friend|(?:boy|girl)friend"
    r"|colleague|neighbou?r|co-?worker|room-?mate|flat-?mate|fianc\u00e9e?)s?\b"
    r"|\b(?:familienanamnese|mutter|vater|bruder|schwester|ant\u00e9c\u00e9dents?\s+famili\w+|antecedentes\s+familiares|m\u00e8re"
    r"|p\u00e8re|fr\u00e8re|s\u0153ur|madre|padre|herman[oa])\b"
    r"|\b(?:carer|caregiver|cares|caring|looks?\s+after|looking\s+after)\s+(?:of|for)?\b|\bf(?:o)?etal\b"
    r"|\b(?:dog|cat|pet|horse)\s+(?:has|had|with)\b|\b(?:in|of)\s+(?:(?:a|the|his|her|my)\s+)?(?:dog|cat|pet|horse|f(?:o)?etus)\b",
    re.IGNORECASE,
)
# Whose it is stands right behind it: "heart failure (mother)", "stroke in his father aged 60".
_OF_THE_FAMILY = re.compile(
    rf"^[\s,(:-]{{0,3}}(?:(?:disease|syndrome|disorder)\s+)?(?:(?:in|of|by|on|for)\s+)?(?:(?:a|the|his|her|my|patient'?s?|strong|positive)\s+)*"
    rf"(?:{_FAMILY.pattern})(?:\s+(?:side|history|hx|members?|aged?|at|\d+|and|in|died|dx|of\s+(?:patient|fetus|foetus)))*\W*(?:$|,|\d)",
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

# "Hx: foot drop 2 days" is the history of now.
_RECENT = re.compile(
    r"^[^,]*\b(?:since|today|yesterday|tonight|this\s+(?:morning|afternoon|evening|week)|last\s+night"
    r"|(?:\d+|one|two|three|few)\s*(?:h|hrs?|hours?|d|days?)|\d+\s*/\s*(?:7|24)|seit|depuis|desde)\b(?!\s+ago)",
    re.IGNORECASE,
)

DRUG_NEGATIONS = frozenset(
    {"no", "not", "avoid", "without", "never", "kein", "keine", "ohne", "sans", "sin", "non", "nicht"}
)
"""Words before the name of a drug which say that it is not taken, also those of other languages than English."""


_ALLERGY_PART = re.compile(r"\s*[;,\n]\s*|\.\s+")
_ANIMAL = re.compile(r"\b(?:hair|dander|epitheli\w*|saliva|fur)\b", re.IGNORECASE)
_NO_REACTION = re.compile(
    r"(?<!not\s)(?<!poorly\s)\btolerat(?:es|ed|ing)\b|\bcan\s+take\b|\bno\s+(?:problems?|reactions?)\s+(?:with|to)\b"
    rf"|\bentered\s+in\s+error\b|(?:{_FAMILY.pattern})",
    re.IGNORECASE,
)
_NEAR = 20
"""So many letters after a match may still say what of it is denied."""


class Said(Enum):
    """What a text says of the thing a pattern finds."""

    NOTHING = 0
    DOUBTFUL = 1
    """Whether it is denied or there cannot be told."""
    PAST = 2
    SUSPECTED = 3
    PRESENT = 4


def said(pattern: re.Pattern[str], text: str, *, of_action: bool = False) -> Said | None:
    """The most that any unguarded occurrence of the pattern in the text says; None when it does not occur.

    ``of_action``: the pattern finds something one orders or does, not something one has.
    """
    most = None
    for match in pattern.finditer(text):
        found = _of_action(text, match) if of_action else _of_state(text, *match.span())
        if found is Said.PRESENT:
            return found
        if most is None or found.value > most.value:
            most = found
    return most


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether the clause around a stretch of the text surely denies it, or is about somebody else."""
    return _of_state(text, start, end) is Said.NOTHING


def of_an_allergy(text: str) -> str:
    """The parts of the text of an allergy that tell of a reaction of the patient; "" where none does."""
    if not _NO_REACTION.search(text) or _ANIMAL.search(text):
        return text
    return "; ".join(part for part in _ALLERGY_PART.split(text) if part and not _NO_REACTION.search(part))


def _of_action(text: str, match: re.Match[str]) -> Said:
    before, _ = _clause(text, match.start(), match.end())
    return Said.NOTHING if _REFUSED.search(before) else Said.PRESENT


def _of_state(text: str, start: int, end: int) -> Said:
    before, after = _clause(text, start, end)
    statement = _after_last(_NEW_STATEMENT, before)
    if _AFTER.search(after):
        return Said.NOTHING
    denied = _denial(statement, text[start:end], after)
    if denied is not None:
        return denied
    if _ASKS_FOR_ANOTHER.search(before):
        return Said.SUSPECTED
    about = _about_another(before, statement, after)
    if about is not None:
        return about
    if _TAUGHT.search(statement) or _TAUGHT_AFTER.search(after):
        return Said.DOUBTFUL
    if _ASKED.search(before) or _ASKED_AFTER.search(after):
        return Said.SUSPECTED
    if _PAST.search(before) or _PAST_AFTER.search(after):
        return Said.PRESENT if _RECENT.search(after) else Said.PAST
    return Said.PRESENT


def _about_another(before: str, statement: str, after: str) -> Said | None:
    """Whether it is said of the family or somebody else; doubtful where the words only stand in the same clause."""
    if _FAMILY.search(statement) or _OF_THE_FAMILY.search(after):
        return Said.NOTHING
    return Said.DOUBTFUL if _FAMILY.search(before) or _FAMILY.search(after) else None


def _denial(statement: str, matched: str, after: str) -> Said | None:
    """What a word of denial before a match makes of it: nothing, or doubtful; None where none stands there."""
    denials = list(_BEFORE.finditer(statement))
    if not denials:
        return None
    denial = denials[-1]
    between = statement[denial.end() :]
    around = f"{between}{matched}{after[:_NEAR]}"
    if _LACKED.search(around):
        return Said.NOTHING if LESS.search(around) else Said.DOUBTFUL
    if _NO_CHANGE.match(between):
        return None
    if _TURNS.search(between) or _UNTIL_NOW.search(after):
        return Said.DOUBTFUL
    _, comma, listed = between.partition(",")
    if not comma:
        return Said.NOTHING
    is_list = _DENIES_A_LIST.fullmatch(denial[0]) is not None and not _IS_THERE.search(after)
    return Said.NOTHING if is_list or _OR.search(f"{listed}{matched}{after}") else Said.DOUBTFUL


def _after_last(pattern: re.Pattern[str], text: str) -> str:
    start = 0
    for found in pattern.finditer(text):
        start = found.start()
    return text[start:]


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """The words of the clause before and after the match."""
    opening = 0
    while end < len(text) and text[end].isalnum():  # a pattern may end inside a word
        end += 1
    for found in _BREAK.finditer(text, 0, start):
        opening = found.end()
    closing = _BREAK.search(text, end)
    return text[opening:start], text[end : closing.start() if closing else len(text)]
