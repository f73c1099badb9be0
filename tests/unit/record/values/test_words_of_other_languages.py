"""Cancer, anticoagulation and pregnancy in six languages: read enough to alarm, denials and screening left out."""

from __future__ import annotations

import pytest

from service.record.values.coding import CodeIndex
from tests.shipped import shipped_derivation


@pytest.fixture(scope="module")
def index() -> CodeIndex:
    return shipped_derivation().matcher.index


CANCER = [
    *("Mammakarzinom", "Prostatakrebs", "Lungenkrebs", "Krebs", "Leukämie", "Lymphom", "Plasmozytom"),
    *("Cáncer de mama", "Neoplasia maligna de pulmón", "Tumor maligno de mama", "Mieloma múltiple"),
    *("Cancer du sein", "Néoplasie mammaire", "Tumeur maligne du sein", "Métastases osseuses"),
    *("Tumore della mammella", "Cancro al seno", "Neoplasia mammaria", "Metastasi ossee"),
    *("Borstkanker", "Mammacarcinoom", "Botmetastasen", "Câncer de mama", "Cancro da próstata", "Metástases ósseas"),
]
ANTICOAGULATED = [
    *("Orale Antikoagulation", "Einnahme von Gerinnungshemmern", "Blutverdünner", "Anticoagulación oral"),
    *("Tratamiento anticoagulante", "Traitement anticoagulant", "Sous AVK", "Terapia anticoagulante orale", "In TAO"),
    *("Antistolling", "Gebruikt bloedverdunners", "Hipocoagulação oral", "Hipocoagulado"),
]
PREGNANT = [
    *("Schwangerschaft", "Schwanger 24. SSW", "Gravidität", "Embarazo", "Embarazada de 24 semanas", "Grossesse"),
    *("Enceinte", "In gravidanza", "Incinta", "Zwanger", "Zwangerschap", "Gravidez", "Grávida", "Gestante"),
]
READ = [
    *((words, "cond-malignancy-active") for words in CANCER),
    *((words, "local-cond-anticoagulant-status") for words in ANTICOAGULATED),
    *((words, "cond-pregnancy") for words in PREGNANT),
    *((words, "cond-spine-malignancy") for words in ("Knochenmetastasen", "Métastases osseuses", "Metastasi ossee")),
]


@pytest.mark.parametrize(("words", "value_set"), READ)
def test_the_words_of_a_problem_in_another_language_are_read_enough_to_alarm(
    index: CodeIndex, words: str, value_set: str
) -> None:
    found = index.match({"text": words})
    assert value_set in found.sets
    assert found.by_text, "never reason enough to make anything absent"


@pytest.mark.parametrize(
    ("words", "value_set"),
    [
        *((words, "cond-malignancy-active") for words in ("Krebsvorsorge", "Kein Krebs", "Angst vor Krebs")),
        *((words, "cond-malignancy-active") for words in ("Dépistage cancer du sein", "Cribado de cáncer de mama")),
        *((words, "cond-malignancy-active") for words in ("Mutter Brustkrebs", "Basalkarzinom", "Flusskrebs-Allergie")),
        *((words, "cond-malignancy-active") for words in ("tumore benigno della mammella", "Z.n. Mammakarzinom 2018")),
        *((words, "local-cond-anticoagulant-status") for words in ("Blutverdünner abgesetzt", "keine Blutverdünner")),
        *((words, "local-cond-anticoagulant-status") for words in ("geen antistolling", "pas sous anticoagulants")),
        *((words, "cond-pregnancy") for words in ("nicht schwanger", "Keine Schwangerschaft", "Kinderwunsch")),
        *((words, "cond-pregnancy") for words in ("pas enceinte", "no embarazada", "non incinta", "niet zwanger")),
        *(
            (words, "cond-pregnancy")
            for words in ("Schwangerschaftsdiabetes", "Désir de grossesse", "Gravida 3 para 2")
        ),
    ],
)
def test_what_is_denied_over_screened_for_or_of_another_is_no_alarm(
    index: CodeIndex, words: str, value_set: str
) -> None:
    assert value_set not in index.match({"text": words}).sets
