"""Twenty-two changes that somebody may ask for: each is made in one place, which the name of a file gives away.

A request has the words under which a newcomer looks for a file, and what is to be changed there. Where a file is
renamed, split or copied, this says so before the newcomer does.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.test_architecture import TEXT

PROJECT = Path(__file__).resolve().parents[2]
MOST_CANDIDATES = 5
"""So many files with the words in their name are looked through before a newcomer gives up."""


class Request(NamedTuple):
    """What is asked, the words looked for in the names of files, where it is done, and what stands there alone."""

    what: str
    words: str
    file: str
    text: str


REQUESTS = (
    Request("add a hook", "hooks.py", "service/knowledge/hooks.py", "HOOKS: Mapping"),
    Request("add a kind of fact", "kind.py", "service/knowledge/model/kind.py", "KINDS: Mapping[FactKind, KindSpec]"),
    Request(
        "another brand of naproxen", "brand", "service/record/medication/data/brands-and-synonyms.tsv", "ec-naprosyn"
    ),
    Request("another waiting time in 503", "error", "service/web/error_answers.py", "RETRY_SECONDS_BUSY = "),
    Request("read FHIR R6", "releases read", "service/record/releases/reading.py", '"on-hold": "onleave"'),
    Request("write orders in FHIR R6", "releases writ", "service/record/releases/writing.py", "WRITTEN = (Release"),
    Request("sources before what is not known", "layout", "service/cards/layout.py", '"**Not known:** '),
    Request(
        "other words for draft rules at the foot", "layout", "service/cards/layout.py", "Draft rule, not approved."
    ),
    Request("a fourth source on a card", "cards/source", "service/cards/sources.py", "def short_source_lines"),
    Request("safety before red flags", "ruleset.yaml", "rules/ruleset.yaml", "card_order: ["),
    Request("a profile for another EHR", "profiles/", "service/cards/profiles/epic.toml", "Epic, as its own"),
    Request("a field of the log line", "log.py", "service/web/call_log.py", "hook_instance=_instance"),
    Request("a metric", "metric", "service/web/metrics.py", "Histogram("),
    Request("another prefetch key", "prefetch_templates", "service/record/input/prefetch_templates.py", "_QUERIES = ("),
    Request("another spelling of a unit", "unit", "service/record/values/unit_table.py", "_SPELLINGS: Mapping"),
    Request("a status word", "record status", "service/record/values/status_table.py", "STATUS_TABLE: Mapping"),
    Request("another word that denies", "negation", "service/record/values/negation.py", '"kein", "keine"'),
    Request("a route of administration", "medication/route", "service/record/medication/routes.py", "_SNOMED_ROUTES: "),
    Request(
        "a code of cauda equina",
        "value_sets cauda",
        "rules/value_sets/cond-cauda-equina-syndrome.yaml",
        "title: Cauda equina syndrome\n",
    ),
    Request("a setting", "config", "service/config.py", "max_concurrent: int"),
    Request("a command", "cli/main", "service/cli/main.py", '"propose-examples": ('),
    Request("a name for a code system", "code_system", "service/record/values/code_systems.py", "_ALIASES: Mapping"),
)


@cache
def files() -> dict[str, str]:
    """The files of the service and of the rules, without what is packed."""
    found = [path for room in ("service", "rules") for path in sorted((PROJECT / room).rglob("*")) if path.is_file()]
    texts = [path for path in found if path.suffix in {".py", ".yaml", ".toml", ".tsv", ".html"}]
    return {str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8") for path in texts}


def test_there_are_twenty_two() -> None:
    assert len({one.what for one in REQUESTS}) == len(REQUESTS) == 22


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: one.what)
def test_what_is_changed_stands_in_one_file(request_: Request) -> None:
    assert [name for name, text in files().items() if request_.text in text] == [request_.file]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: one.what)
def test_its_file_is_among_the_few_with_the_words_in_their_name(request_: Request) -> None:
    candidates = [name for name in files() if all(word in name for word in request_.words.split())]
    assert request_.file in candidates
    assert len(candidates) <= MOST_CANDIDATES, candidates


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: one.what)
def test_the_table_of_the_architecture_sends_there(request_: Request) -> None:
    table = TEXT[TEXT.index("## Where to add what") : TEXT.index("## Why it is so")]
    folders = {f"{parent}/" for parent in Path(request_.file).parents if len(parent.parts) > 1}
    assert any(f"`{place}" in table for place in {request_.file, *folders})
