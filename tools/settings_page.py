"""Write the settings into docs/operations.md anew, from the settings themselves: ``python tools/settings_page.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "operations.md"


def main() -> None:
    """Replace everything from the first group of settings to the paragraph after the last."""
    sys.path.insert(0, str(PROJECT))
    from service.config import RUN, settings_page

    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index(f"### {RUN}"), re.search(r"^How gunicorn runs it", text, re.MULTILINE)
    if end is None:
        raise SystemExit(f"{PAGE} has lost the paragraph that follows the settings")
    PAGE.write_text(f"{text[:begin]}{settings_page()}\n\n{text[end.start() :]}", encoding="utf-8")


if __name__ == "__main__":
    main()
