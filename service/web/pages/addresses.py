"""Where pages stand: on a server below the path at which it is mounted, in the folder of the book, alone in a file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlencode

from service.web.pages.static_files import static_files

Node = Mapping[str, Any]

TITLES: Mapping[str, str] = {
    "playground": "Playground",
    "rules": "Rules",
    "pathway": "Pathway",
    "graph": "Graph",
    "sources": "Sources",
    "compare": "Compare",
    "stats": "Statistics",
    "decisions": "Decisions",
    "start": "Connect",
}
"""The pages that every page leads to, in this order."""
# Pages without a place of their own at the head of every page.
_BESIDE = frozenset({"questionnaire", "facts", "value-sets"})


class Question(Protocol):
    """A dataclass whose fields are all texts that an address may give."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Q = TypeVar("Q", bound=Question)


def question_in(query: Mapping[str, str], kind: type[Q], longest: int = 100) -> Q:
    """The question of this kind in the query of an address; what is not known there asks for nothing."""
    return kind(**{one.name: query.get(one.name, "").strip()[:longest] for one in fields(kind)})


class ServerAddresses:
    """Pages below the path at which the service is mounted. ``kinds`` are those that it has."""

    filters = True

    def __init__(self, root: str, kinds: Iterable[str]) -> None:
        self._root = root
        self._kinds = frozenset(kinds)

    @property
    def nav(self) -> Sequence[tuple[str, str]]:
        """The pages that every page leads to."""
        return [(kind, title) for kind, title in TITLES.items() if kind in self._kinds]

    def page(self, kind: str, name: str = "", **query: str) -> str:
        """``/rules/<id>``, ``/rules``, or ``/`` for the playground."""
        path = f"{self._root}/" if kind == "playground" else f"{self._root}/{kind}"
        asked = urlencode({key: value for key, value in query.items() if value})
        return f"{path}{'/' if name else ''}{name}{'?' if asked else ''}{asked}"

    def has(self, kind: str) -> bool:
        """Whether this service has the page."""
        return kind in self._kinds

    def static(self, name: str) -> str:
        """The file under the digest of its content."""
        return f"{self._root}/static/{static_files()[name].served_as}"

    def node(self, node: Node) -> str:
        """The page of the fact, conclusion or rule."""
        return self.page(node["page"], node["name"])

    def topic(self, topic: Node) -> str:
        """The findings of a topic."""
        return self.page("graph", topic=topic["id"])

    def phase(self, phase: Node) -> str:
        """The rules of a phase."""
        return self.page("rules", phase=phase["id"])

    def rule(self, rule: Node) -> str:
        """The page of a rule."""
        return self.page("rules", rule["id"])

    def lighting(self, finding: str) -> Callable[[Node], str]:
        """Cards light the way to them, a phase shows its cards, a finding shows its own ways."""

        def address(node: Node) -> str:
            match node["page"]:
                case "rules":
                    return self.page("graph", finding=finding, rule=node["name"])
                case "phase":
                    return self.page("graph", finding=finding, phase=node["name"])
                case _:
                    return self.page("graph", finding=node["name"])

        return address


class FolderAddresses:
    """Pages as files beside each other; ``up`` leads from the folder of a page to that of the book.

    ``alone``: the page stands without a book, so there is nowhere to lead to.
    """

    filters = False

    def __init__(self, up: str = "", first: str = "rules", *, alone: bool = False) -> None:
        self._up = up
        self._first = first
        self._alone = alone

    @property
    def nav(self) -> Sequence[tuple[str, str]]:
        """The pages that every page leads to."""
        return [] if self._alone else [(kind, TITLES[kind]) for kind in ("rules", "pathway", "graph", "sources")]

    def page(self, kind: str, name: str = "", **query: str) -> str:
        """``rules/<id>.html``; the list of all rules is the first page. A file answers no question."""
        del query
        return f"{self._up}{kind}/{name}.html" if name else f"{self._up}{'index' if kind == self._first else kind}.html"

    def has(self, kind: str) -> bool:
        """Whether the book has the page."""
        return not self._alone and (kind in _BESIDE - {"questionnaire"} or kind in dict(self.nav))

    def static(self, name: str) -> str:
        """The file beside the pages."""
        return f"{self._up}{name}"

    def node(self, node: Node) -> str:
        """The page of the fact, conclusion or rule; a phase has none."""
        return "" if node["page"] == "phase" else self.page(node["page"], node["name"])

    def topic(self, topic: Node) -> str:
        """A file answers no question: topics lead nowhere."""
        del topic
        return ""

    def phase(self, phase: Node) -> str:
        """The list of all rules."""
        del phase
        return self.page("rules")

    def rule(self, rule: Node) -> str:
        """The page of a rule."""
        return self.page("rules", rule["id"])

    def lighting(self, finding: str) -> Callable[[Node], str]:
        """The pages of what the nodes stand for: a file lights nothing."""
        del finding
        return self.node


class FileAddresses(FolderAddresses):
    """A page that is one file: what dresses it stands in it. ``service`` is where its links into a service lead."""

    def __init__(self, service: str) -> None:
        super().__init__(alone=True)
        self.service = service

    def static(self, name: str) -> str:
        """The file itself, as an address that holds it."""
        file = static_files()[name]
        return f"data:{file.type};base64,{base64.b64encode(file.path.read_bytes()).decode()}"

    def in_service(self, address: str) -> str:
        """An address below that of a service, as one that can be followed from a file; a whole one stays."""
        return f"{self.service}{address}" if address.startswith("/") else address
