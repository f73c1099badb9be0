"""What an audit finds wrong: which row, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.errors import Issue

# So many issues are named; of the others only the number is given.
MOST_NAMED = 1000


@dataclass
class AuditReport:
    """What an audit saw. ``unjoined`` rows came after the last checkpoint: only their own chain holds them."""

    rows: int = 0
    decisions: int = 0
    checkpoints: int = 0
    unjoined: int = 0
    issues: list[Issue] = field(default_factory=list)
    more: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not self.issues

    def add_issue(self, where: str, text: str) -> None:
        """Note what is wrong at a row: ``ledger WRITER/SEQ``, ``decisions ID``, ``checkpoint 7``."""
        if len(self.issues) < MOST_NAMED:
            self.issues.append(Issue(where, text))
        else:
            self.more += 1

    def add(self, other: AuditReport) -> None:
        """Add what was seen of other rows."""
        self.rows += other.rows
        self.more += other.more
        for issue in other.issues:
            self.add_issue(issue.path, issue.text)
