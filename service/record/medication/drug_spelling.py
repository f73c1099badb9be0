"""Drug spelling: one key for the spellings of an international name in several languages.

International names differ between languages by rules: ibuprofène, ibuprofeno, Ibuprofen; hydrochlorothiazide,
Hydrochlorothiazid, hidroclorotiazida. The key drops what those rules change. It is used only for words that are no
name as they stand, and only where one key means one drug.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SHORTEST_KEY = 6
"""Shorter keys would make ordinary words into drugs."""

_FOLDS = (("ph", "f"), ("qu", "c"), ("ou", "u"), ("ae", "e"), ("oe", "e"))
_LETTERS = str.maketrans({"h": None, "y": "i", "k": "c", "z": "s"})
_DOUBLE = re.compile(r"(.)\1")
_ENDINGS = ("ium", "um", "a", "e", "o")
_VOWELS = re.compile("[aeiouy]")
_ACID = (
    ("acid", re.compile(r"\bacid[oe]\s+(\w+?)(?:ico|ique)\b"), r"\1ic acid"),
    ("saure", re.compile(r"\b(\w{3,}?)(?:in|yl)?saure\b"), r"\1ic acid"),
    ("saure", re.compile(r"\b(\w{3,}?)saure\b"), r"\1ic acid"),
)
_JOINED_SALTS = re.compile(
    r"(?:di|tri|mono|hemi)?(?:natrium|kalium|calcium|magnesium|hydrochlorid|hydrobromid|succinat|tartrat|maleat|mesilat|mesylat"
    r"|besilat|besylat|fumarat|sulfat|phosphat|citrat|acetat|carbonat|lysinat|nitrat|valerat|propionat|hydrat|hydrogentartrat)e?$"
)

_BIOLOGIC_SUFFIX = re.compile(
    r"((?:mab|cept|grastim|sulin|poetin|alfa|beta|human|bovine|equine|ase|kin|tropin|\)))-[a-z]{4}\b"
)
"""Four letters without a meaning that tell biosimilars of one substance apart in the United States."""


def plain(text: str) -> str:
    """The text in lower case without accents and without the four letters that tell biosimilars apart."""
    if text.isascii():
        flat = text.lower()
    else:
        lowered = unicodedata.normalize("NFKD", text.replace("ß", "ss").lower())
        flat = "".join(letter for letter in lowered if not unicodedata.combining(letter))
    return _BIOLOGIC_SUFFIX.sub(r"\1", flat) if "-" in flat else flat


def key(name: str) -> str:
    """What all spellings of one name share; the name is plain (see ``plain``)."""
    for letters, one in _FOLDS:
        name = name.replace(letters, one)
    name = name.translate(_LETTERS)
    if name.startswith(("esp", "est")):
        name = name[1:]
    if _DOUBLE.search(name):
        name = _DOUBLE.sub(r"\1", name)
    for ending in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def consonants(name: str) -> str:
    """The first letter and the consonants after it: what is left of a name when vowels are dropped to make it short."""
    return name[:1] + _VOWELS.sub("", name[1:])


def wordings(text: str) -> Iterator[str]:
    """The plain text, and the same with acids written the English way ("acide mefenamique": "mefenamic acid")."""
    yield text
    for letters, pattern, replacement in _ACID:
        if letters not in text:
            continue
        changed = pattern.sub(replacement, text)
        if changed != text:
            yield changed


def without_salt(word: str) -> str | None:
    """The word without a salt joined to it in the German way ("metoprololsuccinat"); None when there is none."""
    found = _JOINED_SALTS.search(word)
    return word[: found.start()] if found and found.start() >= SHORTEST_KEY - 1 else None
