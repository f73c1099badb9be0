"""The architecture, held by parsing: who may import whom, where third parties live, and what no file may say."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

# A room may import itself and the rooms before it.
ROOMS = (
    "errors",
    "config",
    "note",
    "finding",
    "bounded",
    "folders",
    "garbage",
    "logs",
    "spans",
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
    "population",
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

# One home for each third party, by the name that is imported: the only modules that may import it. Every library that
# is imported stands here, and every pattern matches a module that does.
HOMES = {
    "durable_rules_engine": ("service.engine.chaining",),
    "fhir": ("service.record.releases.fhir_classes",),
    "pydantic": ("service.testkit.fhir_validation.classes",),
    # environs checks the environment with validators of marshmallow, so the settings may name them.
    "marshmallow": ("service.config", "service.knowledge.*", "service.protocol.*", "service.web.openapi.*"),
    "yaml": ("service.knowledge.documents",),
    "environs": ("service.config",),
    "structlog": ("service.logs", "service.store.*"),
    "jwt": ("service.security.*",),
    "cryptography": ("service.security.keys", "service.review.signatures"),
    "httpx2": ("service.security.*", "service.protocol.fetching.*", "service.cli.check_service"),
    "httpcore2": ("service.security.*",),
    "sqlalchemy": ("service.store.*",),
    "alembic": ("service.store.*",),
    "z3": ("service.review.*",),
    "flask": ("service", "service.web.*"),
    "gunicorn": ("service.web.server", "service.web.server_log"),
    "waitress": ("service.web.server",),
    "prometheus_client": ("service.web.metrics",),
    "opentelemetry": ("service.web.tracing",),
    "werkzeug": ("service.web.*",),
    "jinja2": ("service.web.*",),
    "markupsafe": ("service.web.pages.*",),
    "markdown_it": ("service.web.pages.*",),
    "apispec": ("service.web.openapi.*",),
    "click": ("service.cli.*",),
    "rich": ("service.cli.*",),
    "rapidfuzz": ("service.record.values.likeness",),
    "ahocorasick_rs": ("service.record.values.pattern_literals",),
    "orjson": ("service.*",),
    "msgspec": (
        *("service.note", "service.finding", "service.record.*", "service.engine.*", "service.decision.*"),
        *(
            "service.store.outline",
            "service.store.reading",
            "service.population.*",
            "service.protocol.*",
            "service.cards.*",
        ),
    ),
    "pyarrow": ("service.population.*",),
    "pyspark": ("service.population.spark",),
}
# Importing these costs time and memory that most processes never need.
LAZY = ("fhir", "pydantic", "z3", "alembic", "pyarrow", "pyspark", "opentelemetry")
# Dependencies that no module imports, and what uses them.
NOT_IMPORTED = {
    "psycopg": "the driver that SQLAlchemy loads for a PostgreSQL URL",
}
# What type checkers know and no process loads.
TYPES_ONLY = frozenset({"_typeshed"})

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
        # `from service.record import model` names a module, `from service.errors import Issue` a thing inside one.
        inner = f"{node.module}.{alias.name}"
        yield inner if inner in modules() else node.module or ""


def imports_by_string(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every dotted name in the strings of a module that imports by string, and the name of a module of ours in any.

    The name may be put together elsewhere in the module, so all its strings count; or handed to another that imports.
    """
    imports_itself = any(_imports_by_string(node) for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = re.match(r"([A-Za-z_]\w*(?:\.\w+)*)\.?(?::\w+)?$", node.value)
            known = imports_itself and found and found[1].split(".")[0] in {"service", *HOMES}
            if found and (known or ("." in found[1] and found[1] in modules())):
                yield found[1], node.lineno


def _imports_by_string(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "importlib" and any(alias.name == "import_module" for alias in node.names)
    named = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return named in {"import_module", "__import__"}


def imports_of(name: str, tree: ast.Module) -> Iterator[Import]:
    def walk(node: ast.AST, inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield from (Import(name, target, child.lineno, inside) for target in names_in(child))
            # A class body runs at import, a function's does not.
            deeper = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, deeper)

    yield from walk(tree, inside=False)
    yield from (Import(name, target, line, inside=True) for target, line in imports_by_string(tree))


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


def library(found: Import) -> str:
    return found.of.split(".")[0]


def is_foreign(name: str) -> bool:
    return name not in sys.stdlib_module_names and name not in TYPES_ONLY and name != "service"


def lives_in(found: Import, home: str) -> bool:
    """Whether the importer is the home, or in the folder that ``room.*`` names."""
    return fnmatchcase(found.by, home) or found.by == home.removesuffix(".*")


def test_every_room_that_is_named_is_there() -> None:
    missing = [name for name in ROOMS if not {f"service.{name}"} & set(modules())]
    assert missing == []


def test_every_third_party_has_a_home() -> None:
    homeless = [str(found) for found in imports() if is_foreign(library(found)) and library(found) not in HOMES]
    assert homeless == []


@pytest.mark.parametrize("name", sorted(HOMES))
def test_a_third_party_has_one_home(name: str) -> None:
    uses = [found for found in imports() if library(found) == name]
    assert [str(found) for found in uses if not any(lives_in(found, home) for home in HOMES[name])] == []
    empty = [home for home in HOMES[name] if not any(lives_in(found, home) for found in uses)]
    assert not empty, f"nothing there imports {name}"


def dependencies() -> dict[str, set[str]]:
    """What each dependency of the project is imported as."""
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[\[<>=!~; ]", line)[0].lower().replace("_", "-") for line in declared}
    imported_as: dict[str, set[str]] = {name: set() for name in names}
    for module, packages in packages_distributions().items():
        for package in {package.lower().replace("_", "-") for package in packages} & names:
            imported_as[package].add(module)
    return imported_as


def test_every_dependency_is_used() -> None:
    used = {library(found) for found in imports()}
    idle = {name for name, imported_as in dependencies().items() if not imported_as & used}
    assert idle == set(NOT_IMPORTED)


def loaded_at_start() -> set[str]:
    """The modules that a worker or the command line loads before it has anything to do."""
    loaded, waiting = set(), ["service", "service.wsgi", "service.cli.main"]
    while waiting:
        name = waiting.pop()
        if name not in loaded and name in modules():
            loaded.add(name)
            # A module loads the packages around it, and what create_app imports inside itself is loaded at start too.
            waiting += [name.rpartition(".")[0]]
            waiting += [found.of for found in imports() if found.by == name and (not found.inside or name == "service")]
    return loaded


@pytest.mark.parametrize("name", LAZY)
def test_heavy_libraries_are_loaded_when_needed_only(name: str) -> None:
    uses = [found for found in imports() if library(found) == name]
    assert uses, f"nothing imports {name}"
    start = loaded_at_start()
    assert [str(found) for found in uses if not found.inside and found.by in start] == []


def test_a_process_that_only_starts_has_loaded_no_heavy_library() -> None:
    """The same, seen in a process: what the parser cannot see is loaded too."""
    modules_at_start = sorted(loaded_at_start() - {"service.wsgi"})
    code = (
        f"import sys, importlib\nfor name in {modules_at_start}: importlib.import_module(name)\n"
        f"print([name for name in {LAZY} if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, check=True, text=True)
    assert ended.stdout.strip() == "[]"


MUTANTS = {
    "the engine by its real name": ("service.record.derive", "import durable_rules_engine"),
    "a home by string": ("service.cards.full_text", "import importlib\nimportlib.import_module('fhir.resources')"),
    "a home by a string put together": (
        "service.cards.full_text",
        "from importlib import import_module\n_HOME = 'sqlalchemy.orm.'\ndef f(name): import_module(_HOME + name)",
    ),
    "a home by the built-in": ("service.decision", "__import__('psycopg'), __import__('z3')"),
    "a library that has no home": ("service.decision", "import numpy"),
    "a room below by string": (
        "service.record.derive",
        "import importlib\nimportlib.import_module('service.web.routes')",
    ),
}


@pytest.mark.parametrize("what", MUTANTS)
def test_the_parser_refuses(what: str) -> None:
    by, source = MUTANTS[what]
    found = list(imports_of(by, ast.parse(source)))
    abroad = [
        one
        for one in found
        if is_foreign(library(one)) and not any(lives_in(one, home) for home in HOMES.get(library(one), ()))
    ]
    below = [one for one in found if library(one) == "service" and not allowed(one)]
    assert abroad or below


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


def names_in_use(tree: ast.AST) -> Counter[str]:
    """What a piece of code names: variables that it reads, attributes and arguments, and names written as a string."""
    named: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                named[name] += 1
            case ast.ImportFrom(module=module, names=aliases):
                named.update(f"{module}.{alias.name}" for alias in aliases)
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.:]+", text):
                named[f"'{re.split('[.:]', text)[-1]}'"] += 1
    return named


def definitions(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, bool]]:
    """Functions, classes, constants and methods of a module, and whether each is a method.

    Methods that a base class may ask for, and what is decorated, are left out.
    """
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name, decorator_list=[]):
                yield name, node, False
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node, False
            case ast.ClassDef(name=name):
                yield name, node, False
                if {ast.unparse(base) for base in node.bases} <= {"Struct", "Enum", "StrEnum"}:
                    methods = [inner for inner in node.body if isinstance(inner, ast.FunctionDef)]
                    yield from ((inner.name, inner, True) for inner in methods if not inner.decorator_list)


def unused(trees: dict[str, ast.Module], elsewhere: Counter[str]) -> list[str]:
    """What the modules define and nobody names, its own text apart. Names of Python's own (``__x__``) are left out.

    What stands at the top of a module is used where the module itself names it, where it is imported from there, as
    ``module.name`` or in a string; a method wherever anything of its name is asked for.
    """
    inside = {module: names_in_use(tree) for module, tree in trees.items()}
    everywhere = sum(inside.values(), elsewhere)

    def is_used(module: str, name: str, node: ast.stmt, is_method: bool) -> bool:
        if everywhere[f"{module}.{name}"] or everywhere[f"'{name}'"]:
            return True
        named = everywhere[name] if is_method or everywhere[module] else inside[module][name]
        return named > names_in_use(node)[name]

    return [
        f"{module}: {name}"
        for module, tree in trees.items()
        for name, node, is_method in definitions(tree)
        if not name.startswith("__") and not is_used(module, name, node, is_method)
    ]


def test_nothing_is_there_for_tests_only() -> None:
    """A function, class, method or constant that stands in the service and that nothing but its tests names."""
    folders = ("tools", "benchmarks", "deploy")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*.py")] + [PROJECT / "gunicorn.conf.py"]
    pages = [path.read_text(encoding="utf-8") for path in (PROJECT / "service").rglob("*.html")]
    elsewhere = sum(
        (names_in_use(ast.parse(path.read_text(encoding="utf-8"))) for path in files),
        Counter(word for page in pages for word in re.findall(r"\w+", page)),
    )
    ours = {name: tree for name, tree in modules().items() if ".migrations." not in name}
    assert unused(ours, elsewhere) == []


def test_what_is_named_in_words_only_or_by_itself_or_elsewhere_is_not_used() -> None:
    text = (
        '"""Tells of present() and of LIMIT."""\nLIMIT = 3\n'
        "def present():\n    return present\n"
        "class Kept:\n    def drop(self):\n        self.drop()\n    def used(self):\n        pass\n"
        "Kept().used()\n"
    )
    other = "from b import present\nfrom m import Kept\nLIMIT = Kept.drop_all + present\nprint(LIMIT)"
    assert unused({"m": ast.parse(text), "n": ast.parse(other)}, Counter()) == ["m: LIMIT", "m: present", "m: drop"]


# The rooms whose answers follow from what they are given: same chart, same time, same rules, same bytes.
PURE = ("finding", "knowledge", "record", "engine", "decision", "cards")
ASKS_THE_WORLD = {
    *("now", "utcnow", "today", "time_ns", "environ", "getenv", "urandom", "uuid1", "uuid4", "getrandbits"),
    *("token_hex", "token_bytes", "token_urlsafe", "randint", "shuffle"),
}


def asked_of_the_world(tree: ast.AST) -> set[str]:
    """The clock, the environment or chance, where a module asks them: ``datetime.now``, ``os.environ`` and such."""
    owners = {"datetime", "date", "time", "os", "uuid", "secrets", "random"}
    asked = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name) if owner in owners:
                asked.add(name)
            case ast.ImportFrom(module=module) if module in owners:
                asked |= {alias.name for alias in node.names}
    return asked & ASKS_THE_WORLD


def test_rooms_that_decide_ask_neither_clock_nor_environment_nor_chance() -> None:
    assert {
        name: asked for name, tree in modules().items() if room(name) in PURE and (asked := asked_of_the_world(tree))
    } == {}


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "from os import environ", "os.environ['A']", "uuid.uuid4()"])
def test_what_asks_the_world_is_seen(line: str) -> None:
    assert asked_of_the_world(ast.parse(line))


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
