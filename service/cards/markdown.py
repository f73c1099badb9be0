"""Text from the record made harmless in markdown (CA-4): it can become neither markup nor a link, nor break a table."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 160

# What could become markup where it stands: a sign between blanks, inside a word or before a number mostly cannot.
_SPECIAL = re.compile(r"[`~|]|(?<!\s)\*|\*(?!\s)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\\(?=[!-/:-@\[-`{-~]|$)")
_BRACKET = re.compile(r"\[")
# Without one of these a bracket can begin no link, no note and no box to tick.
_LINKING = re.compile(r"^\[|\][(\[]|\]$")
# A rule, a heading, a quote, a list; the backslash goes before the sign that makes it one.
_LINE_START = re.compile(r"^(?=[-=]+\s*$|[-+](?:\s|$)|#{1,6}(?:\s|$)|>)|^\d{1,9}(?=[.)](?:\s|$))")
_TAG = re.compile(r"<(?![\s\d=])")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*):(?=\S)")
_HARMLESS = re.compile(r"(?!\d+[.)](?: |$))[A-Za-z0-9][A-Za-z0-9,.;/'\"%()-]*(?: [A-Za-z0-9,.;/'\"%()-]+)*")
_WWW = re.compile(r"(?i)\bwww\.(?=\S)")


def plain(text: str) -> str:
    """One line of at most ``LONGEST`` characters, without control or direction characters; still unescaped."""
    # Most text is printable ASCII, in which there is nothing to hide; looking at each character costs most of a card.
    line = " ".join((text if text.isascii() and text.isprintable() else _visible(text)).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _visible(text: str) -> str:
    visible = "".join(" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in text)
    # Direction marks could reorder what the clinician reads; other letters and signs stay as they are (TR-7).
    return "".join(char for char in visible if unicodedata.category(char) not in {"Cf", "Cs", "Co"})


@lru_cache(maxsize=2048)
def escaped(text: str) -> str:
    """Text from outside as markdown that shows exactly that text: no HTML, no links, no table pipes.

    Only what markdown would turn into markup is escaped: a client that shows the text as it is shows no backslashes in
    "(procedure)" or "39.0". GFM turns bare addresses into links even without brackets, so the sign that would make one
    is set apart with a space.
    """
    # Most text is one plain line that holds no sign that could do anything: one look instead of ten.
    is_line = len(text) <= LONGEST and _HARMLESS.fullmatch(text) is not None
    line = text if is_line else plain(text)
    return line if is_line and "www." not in text.lower() else _disarmed(line)


def _disarmed(line: str) -> str:
    line = _TAG.sub("&lt;", _ENTITY.sub("&amp;", line))
    line = _SPECIAL.sub(r"\\\g<0>", line)
    line = _BRACKET.sub(r"\\[", line) if _LINKING.search(line) else line
    line = _SCHEME.sub(r"\1: ", line)
    line = _WWW.sub("www. ", line).replace("@", " (at) ")
    return _LINE_START.sub(r"\g<0>\\", line)
