"""Text from the record made harmless in markdown (CA-4): it can become neither markup nor a link, nor break a table."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 160

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~])")
# What would begin a list, a quote or a heading; the backslash goes before the sign that makes it one.
_LINE_START = re.compile(r"^(?=[-=>])|^\d+(?=[.)])")
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*):(?=\S)")
_WWW = re.compile(r"(?i)\bwww\.(?=\S)")


def plain(text: str) -> str:
    """One line of at most ``LONGEST`` characters, without control or direction characters; still unescaped."""
    visible = "".join(" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in text)
    # Direction marks could reorder what the clinician reads; other letters and signs stay as they are (TR-7).
    visible = "".join(char for char in visible if unicodedata.category(char) not in {"Cf", "Cs", "Co"})
    line = " ".join(visible.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """Text from outside as markdown that shows exactly that text: no HTML, no links, no table pipes.

    GFM turns bare addresses into links even without brackets, so the sign that would make one is
    set apart with a space.
    """
    line = plain(text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _SPECIAL.sub(r"\\\1", line)
    line = _LINE_START.sub(r"\g<0>\\", line)
    line = _SCHEME.sub(r"\1: ", line)
    line = _WWW.sub("www. ", line)
    return line.replace("@", " (at) ")
