"""From the data of a page to HTML: one template each, and the addresses by which pages lead to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.web.pages.svg.changes import changes_picture
from service.web.pages.svg.ladder import ladder_picture
from service.web.pages.svg.layers import layered
from service.web.pages.svg.overview import overview_picture
from service.web.pages.svg.shares import counts_picture, funnel_picture, range_picture, shares_picture
from service.web.pages.svg.timeline import timeline_picture

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

PICTURES = MappingProxyType(
    {
        one.__name__: one
        for one in (
            changes_picture,
            counts_picture,
            funnel_picture,
            ladder_picture,
            layered,
            overview_picture,
            range_picture,
            shares_picture,
            timeline_picture,
        )
    }
)
"""What templates draw with, by name."""
_ROOM = Path(__file__).resolve().parent.parent
STYLE, ICON = "site.css", "icon.svg"


class Addresses(Protocol):
    """Where pages are: on a server below its path, in a folder beside each other."""

    filters: bool

    def page(self, kind: str, name: str = "", **query: str) -> str:
        """The address of the page of one thing, or of the list of its kind, perhaps with a question."""
        ...

    @property
    def nav(self) -> Sequence[tuple[str, str]]:
        """The pages that every page leads to: kind and title."""
        ...

    def has(self, kind: str) -> bool:
        """Whether there is such a page here."""
        ...

    def static(self, name: str) -> str:
        """The address of a file that pages are dressed or helped by."""
        ...

    def node(self, node: Mapping[str, Any]) -> str:
        """The address of what a node of a graph stands for."""
        ...

    def topic(self, topic: Mapping[str, Any]) -> str:
        """The address of the findings of a topic; empty where there is none."""
        ...

    def phase(self, phase: Mapping[str, Any]) -> str:
        """The address of the rules of a phase."""
        ...

    def rule(self, rule: Mapping[str, Any]) -> str:
        """The address of a rule."""
        ...

    def lighting(self, finding: str) -> Callable[[Mapping[str, Any]], str]:
        """The addresses behind the nodes of the ways from a finding: those of cards light the way to them."""
        ...


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_ROOM / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters["markdown"] = _markdown
    made.filters["in_area"] = _in_area
    made.globals.update(PICTURES)
    return made


@cache
def _reader() -> MarkdownIt:
    # Loaded when the first page is opened.
    from markdown_it import MarkdownIt

    # HTML in a text stays text, and addresses that could run something are no links.
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def _markdown(text: str) -> Markup:
    """The text of a card, GFM as CDS Hooks has it, as HTML."""
    return Markup(_reader().render(text))  # noqa: S704  # the reader escapes all HTML


def _in_area(text: str) -> Markup:
    """Text inside an element, where quotes are only quotes: of JSON they would be a third of a page."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704  # escaped here


def render(
    template: str, data: Mapping[str, Any], page_header: Mapping[str, Any], addresses: Addresses, twin: str
) -> str:
    """The page as HTML. ``twin`` is the address of the same data as JSON."""
    return _environment().get_template(template).render(d=data, page_header=page_header, to=addresses, twin=twin)
