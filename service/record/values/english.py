"""English: whether words of the record are English that the patterns of the value sets can read.

What is written in another language, in a local code or in an abbreviation that nobody here knows finds no pattern, and
that is no evidence that it says something else. The word list in ``data/`` holds the words of the titles of ICD-10-CM
and of published English code lists; names and sentences of none of them.
"""

from __future__ import annotations

import gzip
import re
from functools import cache, lru_cache
from importlib import resources

_WORD = re.compile(r"[^\W\d_]{3,}")
_TAG = re.compile(r"\((?:disorder|finding|situation|procedure|event|regime/therapy|morphologic abnormality)\)\s*$")
"""How SNOMED CT ends a fully specified name, which is English."""
_OF_CODES = frozenset({"icd", "snomed", "sct", "code", "codes", "dx"})
"""Words that only say that a code follows."""
_STRANGE = 4
"""Of so many words one may be unknown: a name, or a spelling."""


@lru_cache(maxsize=20_000)
def is_english(text: str) -> bool:
    """Whether nearly all words of a text are known English; False for a text without words."""
    words = [word for found in _WORD.findall(text) if (word := found.casefold()) not in _OF_CODES]
    if not words:
        return False
    if text.rstrip().endswith(")") and _TAG.search(text):
        return True
    known = _words()
    strange = sum(1 for word in words if word not in known and not is_known(word))
    return strange <= len(words) // _STRANGE


def is_known(word: str) -> bool:
    """Whether a word, without capitals, is English."""
    known = _words()
    return word in known or (word.endswith("s") and word[:-1] in known)


@cache
def _words() -> frozenset[str]:
    packed = resources.files(__package__).joinpath("data", "english-words.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode("ascii").split())
