"""The file a new rule begins as: every key in its order, and what only a clinician can say marked as TO DO."""

from __future__ import annotations

import re

from service.knowledge.model import Knowledge

TO_DO = "TO DO"
_WIDTH = 118


def rule_template(knowledge: Knowledge, phase: str) -> str:
    """A rule file of this rule set to fill in. Nothing clinical stands in it: no statement, no limit, no words."""
    beside = next((rule for rule in knowledge.rules if rule.phase == phase and rule.card is not None), None)
    hooks = beside.hooks if beside is not None else sorted({one.hook for one in knowledge.services.values()})
    # Each finding is in the list of facts or of conclusions; the pages of both are too long to stand here.
    return f"""title: {TO_DO} what it is about, in a few words
purpose: {TO_DO} what it prevents or brings about
rationale: {TO_DO} why we think so, as the sources say
recommendation: {{topic: {TO_DO}, direction: {TO_DO}, strength: {TO_DO}, certainty: {TO_DO}}}
citations: [{TO_DO} SOURCE/STATEMENT]   # as in sources/; with opposes before one that speaks against it

hooks: [{", ".join(hooks)}]
when: {{{TO_DO} a finding: present}}       # facts/ and the conclusions of ruleset.yaml; sciatica-cds show FACT
card:
  indicator: {TO_DO} info, warning or critical
  summary: {TO_DO} the patient's value, drug or date, then the act; at most 139 characters
  act: {TO_DO} what to do, in two sentences
  detail: {TO_DO} what to do and why
  override_reasons: [{TO_DO}]              # three to six for a warning, none for an info card:
{_listed(list(knowledge.override_reasons))}
limitations: {TO_DO} what it gets wrong or leaves out

examples:
  - {{fires: {TO_DO} a patient as one would tell of him, given: {{}}}}
  - {{silent: {TO_DO} a near miss, given: {{}}}}
  - {{undecided: {TO_DO} the deciding finding is not known, given: {{}}}}
"""


def _listed(words: list[str]) -> str:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) + 8 > _WIDTH:
            lines.append("")
        lines[-1] += f", {word}" if lines[-1] else word
    return "\n".join(f"  #   {line}" for line in lines)


def with_rule_in_order(header: str, phase: str, rule_id: str) -> str:
    """ruleset.yaml with the rule at the end of the order of its phase; as it was where that has no order written."""
    begin = re.search(rf"^  - id: {re.escape(phase)}$", header, re.MULTILINE)
    if begin is None:
        return header
    rest = header[begin.end() :]
    own = re.split(r"^(?=  - id: |\S)", rest, maxsplit=1, flags=re.MULTILINE)[0]
    order = re.search(r"^    order:\s*\[[^\]]*", own, re.MULTILINE)
    if order is None:
        return header
    end = begin.end() + order.end()
    return f"{header[:end]},\n       {rule_id}{header[end:]}"
