"""The group of all commands. Commands are imported when they are called, so that ``--help`` is quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

from service.errors import FaultsError, ServiceError

# Command name -> (module that holds it, name in the module). In the order a newcomer needs them.
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "serve": ("service.cli.serving", "serve"),
        "demo": ("service.cli.serving", "demo"),
        "evaluate": ("service.cli.deciding", "evaluate"),
        "explain": ("service.cli.deciding", "explain"),
        "check-request": ("service.cli.checking", "check_request"),
        "request": ("service.cli.requesting", "request"),
        "check-service": ("service.cli.asking", "check_service"),
        "token": ("service.cli.tokens", "token"),
        "lint": ("service.cli.rules", "lint"),
        "test": ("service.cli.testing", "test"),
        "show": ("service.cli.showing", "show"),
        "table": ("service.cli.rules", "table"),
        "coverage": ("service.cli.rules", "coverage"),
        "prove": ("service.cli.rules", "prove"),
        "mutate": ("service.cli.rules", "mutate"),
        "propose-examples": ("service.cli.rules", "propose"),
        "topics": ("service.cli.rules", "topics"),
        "golden": ("service.cli.testing", "golden"),
        "audit": ("service.cli.audit", "audit"),
        "replay": ("service.cli.audit", "replay"),
        "recall": ("service.cli.recalling", "recall"),
        "stats": ("service.cli.statistics", "stats"),
        "dsi": ("service.cli.attributes", "dsi"),
        "approve": ("service.cli.approving", "approve"),
        "approvals": ("service.cli.approving", "approvals"),
        "compare": ("service.cli.comparing", "compare"),
        "impact": ("service.cli.comparing", "impact"),
        "export": ("service.cli.exporting", "export"),
        "pack": ("service.cli.packing", "pack"),
        "sign": ("service.cli.packing", "sign"),
        "verify": ("service.cli.packing", "verify"),
    }
)


class Commands(click.Group):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sciatica-cds")
def group() -> None:
    """Advice for sciatica with muscle spasm: cited rules, run on FHIR charts.

    \b
    A first look:   sciatica-cds evaluate fhir_examples/<story>/bundle.json
    Why this card:  sciatica-cds explain fhir_examples/<story>/bundle.json --rule ID
    After a change: sciatica-cds lint && sciatica-cds test
    """  # noqa: D301  # click reads the backspace


def main() -> None:
    """Run the command line; errors go to stderr in words, with an exit code, never as a traceback."""
    try:
        group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except FaultsError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        click.echo(f"{len(error.faults)} fault(s)", err=True)
        sys.exit(1)
    except (ServiceError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
