"""The marks that pictures are made of: elements with escaped text, lines of words that fit, round numbers."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

LETTER = 6.7
"""About how wide a letter of 13 pixels is; what is written is kept well inside its place."""


def element(name: str, *content: str, **attributes: object) -> Markup:
    """One element. An attribute of None or "" is left out; ``text_anchor`` is written ``text-anchor``."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), number(value))
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    inner = Markup("").join(content)
    if not inner:
        return Markup("<{}{}/>").format(Markup(name), written)  # noqa: S704  # names are ours
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inner)  # noqa: S704  # names are ours


def number(value: object) -> object:
    """A length as it is written: one decimal, none where it is whole."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return value


def text(words: str, x: float, y: float, class_: str | None = None, anchor: str | None = None) -> Markup:
    """One line of words."""
    return element("text", escape(words), x=float(x), y=float(y), class_=class_, text_anchor=anchor)


def picture(
    width: float, height: float, title: str, content: Iterable[str], *, class_: str = "", links: bool = False
) -> Markup:
    """A picture in its own size, named by ``title``. With ``links`` its parts can be reached, else it is one image."""
    return element(
        "svg",
        *content,
        class_=f"picture {class_}".strip(),
        viewBox=f"0 0 {number(float(width))} {number(float(height))}",
        width=float(width),
        height=float(height),
        role="group" if links else "img",
        aria_label=title,
    )


def lines(words: str, letters: int, most: int = 2) -> list[str]:
    """The words in at most so many lines of so many letters; what does not fit ends in an ellipsis."""
    rows: list[str] = [""]
    for word in words.split():
        joined = f"{rows[-1]} {word}".strip()
        if len(joined) <= letters or not rows[-1]:
            rows[-1] = joined
        else:
            rows.append(word)
    if len(rows) > most:
        rows = [*rows[: most - 1], f"{rows[most - 1][: letters - 1]} …"]
    return [line if len(line) <= letters else f"{line[: letters - 1]}…" for line in rows]
