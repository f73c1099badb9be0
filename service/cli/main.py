"""The group of all commands. Commands are imported when they are called, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

from service.cli.sections import WIDTH, Commands, Section
from service.errors import IssuesError, ServiceError, SettingsError
from service.garbage import collect_seldom

# By the sections of the help, in the order a newcomer needs them.
SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "Try it": {
            "demo": ("service.cli.serve", "demo", "start the service, send it the stories, show their cards"),
            "evaluate": ("service.cli.deciding", "evaluate", "the cards for a chart or a request"),
            "explain": ("service.cli.deciding", "explain", "why each rule fired or not, and what would change it"),
        },
        "Connect an EHR": {
            "request": ("service.cli.request", "request", "a request body that makes a rule fire"),
            "check": ("service.cli.check", "check", "what is wrong with a request, a service or a token"),
            "serve": ("service.cli.serve", "serve", "run the service"),
        },
        "Write rules": {
            "new": ("service.cli.authoring", "new", "begin a rule: new rule ID --phase PHASE"),
            "lint": ("service.cli.lint", "lint", "are the rule files well formed and well founded"),
            "test": ("service.cli.testing", "test", "do the examples and the stories hold; --update"),
            "show": ("service.cli.show", "show", "everything a signature under a rule covers"),
            "table": ("service.cli.rules", "table", "the decision table of a rule"),
            "graph": ("service.cli.authoring", "graph", "what a rule rests on, and what rests on a fact"),
            "coverage": ("service.cli.rules", "coverage", "how much of each rule its examples have seen"),
            "mutate": ("service.cli.rules", "mutate", "make mutants of the rules: what would notice"),
            "prove": ("service.cli.rules", "prove", "what holds for every possible patient"),
            "format": (
                "service.cli.format",
                "format_rules",
                "write the rule files in their standard form; --check",
            ),
            "propose-examples": ("service.cli.rules", "propose", "the examples a rule still lacks"),
        },
        "Review and release": {
            "compare": ("service.cli.comparing", "compare", "what differs between two rule sets, and for whom"),
            "impact": ("service.cli.comparing", "impact", "how many recorded patients get other cards"),
            "approve": ("service.cli.approving", "approve", "approve a rule exactly as it is now"),
            "approvals": ("service.cli.approving", "approvals", "who approved which rule, and what changed since"),
            "pack": ("service.cli.packing", "pack", "one file of a rule set"),
            "sign": ("service.cli.packing", "sign", "sign a pack, or make a key"),
            "verify": ("service.cli.packing", "verify", "did a trusted key sign this pack"),
            "book": ("service.cli.book", "book", "the rule book as a folder of pages"),
            "export": ("service.cli.export", "export", "the rule set as HL7 CQL"),
        },
        "Data and log": {
            "population": ("service.cli.population", "population", "decide on all patients of a bulk export"),
            "recall": ("service.cli.recall", "recall", "which card was shown, why, and what became of it"),
            "replay": ("service.cli.audit", "replay", "decide again from what was stored"),
            "stats": ("service.cli.statistics", "stats", "per rule: shown, accepted, overridden"),
            "radar": ("service.cli.statistics", "radar", "which facts a client no longer sends, and why"),
            "store": ("service.cli.audit", "store", "the decision log: verify, export, delete what is old"),
        },
    }
)
# Other names, in no list: those that commands had before, kept for one release, and two that only make pages.
HIDDEN: Section = MappingProxyType(
    {
        "check-request": ("service.cli.check_request", "check_request", ""),
        "check-service": ("service.cli.check_service", "check_service", ""),
        "token": ("service.cli.check_token", "token", ""),
        "golden": ("service.cli.testing", "golden", ""),
        "audit": ("service.cli.audit", "store", ""),
        "topics": ("service.cli.rules", "topics", ""),
        "dsi": ("service.cli.attributes", "dsi", ""),
    }
)


@click.command(
    cls=Commands,
    sections=SECTIONS,
    hidden=HIDDEN,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
)
@click.version_option(package_name="sciatica-cds")
def group() -> None:
    """Advice for sciatica with muscle spasm: cited rules, run on FHIR charts.

    \b
    A first look:   sciatica-cds evaluate fhir_examples/<story>/bundle.json
    Why this card:  sciatica-cds explain fhir_examples/<story>/bundle.json
    After a change: sciatica-cds lint && sciatica-cds test

    Ends with 0 when all is right, 1 when something was found, 2 when it was
    called wrongly or a name or file is not known.
    """  # noqa: D301  # click reads the backspace


def main() -> None:
    """Run the command line; errors go to stderr in words, with an exit code, never as a traceback."""
    collect_seldom()
    try:
        group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except IssuesError as error:
        for issue in error.issues:
            click.echo(str(issue), err=True)
        click.echo(f"{len(error.issues)} fault(s)", err=True)
        sys.exit(1)
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except ServiceError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
