"""Foreign: whether words look like those of a language that is not read here."""

from __future__ import annotations

import re

from service.record.values.rare import Rare

__all__ = ["is_foreign"]

_LETTER = re.compile(r"[^\x00-\x7f\u2010-\u201d]", re.IGNORECASE)
_WORD = Rare(
    r"\b(?:irm|mrt|rmn|tac|tdm|kernspin\w*|magnetresonan\w*|resonan[cz]i\w*|risonanza|ressonancia|rezonan\w*|resonans\w*"
    r"|tomogra[fp](?:i[aek]?)?|radiograf\w*|radiographie|rontgen\w*|roentgen\w*|lws|lendenwirb\w*|wirbels\w*|bandscheib\w*|rachis"
    r"|lombaire|lombare|lombar|lomb[oa]\w*|columna|colonna|coluna|kregos\w*|infiltra(?:zion|cion|cao)\w*|peridural\w*|epidural[ea]|epidurale"
    r"|fisioterap\w*|physiotherapie|krankengymnastik|kinesitherapie|akupunktur|agopuntura|acupuntura|elettro\w*|neurostimol\w*"
    r"|\w*(?:insuffizienz|schmerz\w*|entzuend\w*|krankheit\w*|erkrankung\w*|schwanger\w*|ischialgie|syndrom|karzinom"
    r"|aneurysma|fraktur|diszitis|thrombose|metastasen?|abszess|osteoporose|symptomatik|parese|l(?:ae)?hmung|harn|fieber)"
    r"|insuficiencia|enfermedad|fiebre|fi[e\u00e8]vre"
    r"|dolor|embarazo|insuffisance|maladie|douleur|grossesse|insufficienza|malattia|dolore|gravidanza|ziekte|pijn)\b"
)
"""Signs of a language whose words are not read here."""


def is_foreign(text: str) -> bool:
    """Whether words look like those of a language that is not read here, so that matching nothing proves nothing."""
    return _LETTER.search(text) is not None or _WORD.search(text) is not None
