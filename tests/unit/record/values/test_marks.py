"""Billing marks of US systems are no words of a problem, and what stands in brackets otherwise is."""

from __future__ import annotations

import pytest

from service.record.values.concept import concept_text
from service.record.values.marks import without_marks


@pytest.mark.parametrize(
    "mark",
    [
        *(" (HCC)", "(HCC)", " (CMS/HCC)", " (CMS-HCC)", " (HCC-CMS)", " (*)(HCC)", " [HCC]", " (RAF-HCC)", " *HCC*"),
        *(" (HHS-HCC)", " (RxHCC)", " (HCC 85)", " (V24 HCC 85)", " (RAF: 0.302)", " (CODE)", " (*)", " (ICD-10-CM)"),
    ],
)
def test_a_billing_mark_is_taken_off(mark: str) -> None:
    assert without_marks(f"Morbid obesity{mark}") == "Morbid obesity"
    assert concept_text({"text": f"Morbid obesity{mark}"}) == "Morbid obesity"


def test_the_code_after_the_mark_stays_where_it_can_be_read() -> None:
    assert without_marks("Atrial fibrillation (HCC) [I48.91]") == "Atrial fibrillation [I48.91]"
    assert without_marks("Hypertension [I10]") == "Hypertension"


@pytest.mark.parametrize(
    "text",
    [
        *("HCC", "(HCC)", "Cirrhosis with HCC", "Cirrhosis, HCC 2 cm", "Liver lesion (HCC)", "Liver resection (HCC)"),
        *(
            "Fracture [T12]",
            "Deficiency [B12]",
            "Back pain (chronic)",
            "Congestive heart failure (CHF)",
            "Aspirin (81 mg)",
        ),
    ],
)
def test_what_says_something_stays(text: str) -> None:
    assert without_marks(text) == text
