"""Other orders: words that show that an order is something this service does not check, such as a blood count.

An order is set aside without a word only when its words can be read. Words that match none of our value sets may be of
a language that is not read; then the order is not recognised, and is named as not checked. Product choice: a false
"something else" hides an order, so words that may be about the spine, an injection or a device win over these.
"""

from __future__ import annotations

import re

_LABORATORY = (
    r"cbc|fbc|hemogram|(?:complete |full )?blood (?:count|gas|type|culture|glucose|test)s?|bmp|cmp|panel"
    r"|lipids?|cholesterol|(?:hb)?a1c|ha?emoglobin|ha?ematocrit|platelets?|glucose|urinalysis|urine|ua|cultures?|tsh"
    r"|thyroid|free t[34]|psa|inr|pt/inr|prothrombin|a?ptt|crp|c-reactive protein|esr|sed(?:imentation)? rate|ferritin"
    r"|iron|b-?12|folate|vitamin d|electrolytes|sodium|potassium|magnesium|calcium|phosph\w+|creatinine|bun|urea|e?gfr"
    r"|lfts?|liver function|hepatic function|ast|alt|bilirubin|amylase|lipase|troponin|bnp|nt-probnp|d-dimer|b?-?hcg"
    r"|pregnancy test|hiv|hepatitis [abc]|covid\S*|sars\S*|influenza|strep|rpr|syphilis|chlamydia|gonorrh\w+"
    r"|pap(?: smear)?|cytology|pathology|stool|f(?:a)?ecal|occult blood|cross-?match|transfusion|drug screen|toxicology"
    r"|uric acid|albumin|microalbumin|cortisol|testosterone|ana|rheumatoid factor|tuberculosis|quantiferon|drug level"
)
_TESTS = (
    r"e[ck]g|electrocardiogra\w+|echo(?:cardiogra\w+)?|stress test|holter|spirometry|pulmonary function|pft|sleep study"
    r"|polysomnogra\w+|eeg|mammogra\w+|dexa|dxa|bone densi\w+|colonoscopy|endoscopy|egd|cystoscopy|bronchoscopy"
    r"|(?:chest|abdom\w+|head|brain|skull|sinus|knee|shoulder|elbow|ankle|wrist|hand|foot|breast|carotid|renal"
    r"|thyroid|liver|cervical|thoracic|neck|hip|pelvi[cs])\s+(?:x-?rays?|xr|cta?|mr[ia]?|ultrasound|us|scan|radiograph\w*)"
    r"|(?:x-?rays?|xr|cta?|mr[ia]?|ultrasound|us|radiograph\w*)\s+(?:of\s+(?:the\s+)?)?(?:left\s+|right\s+)?(?:chest|abdom\w+|head"
    r"|brain|skull|sinus|knee|shoulder|elbow|ankle|wrist|hand|foot|breast|carotid|renal|thyroid|liver|neck|hip|pelvis)"
)
_CARE = (
    r"vaccin\w+|immuni[sz]ation|(?:eye|hearing|dental|foot|retinal|diabetic) exam\w*|dermatolog\w+|cardiolog\w+"
    r"|nephrolog\w+|gastroenterolog\w+|endocrinolog\w+|pulmonolog\w+|ophthalmolog\w+|optometr\w+|audiolog\w+|dent(?:al|ist)\w*"
    r"|podiatr\w+|obstetric\w*|gyna?ecolog\w+|allerg\w+|hematolog\w+|oncolog\w+|dieti[ct]ian|nutrition\w*|diet|npo"
    r"|diabetes education|smoking cessation|vital signs?|oxygen|catheter care|dressing|wound care|telemetry|isolation"
    r"|speech therapy|home health|discharge|admit|admission"
)
_OTHER = re.compile(rf"(?<![\w-])(?:{_LABORATORY}|{_TESTS}|{_CARE})(?![\w-])", re.IGNORECASE)

_OURS_PERHAPS = re.compile(
    r"spin(?:e|al)|lumb|sacr|epidur|peridur|lws|wirbel|sciati|ischia|disc|disk|nerv|root|radicul|infiltr|inject"
    r"|steroid|myelogra|tens\b|stimulat|brace|belt|ortho[sz]|corset|traction|acupunct|decompress|fusion|laminect",
    re.IGNORECASE,
)
"""Parts of words, in several languages, that may be about what this service checks."""

_FOREIGN = re.compile(
    r"[^\x00-\x7f\u2010-\u201d]"
    r"|\b(?:irm|mrt|rmn|tac|tdm|kernspin\w*|magnetresonan\w*|resonan[cz]i\w*|risonanza|ressonancia|rezonan\w*|resonans\w*"
    r"|tomogra[fp](?:i[aek]?)?|radiograf\w*|radiographie|rontgen\w*|roentgen\w*|lws|lendenwirb\w*|wirbels\w*|bandscheib\w*|rachis"
    r"|lombaire|lombare|lombar|lomb[oa]\w*|columna|colonna|coluna|kregos\w*|infiltra(?:zion|cion|cao)\w*|peridural\w*|epidural[ea]|epidurale"
    r"|fisioterap\w*|physiotherapie|krankengymnastik|kinesitherapie|akupunktur|agopuntura|acupuntura|elettro\w*|neurostimol\w*"
    r"|\w*(?:insuffizienz|schmerz\w*|entzuend\w*|krankheit\w*|erkrankung\w*|schwanger\w*|ischialgie|syndrom|karzinom"
    r"|aneurysma|fraktur|diszitis|thrombose|metastasen?|abszess|osteoporose|symptomatik|parese|l(?:ae)?hmung|harn|fieber)"
    r"|insuficiencia|enfermedad|fiebre|fi[e\u00e8]vre"
    r"|dolor|embarazo|insuffisance|maladie|douleur|grossesse|insufficienza|malattia|dolore|gravidanza|ziekte|pijn)\b",
    re.IGNORECASE,
)
"""Signs of a language whose words are not read here."""


def is_other(text: str) -> bool:
    """Whether the words of an order show that it is something this service does not check."""
    return _OTHER.search(text) is not None and _OURS_PERHAPS.search(text) is None


def is_foreign(text: str) -> bool:
    """Whether words look like those of a language that is not read here, so that matching nothing proves nothing."""
    return _FOREIGN.search(text) is not None
