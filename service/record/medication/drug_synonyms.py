"""Drug synonyms: other names of drugs, read from ``data/drug-synonyms.tsv``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources


def drug_synonyms() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each other name, the names it leads to, and of what kind it is; ``=`` stands before a drug of no class."""
    text = resources.files("service.record.medication").joinpath("data/drug-synonyms.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, meant, kind = line.split("\t")
            yield name, tuple(meant.split("+")), kind
