"""Set names: what a value set is of, told by the beginning of its name. Those of our own begin with ``local-``."""

from __future__ import annotations

PROBLEMS = ("cond-", "local-cond-")
DRUGS = ("med-", "local-med-")
RESULTS = ("obs-", "local-obs-")
"""Numbers that are measured."""
ORDERS = ("order-", "local-order-", "referral-")
PROCEDURES = ("procedure-", "proc-", "local-proc-")
QUESTIONS = ("local-answer-",)
"""Questions of our own questionnaire."""
PLACES = ("local-site-",)
"""Parts of the body."""
