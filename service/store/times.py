"""Times as the store writes them: one text form, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """An aware time as text, UTC to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def read(text: str) -> datetime:
    """The time that ``written`` wrote."""
    return datetime.fromisoformat(text)
