"""``check``: is this right? A request, any CDS service, a token."""

from __future__ import annotations

from types import MappingProxyType

import click

from service.cli.sections import Commands

CHECKS = MappingProxyType(
    {
        "Commands": {
            "request": (
                "service.cli.check_request",
                "check_request",
                "what is wrong or unusual with a request or a chart",
            ),
            "service": ("service.cli.check_service", "check_service", "does any CDS service keep to CDS Hooks"),
            "token": ("service.cli.check_token", "check_token", "would a signed token be accepted, and why not"),
        }
    }
)


@click.command(cls=Commands, sections=CHECKS)
def check() -> None:
    """Say what is wrong with a request, a CDS service or a token."""
