"""The service as the browser meets it: every page there is, over the shipped rules, with a few answered calls kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from service import create_app
from service.config import Settings
from tests.shipped import shipped_knowledge

PAGES = (
    "/",
    "/?story=egfr-25-and-ibuprofen",
    "/rules",
    "/rules?finding=egfr",
    "/rules/sf-nsaid-egfr-below-30",
    "/rules/treatment-scope",
    "/facts/egfr",
    "/facts/nsaid-contraindicated",
    "/value-sets/obs-egfr",
    "/sources",
    "/sources/KDIGO-2012",
    "/graph",
    "/graph?finding=egfr&rule=sf-nsaid-egfr-below-30",
    "/graph?finding=back-or-leg-pain",
    "/pathway",
)
"""One page of each kind, and those that are largest or hold most."""


@contextmanager
def service_with_decisions(folder: Path) -> Iterator[Flask]:
    """The service over a store in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    yield create_app(Settings(log_level="error", pages="all"), shipped_knowledge())
