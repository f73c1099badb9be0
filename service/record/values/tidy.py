"""Tidy: words as they are compared. What a sender's system left in them for the eye or for a page is taken out.

Blanks of every kind, marks that nobody sees, entities and tags of HTML, letters taken apart or written in full width,
and typographic dashes and quotes change no meaning, and none of the patterns expects them.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_TAG = re.compile(r"</?[a-z][a-z0-9]{0,10}(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)
_PASSES = 2
"""Entities are found escaped once more ("&amp;nbsp;")."""
_CACHED = 4_000
_LONGEST = 4_000
_LETTERS: dict[int, int | str | None] = {
    # Of what looks like something else only these: in others ("1½ tablets") a number would change.
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
    **{ord(joined): unicodedata.normalize("NFKC", joined) for joined in "\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"},
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE63), "-"),
    **dict.fromkeys((0x2018, 0x2019, 0x02BC, 0x2032), "'"),
    **dict.fromkeys((0x201C, 0x201D, 0x201E, 0x2033), '"'),
}


def tidied(text: str) -> str:
    """The text with one blank between its words and nothing in it that is not read; of very long ones the beginning."""
    is_plain = text.isascii() and text.isprintable() and "  " not in text and "&" not in text and "<" not in text
    return text.strip() if is_plain else _tidied(text[:_LONGEST])


@lru_cache(_CACHED)
def _tidied(text: str) -> str:
    for _ in range(_PASSES):
        if "&" in text:
            text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    return " ".join("".join(_seen(letter) for letter in text).split())


def _seen(letter: str) -> str:
    """The letter; nothing for a mark without width, a blank for a control character."""
    if letter.isascii():
        return letter if letter.isprintable() or letter.isspace() else " "
    return "" if unicodedata.category(letter) == "Cf" else letter
