"""The two ready Questionnaires: the first visit and the follow-up.

Each item carries a link id that the facts read, so that an EHR which fills one in feeds every answer back. STarT Back
and the Oswestry index enter as score or group only: their items are protected (clinical evidence, REC-192 and REC-193).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.review.export.metadata import Publication

Json = dict[str, Any]

FIRST_VISIT = "first-visit"
FOLLOW_UP = "follow-up"
_NOT_WATCHED = (
    "Answers are not watched. With a yes to a question on bladder, bowel, saddle, both legs or weakness: call now."
)


@dataclass(frozen=True, slots=True)
class _Question:
    link_id: str
    text: str
    type: str = "boolean"
    loinc: str | None = None
    when: str | None = None


_FIRST: Sequence[_Question] = (
    _Question("onset-date", "When did this episode of back or leg pain start?", "date"),
    _Question("pain-nrs", "Pain now, 0 none to 10 worst", "integer", loinc="72514-3"),
    _Question("answer-pain-below-knee", "Does the pain go below the knee?"),
    _Question("answer-bilateral-leg-pain", "Pain in both legs?"),
    _Question("answer-bladder", "New trouble passing, holding or feeling urine?"),
    _Question("answer-bowel", "New loss of bowel control or feeling?"),
    _Question("answer-saddle", "New numbness between the legs or around the back passage?"),
    _Question("answer-sexual", "New change in sexual function or genital feeling?"),
    _Question("answer-both-legs", "New numbness or weakness of both legs?"),
    _Question("answer-leg-weakness", "New weakness of a leg or foot?"),
    _Question("answer-leg-weakness-progressing", "Is the weakness getting worse?", when="answer-leg-weakness"),
    _Question("answer-fever", "Fever or chills with this pain?"),
    _Question("answer-cancer", "Ever had cancer (other than a simple skin cancer)?"),
    _Question("answer-weight-loss", "Weight loss you cannot explain?"),
    _Question("answer-thoracic-pain", "Pain between the shoulder blades or like a belt?"),
    _Question("answer-trauma-major", "A fall from height or a crash at the start?"),
    _Question("answer-trauma-minor", "A small fall or lift just before it started?"),
    _Question("answer-long-term-steroid", "Steroid tablets for months?"),
    _Question("answer-immunosuppression", "Weak immune system by illness or medicine?"),
    _Question("answer-injection-drug-use", "Ever injected drugs?"),
    _Question("answer-spinal-procedure", "Injection or operation on the spine in the past 30 days?"),
    _Question("answer-pregnant", "Pregnant? (If it could be: a test first.)"),
    _Question("odi-percent", "Oswestry index (ODI) in percent, if taken", "decimal", loinc="97909-6"),
    _Question("answer-start-back-high", "STarT Back risk group, if taken", "choice"),
    _Question("answer-manual-work", "Heavy or repeated lifting at work?"),
)
_FOLLOWING: Sequence[_Question] = (
    _Question("pain-nrs", "Pain now, 0 none to 10 worst", "integer", loinc="72514-3"),
    _Question("odi-percent", "Oswestry index (ODI) in percent, if taken", "decimal", loinc="97909-6"),
    _Question("answer-symptoms-progressing", "Is anything new, changed or getting worse?"),
    _Question("answer-pain-not-controlled", "Is the pain not controlled by what has been tried?"),
    _Question("answer-recovery-stage", "Are you recovering or recovered?"),
    _Question("answer-epidural-response", "If you had an injection: did it help?"),
    _Question("answer-nsaid-tolerated", "Did you tolerate an anti-inflammatory painkiller in the past 12 months?"),
    _Question("answer-procedure-candidate", "Is an injection or operation being considered?"),
    _Question("answer-surgery-wanted", "Would you want an operation if it fits?"),
    _Question("answer-imaging-matches", "For the clinician: does the imaging fit side and level?"),
    _Question("answer-sitting-provokes", "Does sitting bring on or worsen the pain?"),
    _Question("answer-walking-provokes", "Does walking or standing bring on the leg symptoms?"),
    _Question("answer-sitting-or-bending-eases", "Does sitting or bending forward ease them?"),
    _Question("answer-buttock-pain", "Pain deep in the buttock?"),
    _Question("answer-symmetric-distal-numbness", "Both feet numb or tingling alike?"),
    _Question("answer-asks-posture", "Do you want advice on posture, chairs or belts?"),
    _Question("answer-asks-lifting", "Do you want advice on lifting?"),
    _Question("answer-asks-fluids", "Do you want advice on drinking, minerals or cramps?"),
    _Question("answer-asks-stretching", "Do you want advice on stretching or massage?"),
    _Question("answer-drives", "Do you drive or operate machines?"),
    _Question("answer-work-limited", "Does the pain limit your work?"),
)
QUESTIONS: Mapping[str, Sequence[_Question]] = {FIRST_VISIT: _FIRST, FOLLOW_UP: _FOLLOWING}
_TITLES = {
    FIRST_VISIT: "Back and leg pain: questions of the first visit",
    FOLLOW_UP: "Back and leg pain: questions of the follow-up",
}


def ready(publication: Publication, name: str) -> Json:
    """One of the two as an R4 Questionnaire; a line on urgent answers stands first."""
    hint = {"linkId": "not-watched", "text": _NOT_WATCHED, "type": "display"}
    description = "Ready to be filled in; the rules read each answer by its link id."
    return publication.artifact("Questionnaire", name, _TITLES[name], description) | {
        "subjectType": ["Patient"],
        "item": [hint, *(_item(question) for question in QUESTIONS[name])],
    }


def _item(question: _Question) -> Json:
    item: Json = {"linkId": question.link_id, "text": question.text, "type": question.type}
    if question.loinc is not None:
        item["code"] = [{"system": "http://loinc.org", "code": question.loinc}]
    if question.type == "choice":
        groups = (("risk-high", "High risk"), ("risk-medium", "Medium risk"), ("risk-low", "Low risk"))
        item["answerOption"] = [
            {"valueCoding": {"system": "urn:sciatica-cds:code", "code": code, "display": text}} for code, text in groups
        ]
    if question.when is not None:
        item["enableWhen"] = [{"question": question.when, "operator": "=", "answerBoolean": True}]
    return item
