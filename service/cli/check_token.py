"""``check token``: what the service thinks of a signed token, claim by claim, for the integrator who made it."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.output import echo_json, json_option

if TYPE_CHECKING:
    from service.config import Settings


@click.command("token")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--service", metavar="ID", help="The service that is called; discovery by default.")
@click.option("--feedback", is_flag=True, help="The call is to the feedback endpoint of the service.")
@json_option
def check_token(file: Path, *, service: str | None, feedback: bool, as_json: bool) -> None:
    """Say of the token in FILE, claim by claim, whether it would be accepted and why not; - reads stdin.

    FILE holds the token or the whole value of the Authorization header. It is checked with the settings of this
    environment (PUBLIC_URL, ISSUERS, JWT_ALGORITHMS), now, and not used up. Where one of them is not set that is said,
    and the rest is checked. Ends with 1 when it would be refused.
    """
    from service.config import read_settings, variable
    from service.errors import SettingsError
    from service.web.wiring import authenticator, guarded_client

    if feedback and service is None:
        raise click.UsageError("--feedback needs --service")
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        try:
            settings = read_settings()
            store = settings.replay_store or Path(folder) / "none"
            unset = _unset(settings)
            base = settings.public_url or f"({variable('public_url')})"
            settings = replace(settings, authentication="required", replay_store=store, public_url=base)
            judge = authenticator(settings, guarded_client(settings), without_issuers=True)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        lines = [*unset, *judge.explain(text, _path(service, feedback=feedback), datetime.now(UTC))]
    if as_json:
        echo_json({"accepted": lines[-1] == "accepted", "claims": lines[:-1]})
    for line in () if as_json else lines:
        click.echo(line)
    sys.exit(0 if lines[-1] == "accepted" else 1)


def _unset(settings: Settings) -> list[str]:
    """What cannot hold, since a setting is missing."""
    from service.config import variable

    said = []
    if settings.issuers is None:
        said.append(f"{variable('issuers')} is not set: no issuer is trusted, so iss and signature cannot hold")
    if not settings.public_url:
        said.append(f"{variable('public_url')} is not set: the audience cannot be compared")
    return said


def _path(service: str | None, *, feedback: bool) -> str:
    path = "/cds-services" + (f"/{service}" if service else "")
    return f"{path}/feedback" if feedback else path


@click.group(hidden=True)
def token() -> None:
    """Explain the signed tokens with which clients prove who they are: ``check token`` in earlier versions."""


token.add_command(check_token, "check")
