"""``check request``: everything that is wrong or unusual with a request body or a chart."""

from __future__ import annotations

import difflib
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from service.errors import RequestError
from service.security.limits import parse_json


@click.command("request")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--hook", help="What a plain chart is asked about; else the visit, and draft orders if there are any.")
@click.option("--profile", "client", help="The client profile: what it does not show, and which keys must be typed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as an OperationOutcome.")
def check_request(file: Path, *, hook: str | None, client: str | None, as_json: bool) -> None:
    """Say everything that is wrong or unusual with FILE, a CDS Hooks request body or a chart; - reads stdin.

    Structure, FHIR of every resource, prefetch states, and what could not be known. Ends with 1 when there are errors.
    """
    from service import make_services
    from service.cards.client_profiles import profile_names
    from service.config import read_settings
    from service.errors import Issue
    from service.testkit.report import Part, as_outcome, as_text, report
    from service.testkit.request_check.checking import check

    settings = read_settings()
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        document = parse_json(body, max_depth=settings.max_depth)
    except RequestError as error:
        # What is no JSON has no further parts to be checked.
        reported = report(Issue(one.path, one.text, code="structure", group=Part.REQUEST) for one in error.issues)
    else:
        services = make_services(settings)
        hooks = sorted({service.hook for service in services.offered.values()})
        for given, names, text in (
            (hook, hooks, "no service answers"),
            (client, profile_names(), "no client profile is"),
        ):
            if given is not None and given not in names:
                near = difflib.get_close_matches(given, names, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
                raise click.UsageError(f"{text} {given}; {hint}")
        reported = check(services, document, datetime.now(UTC), hook, client)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(as_outcome(reported), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        click.echo(as_text(reported), nl=False)
    sys.exit(1 if reported.errors else 0)
