"""Text that needs no escaping takes a shorter way; it must come out as it would by the long one."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from service.cards import markdown

# Signs that mean something in markdown, in an address or at the start of a line, among signs that do not.
SIGNS = st.text(alphabet=st.sampled_from("ab1 WW.w:;/-'\"%,=>)(#*_~`|[]!\\{}+@&<é\u202e\n"), max_size=30)


@given(st.one_of(SIGNS, st.text(), st.from_regex(r"[wW]{2,4}\.[a-z]{1,3}|\d{1,3}[.)] ?x|-x|x:y", fullmatch=True)))
def test_the_short_way_gives_what_the_long_way_gives(text: str) -> None:
    visible = markdown._visible(text)
    line = " ".join(visible.split())
    line = line if len(line) <= markdown.LONGEST else line[: markdown.LONGEST - 1].rstrip() + "…"
    assert markdown.plain(text) == line
    assert markdown.escaped(text) == markdown._disarmed(line)


@given(SIGNS)
def test_a_reader_of_markdown_sees_the_text_and_no_markup(text: str) -> None:
    shown = markdown.escaped(text)
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(f"- {shown}\n- Taken: {shown} (today)\n")
    assert set(re.findall(r"</?(\w+)", html)) <= {"ul", "li"}
    first = unescape(html.split("<li>")[1].split("</li>")[0]).strip()
    read = markdown.plain(text).replace("@", "(at)")
    assert first.replace(" ", "").casefold() == read.replace(" ", "").casefold()
