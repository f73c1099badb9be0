"""How many terms of public code lists are read as the clinical idea they belong to, and how many others wrongly.

``python -m benchmarks.term_recall`` prints per idea the share of rows read by code and display, by display alone (as
with a code nobody knows) and by code alone; then the wrong hits among near misses and unrelated terms. With ``--misses
IDEA`` the rows of one idea that are not read. The lists are not part of the project: they are looked for in the folder
``terms`` of SCIATICA_CDS_TEST_DATA (default: ``../shared/data``).
"""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from service.knowledge.loader import load
from service.record.medication.drugs import Drugs
from service.record.medication.entry import with_all_classes
from service.record.values.coding import CodeIndex

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SCIATICA_CDS_TEST_DATA", ROOT.parent / "shared" / "data")) / "terms"
IDEAS = ROOT / "benchmarks" / "term_ideas.tsv"
UNKNOWN_SYSTEM = "urn:example:a-system-nobody-knows"
SYSTEMS: Mapping[str, str] = {
    "snomed": "http://snomed.info/sct",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd-10": "http://hl7.org/fhir/sid/icd-10",
    "icd-10-pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One row of a list: a code with its display ("" when the list has none)."""

    idea: str
    system: str
    code: str
    display: str
    kind: str = ""
    source: str = ""


def terms(name: str) -> list[Term]:
    """The rows of one list."""
    with gzip.open(DATA / f"{name}.tsv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Term(
            row.get("idea") or name,
            row["system"],
            row["code"],
            row["display"] or "",
            row.get("kind") or "",
            row["source"],
        )
        for row in rows
    ]


@cache
def ideas() -> Mapping[str, frozenset[str]]:
    """For each idea the value sets that may say so."""
    rows = (line.split("\t") for line in IDEAS.read_text(encoding="utf-8").splitlines() if line)
    return {idea: frozenset(sets.split()) for idea, sets in rows}


class Reading:
    """The value sets of the rule set, asked as the reader asks them."""

    def __init__(self) -> None:
        knowledge = load(ROOT / "rules")
        self._index = CodeIndex(knowledge.value_sets, knowledge.danger_terms, knowledge.other_words)
        self._drugs = Drugs(knowledge.value_sets)

    def sets(self, term: Term, *, code: bool = True, display: bool = True) -> frozenset[str]:
        """The value sets a term lies in, read by its code, its display or both."""
        coding = {"system": SYSTEMS[term.system] if code else UNKNOWN_SYSTEM, "code": term.code if code else "x"}
        concept = {"coding": [coding | ({"display": term.display} if display and term.display else {})]}
        match = self._index.match(concept)
        found = match.sets | match.said_too | match.past_sets
        if term.idea.startswith("drug-") or term.idea == "nsaid-allergy":
            found |= with_all_classes(self._drugs.recognise_concept(concept), self._index).classes
        return found

    def reads(self, term: Term, *, code: bool = True, display: bool = True) -> bool:
        """Whether a term is read as its idea."""
        return not self.sets(term, code=code, display=display).isdisjoint(ideas()[term.idea])


def wrong(reading: Reading) -> Iterator[tuple[Term, frozenset[str]]]:
    """The near misses that are read as the idea, and the unrelated terms that are read as any."""
    for term in terms("near-miss"):
        if term.idea in ideas() and reading.reads(term):
            yield term, reading.sets(term) & ideas()[term.idea]
    every = frozenset().union(*ideas().values())
    for term in terms("unrelated"):
        if found := reading.sets(term) & every:
            yield term, found


def share(read: int, of: int) -> str:
    """A share in percent, with what it is of."""
    return f"{100 * read / of:5.1f} % of {of:5d}" if of else "no rows"


def main(arguments: list[str]) -> None:
    """Print the table, or the misses of one idea, or the wrong hits."""
    reading = Reading()
    if arguments[:1] == ["--misses"]:
        for term in terms(arguments[1]):
            if not reading.reads(term):
                print(term.system, term.code, term.display, sep="\t")
        return
    if arguments[:1] == ["--wrong"]:
        for term, found in wrong(reading):
            print(term.idea, term.kind, term.code, term.display, *sorted(found), sep="\t")
        return
    for idea in ideas():
        rows = terms(idea)
        both = sum(reading.reads(term) for term in rows)
        named = [term for term in rows if term.display]
        words = sum(reading.reads(term, code=False) for term in named)
        codes = sum(reading.reads(term, display=False) for term in rows)
        alone = f"words alone {share(words, len(named))}   code alone {share(codes, len(rows))}"
        print(f"{idea:22} {share(both, len(rows))}   {alone}")
    print(f"wrong hits: {sum(1 for _ in wrong(reading))} of {len(terms('near-miss')) + len(terms('unrelated'))}")


if __name__ == "__main__":
    main(sys.argv[1:])
