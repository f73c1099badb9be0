"""From the data of a page to HTML: one template each, and the addresses by which pages lead to each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

_ROOM = Path(__file__).resolve().parent.parent
STATIC = _ROOM / "static"
STYLE = "site.css"
# Kinds of pages of one thing, and the pages that stand alone, by the first part of their path.
THINGS = ("rules", "facts", "value-sets", "sources")
LISTS = ("rules", "sources")


class Addresses(Protocol):
    """Where pages are: on a server below its path, in a folder beside each other."""

    filters: bool
    playground: bool

    def page(self, kind: str, name: str = "") -> str:
        """The address of the page of one thing, or of the list of its kind."""
        ...

    def style(self) -> str:
        """The address of the stylesheet."""
        ...


@cache
def style_name() -> str:
    """The name of the stylesheet with a digest of its content, so that it may be kept for ever."""
    digest = hashlib.sha256((STATIC / STYLE).read_bytes()).hexdigest()[:12]
    return f"site.{digest}.css"


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
    return made


@cache
def _reader() -> MarkdownIt:
    # HTML in a text stays text, and addresses that could run something are no links.
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def _markdown(text: str) -> Markup:
    """The text of a card, GFM as CDS Hooks has it, as HTML."""
    return Markup(_reader().render(text))  # noqa: S704  # the reader escapes all HTML


def render(
    template: str, data: Mapping[str, Any], page_header: Mapping[str, Any], addresses: Addresses, twin: str
) -> str:
    """The page as HTML. ``twin`` is the address of the same data as JSON."""
    return _environment().get_template(template).render(d=data, page_header=page_header, to=addresses, twin=twin)
