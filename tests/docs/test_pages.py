"""What the pages say is so: commands, links, paths, settings and requests are tried."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("rules/*.md")])
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)(?=[`\s.,;:)])")
SETTING = re.compile(r"(?<!_)SCIATICA_CDS_[A-Z_]+")
FOLDERS = ("service", "rules", "tests", "docs", "fhir_examples", "tools", "benchmarks")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> str:
    """Everything on the page that is set as code."""
    text = text_of(page)
    blocks = FENCED.findall(text)
    return "\n".join([*blocks, *CODE.findall(FENCED.sub("", text))])


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", FENCED.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCED.sub("", text_of(page))):
        address = urlsplit(target)
        if address.scheme:
            assert address.scheme == "https", target
            continue
        linked = (page.parent / address.path).resolve() if address.path else page
        assert linked.exists(), f"{target} is not there"
        if address.fragment:
            assert address.fragment in anchors(linked), target


@each_page
def test_every_path_on_the_page_is_there(page: Path) -> None:
    for word in CODE.findall(FENCED.sub("", text_of(page))):
        if not word.startswith(tuple(f"{folder}/" for folder in FOLDERS)) or " " in word:
            continue
        # `rules/phases/<phase>/<rule-id>.yaml` promises the folder before the first thing to fill in.
        known = re.split(r"[<{*…]|::", word)[0]
        whole = known == word.partition("::")[0]
        path = PROJECT / known if whole else PROJECT / known.rpartition("/")[0]
        assert path.exists(), f"{word} is not there"


@each_page
def test_every_make_target_on_the_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(TARGET.findall(code_of(page) + "\n")) - targets == set()


def fault_of_a_command(line: str) -> str | None:
    """The first word of a command line that the program does not know; None where all are known.

    A command is followed into its own commands; options are those of the last one. Hidden names are unknown, as no
    page should teach what goes in the next release; ``topics`` and ``dsi`` only make pages.
    """
    from service.cli.main import SECTIONS, group

    taught = {name for places in SECTIONS.values() for name in places} | {"topics", "dsi"}
    command: click.Command = group
    words = re.split(r"\s+", re.split(r"[|>#;&…]|\.\.\.", line)[0].strip())[1:]
    for word in words:
        inner = command.get_command(None, word) if isinstance(command, click.Group) else None
        if word.startswith("-"):
            known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            if word.partition("=")[0].strip("[],.()") not in known | {"--help", "-h", "--version"}:
                return word
        elif isinstance(command, click.Group):
            if inner is None or (command is group and word not in taught):
                return word if re.fullmatch(r"[a-z][a-z-]*", word) else None
            command = inner
    return None


def command_lines(page: Path) -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", code_of(page))
    return re.findall(r"sciatica-cds(?: [^\n`]*)?", re.sub(r"(?<=.)(?=sciatica-cds )", "\n", joined))


@each_page
def test_every_command_on_the_page_exists_with_its_options(page: Path) -> None:
    faults = {line: fault for line in command_lines(page) if (fault := fault_of_a_command(line)) is not None}
    assert faults == {}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("sciatica-cds frobnicate", "frobnicate"),
        ("sciatica-cds store frobnicate", "frobnicate"),
        ("sciatica-cds lint --frobnicate", "--frobnicate"),
        ("sciatica-cds check-request FILE", "check-request"),
        ("sciatica-cds store verify | tail --frobnicate", None),
    ],
)
def test_what_the_program_does_not_know_is_seen(line: str, fault: str | None) -> None:
    assert fault_of_a_command(line) == fault


def known_settings() -> set[str]:
    from service.config import known_variables

    return set(known_variables()) - {"SCIATICA_CDS_TEST_DATA"}


@each_page
def test_every_setting_on_the_page_exists(page: Path) -> None:
    named = set(SETTING.findall(text_of(page))) - {"SCIATICA_CDS_TEST_DATA"}
    assert named - known_settings() == set()


def test_every_setting_is_explained() -> None:
    assert known_settings() - set(SETTING.findall(text_of(PROJECT / "docs" / "operations.md"))) == set()


def test_the_settings_stand_on_the_page_as_the_service_reads_them() -> None:
    from service.config import settings_page

    assert settings_page() in text_of(PROJECT / "docs" / "operations.md")


def curl_lines() -> Iterator[tuple[str, list[str]]]:
    for page in PAGES:
        for block in FENCED.findall(text_of(page)):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("curl "):
                    yield page.name, shlex.split(line.partition(" | ")[0])


@pytest.mark.parametrize(("page", "words"), list(curl_lines()))
def test_every_request_on_a_page_is_answered(page: str, words: list[str], client) -> None:
    address = urlsplit(next(word for word in words if word.startswith("http")))
    data = next((word[1:] for word in words if word.startswith("@")), None)
    path = f"{address.path}?{address.query}"
    if data is None:
        answer = client.get(path)
    else:
        answer = client.post(path, data=(PROJECT / data).read_bytes(), content_type="application/json")
    assert answer.status_code == 200, page
    if data is not None:
        assert answer.get_json()["cards"], "the request that the page shows brings no card"
