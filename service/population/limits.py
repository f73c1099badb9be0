"""What a run may use: memory of a worker, size of one patient, how much one task takes at once."""

from __future__ import annotations

from dataclasses import dataclass

from service.errors import ServiceError

MEGABYTE = 1 << 20

DEFAULT_MEMORY = 200 * MEGABYTE
DEFAULT_LARGEST = 40_000

_SHARE_OF_TASK = 12
_LEAST_TASK = MEGABYTE


class PopulationError(ServiceError):
    """A run that cannot start or go on. Who runs it acts: another folder, a choice, more disk. Never quotes a chart."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many bytes are worked on at once, so that a worker stays within its memory.

    ``task`` is what one task reads, ``segment`` what is held before it is put on disk, ``bucket`` how much of all
    patients is decided together.
    """

    task: int
    segment: int
    bucket: int


def sizes_for(memory: int) -> Sizes:
    """The sizes for so many bytes of memory a worker; the rule set itself takes some 130 MB of them."""
    part = max(_LEAST_TASK, memory // _SHARE_OF_TASK)
    return Sizes(task=2 * part, segment=part // 2, bucket=part // 2)
