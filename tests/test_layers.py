"""The architecture, held by parsing: who may import whom, where third parties live, and what no file may say."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

# A room may import itself and the rooms before it.
ROOMS = (
    "config",
    "errors",
    "finding",
    "logs",
    "knowledge",
    "record",
    "engine",
    "decision",
    "security",
    "store",
    "review",
    "cards",
    "protocol",
    "decision_log",
    "testkit",
    "web",
    "cli",
)
# Not rooms: they wire the others together, so they may import any; only the second column may import them.
WIRING = {
    "service": ("cli", "wsgi", "__main__"),
    "service.__main__": (),
    "service.wsgi": (),
}

# One home for each third party: the only modules that may import it.
HOMES = {
    "durable": ("service.engine.chaining",),
    # review.audit_resources writes AuditEvent and Provenance: output of the memory, which no room above may see.
    "fhir": (
        "service.record.*",
        "service.cards.orders",
        "service.testkit.fhir_validation.classes",
        "service.review.audit_resources",
    ),
    "fhir_core": ("service.record.*", "service.cards.orders"),
    "pydantic": ("service.record.*", "service.cards.orders", "service.testkit.fhir_validation.classes"),
    # environs checks the environment with validators of marshmallow, so the settings may name them.
    "marshmallow": (
        "service.config",
        "service.knowledge.*",
        "service.protocol.request_schemas",
        "service.protocol.feedback",
        "service.web.openapi.*",
    ),
    "yaml": ("service.knowledge.*", "service.protocol.request_schemas"),
    "flask": ("service", "service.web", "service.web.*", "service.cli", "service.cli.*"),
    "werkzeug": ("service", "service.web", "service.web.*", "service.cli", "service.cli.*"),
    "sqlalchemy": ("service.store", "service.store.*"),
    "alembic": ("service.store", "service.store.*"),
    "z3": ("service.review", "service.review.*"),
    "environs": ("service.config",),
    "click": ("service.cli", "service.cli.*"),
}
# Importing these costs time and memory that most processes never need.
LAZY = ("fhir", "fhir_core", "pydantic", "z3")

EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"})


@dataclass(frozen=True)
class Import:
    """One import: by which module, of which, in which line, and whether it stands inside a function."""

    by: str
    of: str
    line: int
    inside: bool

    def __str__(self) -> str:
        return f"{self.by}:{self.line} imports {self.of}"


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    files = sorted((PROJECT / "service").rglob("*.py"))
    return {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def names_in(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert node.level == 0, "imports are absolute, so that they can be read here"
    for alias in node.names:
        # `from service.record import model` names a module, `from service.errors import Fault` a thing inside one.
        inner = f"{node.module}.{alias.name}"
        yield inner if inner in modules() else node.module or ""


def imports_of(name: str, tree: ast.Module) -> Iterator[Import]:
    def walk(node: ast.AST, inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield from (Import(name, target, child.lineno, inside) for target in names_in(child))
            deeper = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, deeper)

    yield from walk(tree, inside=False)


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for name, tree in modules().items() for found in imports_of(name, tree))


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else module


def allowed(found: Import) -> bool:
    if found.of in WIRING:
        return room(found.by) in WIRING[found.of]
    if found.by in WIRING:
        return True
    return ROOMS.index(room(found.of)) <= ROOMS.index(room(found.by))


def test_every_module_stands_in_a_known_room() -> None:
    strangers = [name for name in modules() if name not in WIRING and room(name) not in ROOMS]
    assert not strangers


def test_a_room_imports_only_rooms_above_it() -> None:
    inner = [found for found in imports() if found.of.split(".")[0] == "service"]
    assert inner, "nothing was parsed"
    assert [str(found) for found in inner if not allowed(found)] == []


def test_no_module_imports_itself_around_a_corner() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for found in imports():
        if found.of in graph and found.of != found.by:
            graph[found.by].add(found.of)
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as cycle:
        pytest.fail(" -> ".join(cycle.args[1]))


@pytest.mark.parametrize("library", HOMES)
def test_a_third_party_has_one_home(library: str) -> None:
    abroad = [
        str(found)
        for found in imports()
        if found.of.split(".")[0] == library and not any(fnmatchcase(found.by, home) for home in HOMES[library])
    ]
    assert abroad == []


def loaded_at_start() -> set[str]:
    """The modules that a worker or the command line loads before it has anything to do."""
    loaded, waiting = set(), ["service", "service.wsgi", "service.cli.main"]
    while waiting:
        name = waiting.pop()
        if name not in loaded and name in modules():
            loaded.add(name)
            # What create_app imports inside itself is loaded at start all the same.
            waiting += [found.of for found in imports() if found.by == name and (not found.inside or name == "service")]
    return loaded


@pytest.mark.parametrize("library", LAZY)
def test_heavy_libraries_are_loaded_when_needed_only(library: str) -> None:
    start = loaded_at_start()
    eager = [found for found in imports() if found.of.split(".")[0] == library and not found.inside]
    assert [str(found) for found in eager if found.by in start] == []


def test_the_parser_sees_what_it_must_refuse() -> None:
    tree = ast.parse("import durable.lang\ndef f():\n    from service.web import routes\n")
    seen = [(found.of, found.inside) for found in imports_of("service.record.input.reader", tree)]
    assert seen[0] == ("durable.lang", False)
    assert seen[1][1] is True
    assert not allowed(Import("service.record.input.reader", "service.web.routes", 3, inside=True))
    assert not allowed(Import("service.record.input.reader", "service", 3, inside=True))
    assert allowed(Import("service.cards.cards", "service.record.model", 1, inside=False))


def test_names_say_what_a_thing_is() -> None:
    folders = [PROJECT / name for name in ("service", "tests", "benchmarks", "tools")]
    words = {
        path: set(re.split(r"[_.\-]", path.name)) & EMPTY_NAMES
        for folder in folders
        for path in folder.rglob("*")
        if not {"__pycache__", "node_modules"} & set(path.parts)
    }
    assert [path.name for path, empty in words.items() if empty] == []


def committed_files() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git clone, so it is not known which files are committed")
    return [PROJECT / name for name in listed if name and (PROJECT / name).is_file()]


# One letter of each word stands in brackets, so that this file does not hold what it looks for.
NEVER_SAID = {
    "a path of one machine": re.compile(r"(?<![\w.-])/(?:wor[k]|roo[t]|hom[e]|User[s])/[\w.]"),
    "an address of a package registry": re.compile(
        r"pyp[i]\.org|pythonhoste[d]|registry\.npmj[s]|deb\.debia[n]|proxy\.golan[g]", re.IGNORECASE
    ),
    "an index address in a lock": re.compile(r"^--(?:extra-)?index-ur[l]|^--find-link[s]", re.MULTILINE),
    "a private key": re.compile(r"BEGIN (?:[A-Z]+ )?PRIVATE KE[Y]"),
    "how the project came about": re.compile(r"share[d]/(?!data)[a-z]|\.librar[y]/"),
}


@pytest.mark.parametrize("what", NEVER_SAID)
def test_no_committed_file_says(what: str) -> None:
    saying = []
    for path in committed_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for hit in NEVER_SAID[what].finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            saying.append(f"{path.relative_to(PROJECT)}:{line}: {hit[0]}")
    assert saying == []


def test_the_search_finds_what_it_looks_for() -> None:
    assert NEVER_SAID["a path of one machine"].search("see /ho" + "me/someone/x")
    assert not NEVER_SAID["a path of one machine"].search("https://example.org/ho" + "me/page")
    assert NEVER_SAID["an address of a package registry"].search("https://py" + "pi.org/simple")
