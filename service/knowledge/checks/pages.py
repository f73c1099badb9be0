"""The help pages of the checks, written from the checks themselves: ``python -m service.knowledge.checks.pages``."""

from __future__ import annotations

import sys
from pathlib import Path

from service.knowledge.checks import CHECKS
from service.knowledge.checks.registry import Check

_INTRODUCTION = """# Checks

What `lint` looks at, beyond what the loader refuses. An **error** stops a release, a **warning** wants an answer,
a **note** wants to be known. These pages are written from the checks themselves
(`python -m service.knowledge.checks.pages`); a test holds them to it.

| Check | Severity | What it objects to |
|---|---|---|
"""


def pages() -> dict[str, str]:
    """File name -> text, one page per check and an index."""
    rows = "".join(
        f"| [{check.id}]({check.id}.md) | {check.severity.label} | {check.title} |\n" for check in _in_order()
    )
    return {"README.md": _INTRODUCTION + rows, **{f"{check.id}.md": _page(check) for check in _in_order()}}


def _in_order() -> list[Check]:
    return sorted(CHECKS.values(), key=lambda check: check.id)


def _page(check: Check) -> str:
    return (
        f"# {check.id}\n\n{check.title} ({check.severity.label}).\n\n{check.summary}\n\n"
        f"## Avoid\n\n```yaml\n{check.avoid}\n```\n\n## Prefer\n\n```yaml\n{check.prefer}\n```\n\n"
        f"## Why\n\n{check.why}\n"
    )


def write(folder: Path) -> None:
    """Write the pages into ``folder`` and remove pages of checks that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = pages()
    for path in folder.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/checks"))
