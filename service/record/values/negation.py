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
from collections.abc import Iterable
from enum import Enum

from service.record.values.caseless import Caseless, Span
from service.record.values.rare import Rare

# A clause ends the reach of the guards before a match. A colon does not: "Rule out: fracture".
# Nor do the points of "Z.n." and "V.a.", history and suspicion in German.
_STOP = re.compile(r"\.(?<!\bz\.)(?<!\bz\.n\.)(?<!\bz\. n\.)(?<!\bv\.)(?<!\bv\.a\.)(?<!\bv\. a\.)|;|\n", re.IGNORECASE)
_BUT = Rare(r"\b(?:but|however|although|aber|except(?:ing)?|apart\s+from|other\s+than|aside\s+from)\b")
# A clause of its own after a comma: "denies fever, has foot drop". A denial before it does not reach into it.
_NEW_STATEMENT = Caseless(
    r",\s*(?:(?:and|now|also|(?:the\s+)?patient|he|she)\s+)*(?:has|have|had|having|with|known|presents?|presenting|reports?"
    r"|complain\w*|developed|develops|now|hat|mit|jetzt|bekannte[nrs]?|avec|connue?|con|tiene|presenta)\b"
)
# "Triple negative breast cancer" is cancer: what a tumour or germ lacks says which it is. "Node negative for" denies.
_MARKERS = (
    *("her2", "her-2", "triple", "receptor", "chromosome", "species 1", r"factor \d", r"\ber", r"\bpr", "egfr"),
    *(r"\balk", "ros1", "brca", r"brca\d", "kras", "braf", r"cd\d\d", r"cd-\d\d", "t-cell", "b-cell", "eag", "b27"),
    *("abl", "node", "rh"),
)
_NEGATIVE = "".join(rf"(?<!{marker}[\s-])" for marker in _MARKERS) + r"negative|negative(?=\s+for\b)"
# "Not improving sciatica" is sciatica, and what could not be ruled out is open.
_BEFORE = Rare(
    r"\b(?:no(?!\s+doubt)|not(?!\s+(?:improv|resolv|respond|controlled|better|reliev|settl|only"
    r"|(?:be\s+)?(?:rul|exclud)))|denie[sd]|denying|without|w/o|never"
    rf"|{_NEGATIVE}|neg|free\s+of|absence\s+(?:of|d[e'])|absent|(?<!not\s)(?<!not\sbe\s)ruled\s+out"
    r"|(?<!not\s)(?<!not\sbe\s)excluded|unlikely|doubt"
    r"|screen(?:ing)?\s+for|prevent(?:ion\s+of)?|prophylaxis|(?:at\s+)?risk\s+(?:of|for)|in\s+case\s+of"
    r"|keine?[nrms]?|ohne|nicht(?!\s+(?:ausgeschlossen|auszuschlie))|nie|verneint|sans|pas\s+d[e']|aucune?|sin|niega"
    r"|ning\u00fan|ninguna|(?<!no\s)descartad[oa]s?|(?<!non\s)esclus[oa]|(?<!n\u00e3o\s)exclu\u00edd[oa]"
    r"|geen|zonder|senza|assenza\s+di|nega|non\s+(?:ha|presenta)|sem(?=\s+(?:febre|perda|sinais|d\u00e9fice|hist\u00f3ria))|aus\u00eancia\s+de|brak|bez)(?<!')\b|\b(?:pas|absence)\s+d'|\(\s*-\s*\)"
)
# Such a denial goes on over commas; "no" and "without" do so only where an "or" shows that a list is meant.
_DENIES_A_LIST = re.compile(r"denie[sd]|denying|negative|neg|free\s+of|absence\s+of|verneint|niega", re.IGNORECASE)
_OR = Caseless(r"\b(?:or|nor|oder|noch|ou|ni)\b|[a-z]/[a-z]")
# "No improvement in foot drop" is foot drop.
_NO_CHANGE = Caseless(
    r"\s+(?:\w+\s+){0,2}?(?:improve\w*|resolution|recovery|better\w*|relief|changes?|reduction|response|progress"
    r"|besserung|ver\u00e4nderung|\u00e4nderung|r\u00fcckgang|am\u00e9lioration|changement|mejor\u00eda|cambios?)\b"
)
# Of these the lack is the sign.
_LACKED = Caseless(
    r"\b(?:control|sensation|sensations|feelings?|tone|function|power|movements?|reflex(?:es)?|pulses?|output|able|longer"
    r"|urine|gef\u00fchl|kontrolle|sensibilit\w+|contr\u00f4le|sensations?|sensibilidad)\b"
)
LESS = Caseless(
    r"\b(?:loss|lost|los(?:e|ing)|reduc\w+|decreas\w+|diminish\w+|impair\w+|alter\w+|abnormal\w*|deficits?|disturb\w+|chang\w+"
    r"|absen\w+|problems?|issues?|troubles?|difficult\w+|concerns?|complain\w*|dysfunction|symptoms?|numb\w*|weak\w*"
    r"|verlust|st\u00f6rung\w*|perte|p\u00e9rdida)\b"
)
"""Words that tell of a loss: "no loss of sensation" denies it, "no sensation" is the sign."""
# After these words something else than what is denied may be told.
_TURNS = Caseless(
    r"\b(?:since|due\s+to|because|secondary\s+to|caused\s+by|from|after|following|until|till|despite|against|develop\w*"
    r"|presents?|reports?|seit|wegen|durch|nach|depuis|desde)\b|\w\s*:"
)
_IS_THERE = Caseless(r"^\W{0,3}(?:is\s+|are\s+)?(?:positive|pos|present|confirmed|yes|ja|oui|noted|found)\b|^\s*\+")
_UNTIL_NOW = Caseless(
    r"\b(?:before|until|till|prior\s+to|bis|vor|avant|jusqu\W\w+)\s+(?:today|now|yesterday|this|last|heute|gestern)\b"
)
_WORRIED = (
    r"\b(?:fear(?:s|ed|ing)?(?:\s+of)?|afraid\s+of|worr(?:y|ies|ied|ying)\s+(?:about|of|that|over)|anxi(?:ous|ety)\s+about"
    r"|concern(?:s|ed|ing)?\s+(?:for|about|of|re|regarding|that)|wants?\s+to\s+rule\s+out|asks?\s+about|thinks?)\b"
)
_ASKED = Rare(
    r"\b(?:rules?\s+out|ruling\s+out|r/o|excludes?|excluding|quer(?:y|ying)"
    r"|worr(?:y|ies|ied)\s+(?:about|of)|anxi(?:ous|ety)\s+about|concern(?:s|ed|ing)?\s+(?:for|about|of|re|regarding)"
    r"|auszuschlie(?:ss|\u00df)en|descartar|exclure|\u00e9liminer"
    r"|(?:sorge|bedenken)\s+(?:wegen|vor|um|bez\u00fcglich)|besorgt\s+(?:wegen|um))(?!\w)|\?"
)
_ASKED_AFTER = Rare(r"^\s*(?:(?:disease|syndrome|disorder)\s*)?\?")
_AFTER = Rare(
    r"^(?:\W{1,3}(?:disease|syndrome?|disorder|bleed(?:ing)?|fracture|injury|failure|compression|infection|fraktur|blutung))?"
    r"\W{0,3}(?:(?:is|are|was|were|has\s+been|have\s+been|appears?|looks?|remains?|ist|wurde)\s+)?"
    r"(?:normal(?!\s+(?:ejection|ef|lv|left))|unremarkable|ruled\s+out|excluded|unlikely|negative(?!\s+for\b)|absent|denied|not\s+(?:present|found|seen|likely|suspected)"
    r"|ausgeschlossen|verneint|exclue?|descartad[oa]|negado)\b"
    r"|^\W{0,3}(?:risk|screening|prevention|prophylaxis|precautions?|education)\b"
    r"|^(?:\s+(?:disease|syndrome|disorder|symptoms?|signs?))?\s*[-:=(,?]?\s*(?:no|none|neg|nil|nein|nee|non|never|absent|-ve)\s*\)?\s*$"
    r"|^(?:\s+(?:disease|syndrome|disorder|symptoms?|signs?))?\s*(?:[:=?]\s*(?:n|0|false)\s*$|[-:=?]?\s*(?:no|none|nil|neg|nein|nee)\s*,"
    r"(?=.*\b(?:no|none|nil|neg|nein|nee)[\s.)]*$))"
    r"|^\s*\(\s*-\s*\)"
)
_ENDS_DENIED = Caseless(
    r"\s*(?:[-:=(,?]?\s*\b(?:no|none|neg|negative|nil|never|absent|denied|nein|nee|non)|[:=?]\s*(?:n|0|false))\s*\)?[\s.!]*$"
)
_GONE_AFTER = Caseless(r"^\W{0,3}(?:(?:is|are|was|were)\s+)?(?:absent|no|none|nil|lost|gone)\b")
# "AAA 2.0 cm normal", "?CES - MRI normal": what was looked for was not found.
_NORMAL_SIZE = Caseless(r"^\W{0,3}\d+(?:[.,]\d+)?\s*(?:cm|mm)\W{1,3}(?:normal|no\s+aneurysm)\s*$")
_LOOKED_FOR = Caseless(
    r"\b(?:mri?|ct|scans?|imaging|x-?rays?|xr|ultrasound|uss?|duplex|doppler|bloods?|tests?|investigations?|work-?up|exam\w*)"
    r"\s+(?:\w+\s+){0,2}?(?:is\s+|was\s+|were\s+|[:=-]\s*)?(?:normal|clear|negative|neg|nad|unremarkable)\b"
)
# What is taught, feared or watched for is perhaps not there, and perhaps it is why it is taught.
_TAUGHT = Rare(
    r"\b(?:counsel\w*|advi[sc]ed?|advice|educat\w+|inform\w*|warn\w*|discuss\w*|explain\w*|safety[- ]?net\w*|leaflets?"
    r"|handouts?|return|come\s+back|re-?attend|aufkl\u00e4rung|aufgekl\u00e4rt)\b(?:\s+\w+){0,3}?\s*(?:\b(?:about|on|re|regarding|if"
    r"|\u00fcber|wenn)\b|:)|\b(?:watch\w*|look(?:ing)?(?:\s+out)?|monitor\w*)\s+(?:out\s+)?for\b"
    r"|\bask(?:ed|ing)?\s+(?:about|for)\b|\blow\s+(?:suspicion|likelihood|probability|risk)\s+(?:of|for)\b"
    r"|\bfear(?:s|ed|ing|ful)?(?:\s+of)?\b|\bafraid\s+of\b|\bphobia\s+of\b|\b(?:angst|furcht)\s+(?:vor|um)\b"
    r"|\bausschlu(?:ss|\u00df)\b"
)
_TAUGHT_AFTER = Rare(
    r"^\W{0,3}(?:(?:syndrome|symptoms?|signs?|red\s+flags?|warning)\s+)*(?:leaflet|cards?|handout|advice|information|explained"
    r"|discussed|counsel\w*|explanation|safety|phobia|nurse|clinic|ward)\b"
)
_FAMILY = Rare(
    r"\b(?:family|fh|fhx|famhx|mother|father|brother|sister|sibling|parent|maternal|paternal|aunt|uncle"
    r"|grandmother|grandfather|grandparent|son|daughter|cousin|relative|wife|husband|partner|friend|(?:boy|girl)friend"
    r"|colleague|neighbou?r|co-?worker|room-?mate|flat-?mate|fianc\u00e9e?)s?\b"
    r"|\b(?:familienanamnese|mutter|vater|bruder|schwester|ant\u00e9c\u00e9dents?\s+famili\w+|antecedentes\s+familiares|m\u00e8re"
    r"|p\u00e8re|fr\u00e8re|s\u0153ur|madre|padre|herman[oa])\b"
    r"|\b(?:carer|caregiver|cares|caring|looks?\s+after|looking\s+after)\s+(?:of|for)?\b|\bf(?:o)?etal\b"
    r"|\b(?:dog|cat|pet|horse)\s+(?:has|had|with)\b|\b(?:in|of)\s+(?:(?:a|the|his|her|my)\s+)?(?:dog|cat|pet|horse|f(?:o)?etus)\b"
)
# Whose it is stands right behind it: "heart failure (mother)", "stroke in his father aged 60".
_OF_THE_FAMILY = Caseless(
    rf"^[\s,(:-]{{0,3}}(?:(?:disease|syndrome|disorder)\s+)?(?:(?:in|of|by|on|for)\s+)?(?:(?:a|the|his|her|my|patient'?s?|strong|positive)\s+)*"
    rf"(?:{_FAMILY.pattern})(?:\s+(?:side|history|hx|members?|aged?|at|\d+|and|in|died|dx|of\s+(?:patient|fetus|foetus)))*\W*(?:$|,|\d)"
)
# "Wife worried about cancer": whose cancer it may be is not said, so that the question is open for the patient too.
_ASKS_FOR_ANOTHER = Rare(rf"(?:{_FAMILY.pattern})\s+(?:\w+\s+){{0,2}}(?:{_WORRIED})(?!.*(?:{_FAMILY.pattern}))")
_PAST = Rare(
    r"\b(?:history\s+of|hx|h/o|past(?:\s+medical)?\s+history|pmh|previous|previously|prior|former|formerly|s/p"
    r"|status\s+post|resolved|zustand\s+nach|anamnestisch|fr\u00fcher\w*|ant\u00e9c\u00e9dents?|antecedentes?)\b"
    r"|\bz\.\s?n\.|\b(?:old|past)\s+$"
)
_PAST_AFTER = Rare(r"^\W{0,3}(?:resolved|in\s+remission|in\s+the\s+past)\b|^\s*[,(-]\s*(?:history|past|old)\b")
# What is ordered or done is often named beside the question it should answer ("Rule out fracture: MRI lumbar
# spine"), so that only a refusal close by denies it.
_REFUSED = Caseless(r"\b(?:no|not|without|decline[sd]?|refuse[sd]?|cancel(?:led|ed)?|avoid)\s+(?:\w+\s+){0,2}$")

# "Hx: foot drop 2 days" is the history of now.
_RECENT = Caseless(
    r"^[^,]*\b(?:since|today|yesterday|tonight|this\s+(?:morning|afternoon|evening|week)|last\s+night"
    r"|(?:\d+|one|two|three|few)\s*(?:h|hrs?|hours?|d|days?)|\d+\s*/\s*(?:7|24)|seit|depuis|desde)\b(?!\s+ago)"
)

GUARDS = (
    *(_AFTER, _BEFORE, _ASKS_FOR_ANOTHER, _FAMILY, _TAUGHT, _TAUGHT_AFTER, _ASKED, _ASKED_AFTER, _PAST, _PAST_AFTER),
)
"""What may say of a thing that is named that it is not there, not now, or not the patient's."""

DRUG_NEGATIONS = frozenset(
    {"no", "not", "avoid", "without", "never", "kein", "keine", "ohne", "sans", "sin", "non", "nicht"}
)
"""Words before the name of a drug which say that it is not taken, also those of other languages than English."""


_ALLERGY_PART = re.compile(r"\s*[;,\n]\s*|\.\s+")
_ANIMAL = Caseless(r"\b(?:hair|dander|epitheli\w*|saliva|fur)\b")
_NO_REACTION = Rare(
    r"(?<!not\s)(?<!poorly\s)\btolerat(?:es|ed|ing)\b|\bcan\s+take\b|\bno\s+(?:problems?|reactions?)\s+(?:with|to)\b"
    rf"|\bentered\s+in\s+error\b|(?:{_FAMILY.pattern})"
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


def said(text: str, spans: Iterable[Span], guards: Guards, *, of_action: bool = False) -> Said:
    """The most that a text says of any of the stretches in which something is named.

    ``guards`` are those of ``GUARDS`` that may be found in it. ``of_action``: what is named is something one orders or
    does, not something one has.
    """
    most = Said.NOTHING
    for start, end in spans:
        found = _of_action(text, start, end) if of_action else _of_state(text, start, end, guards)
        if found is Said.PRESENT:
            return found
        if found.value > most.value:
            most = found
    return most


def is_denied(text: str, span: Span, guards: Guards) -> bool:
    """Whether the clause around a stretch of the text surely denies it, or is about somebody else."""
    return _of_state(text, *span, guards) is Said.NOTHING


def of_an_allergy(text: str) -> str:
    """The parts of the text of an allergy that tell of a reaction of the patient; "" where none does."""
    if not _NO_REACTION.search(text) or _ANIMAL.search(text):
        return text
    return "; ".join(part for part in _ALLERGY_PART.split(text) if part and not _NO_REACTION.search(part))


def before_denial(words: str) -> str:
    """The words that a denial at the end of a text is about ("foot drop: no"); "" where none stands there, or alone."""
    denial = _ENDS_DENIED.search(words)
    return words[: denial.start()].strip() if denial else ""


class Guards(frozenset[Caseless]):
    """The guards whose words stand anywhere in a text: no other need be tried on a part of it."""

    __slots__ = ()

    def find(self, guard: Caseless, part: str) -> bool:
        """Whether a guard is found in a part of the text."""
        return guard in self and guard.search(part) is not None


NO_GUARDS = Guards()


def _of_action(text: str, start: int, end: int) -> Said:
    before, _ = _clause(text, start, end)
    return Said.NOTHING if _REFUSED.search(before) else Said.PRESENT


def _of_state(text: str, start: int, end: int, guards: Guards) -> Said:
    if _NORMAL_SIZE.search(text[end:]):
        return Said.NOTHING
    if not guards:
        return Said.PRESENT
    before, after = _clause(text, start, end)
    statement = _after_last(_NEW_STATEMENT, before)
    if guards.find(_AFTER, after):
        return _denied_behind(f"{before}{text[start:end]}", text[start:end], after)
    denied = _denial(statement, text[start:end], after) if _BEFORE in guards else None
    if denied is not None:
        return denied
    if guards.find(_ASKS_FOR_ANOTHER, before):
        return Said.SUSPECTED
    about = _about_another(guards, before, statement, after)
    if about is not None:
        return about
    if guards.find(_TAUGHT, statement) or guards.find(_TAUGHT_AFTER, after):
        return Said.DOUBTFUL
    if guards.find(_ASKED, before) or guards.find(_ASKED_AFTER, after):
        return Said.DOUBTFUL if _LOOKED_FOR.search(text[end:]) else Said.SUSPECTED
    if guards.find(_PAST, before) or guards.find(_PAST_AFTER, after):
        return Said.PRESENT if _RECENT.search(after) else Said.PAST
    return Said.PRESENT


def _denied_behind(until: str, matched: str, after: str) -> Said:
    """What a denial behind a match makes of it: "anal tone: absent" is the sign, "loss of bladder control: no" none."""
    is_lack = _GONE_AFTER.search(after) and _LACKED.search(matched) and not LESS.search(until)
    return Said.DOUBTFUL if is_lack else Said.NOTHING


def _about_another(guards: Guards, before: str, statement: str, after: str) -> Said | None:
    """Whether it is said of the family or somebody else; doubtful where the words only stand in the same clause."""
    if _FAMILY not in guards:
        return None
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


def _after_last(pattern: Caseless, text: str) -> str:
    start = 0
    for found in pattern.finditer(text):
        start = found.start()
    return text[start:]


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """The words of the clause before and after the match."""
    opening = 0
    while end < len(text) and text[end].isalnum():  # a pattern may end inside a word
        end += 1
    for ends in (_STOP, _BUT):
        for found in ends.finditer(text, 0, start):
            opening = max(opening, found.end())
    closings = (next(ends.finditer(text, end), None) for ends in (_STOP, _BUT))
    closing = min((found.start() for found in closings if found), default=len(text))
    return text[opening:start], text[end:closing]
