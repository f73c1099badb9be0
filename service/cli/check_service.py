"""``check service``: hold any CDS service against the requirements of CDS Hooks, at the address given."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import httpx2

from service.cli.input import read_document
from service.cli.output import echo_json, json_option
from service.errors import Issue, Severity
from service.testkit.service_check.conversation import Findings, Reply, Send, check_conversation

_MOST_BYTES = 20 * 1024 * 1024
_MARKS = {Severity.ERROR: "FAIL  ", Severity.WARNING: "should", Severity.INFORMATION: "advice"}


@click.command("service")
@click.argument("url")
@click.option(
    "--request",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A request body of your own, sent to the service of its hook as well. May be given several times.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the bearer token to send on every call.",
)
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0.1, 120), help="Seconds per call.")
@json_option
def check_service(url: str, *, files: tuple[Path, ...], token_file: Path | None, timeout: float, as_json: bool) -> None:
    """Check the CDS service at URL, the base that /cds-services stands below: discovery, good calls and bad calls.

    Sends calls about an invented patient and nothing else. Ends with 1 when something breaks a MUST.
    """
    base = url.rstrip("/").removesuffix("/cds-services")
    if urlsplit(base).scheme not in {"http", "https"} or not urlsplit(base).netloc:
        raise click.UsageError("URL must be an http or https address, such as https://cds.example.org")
    token = token_file.read_text(encoding="utf-8").strip() if token_file else None
    calls = [_call_in(file) for file in files]
    # Only the address that was given is called: no proxy of the environment, no redirect to elsewhere.
    with httpx2.Client(trust_env=False, follow_redirects=False, timeout=timeout) as client:
        try:
            findings = check_conversation(_sender(client, base, token), calls)
        except httpx2.HTTPError as error:
            hint = " (is it http, not https?)" if base.startswith("https://") else ""
            raise click.ClickException(f"no answer from {base}: {type(error).__name__}{hint}") from None
    if as_json:
        echo_json({"calls": findings.calls, "looked": findings.looked, "issues": list(dict.fromkeys(findings.issues))})
    else:
        _show(findings)
    sys.exit(1 if any(one.severity is Severity.ERROR for one in findings.issues) else 0)


def _call_in(file: Path) -> dict[str, Any]:
    document = read_document(file)
    if not isinstance(document, dict) or not isinstance(document.get("hook"), str):
        raise click.UsageError(f"{file}: not the body of a CDS Hooks call")
    return document


def _sender(client: httpx2.Client, base: str, token: str | None) -> Send:
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def send(method: str, path: str, body: bytes | None) -> Reply:
        kind = {"Content-Type": "application/json"} if body is not None else {}
        with client.stream(method, base + path, content=body, headers=headers | kind) as response:
            received = bytearray()
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > _MOST_BYTES:
                    raise click.ClickException(f"{method} {path}: the answer is larger than {_MOST_BYTES} bytes")
            return Reply(response.status_code, response.headers.get("Content-Type", ""), bytes(received))

    return send


def _show(findings: Findings) -> None:
    broken: dict[str, list[Issue]] = {}
    for issue in findings.issues:
        broken.setdefault(issue.code, []).append(issue)
    for requirement in [*findings.looked, *(one for one in broken if one not in findings.looked)]:
        if requirement not in broken:
            click.echo(f"ok      {requirement}")
        for issue in dict.fromkeys(broken.get(requirement, ())):
            click.echo(f"{_MARKS[issue.severity]}  {requirement}: {issue.path}: {issue.text}")
    counted = Counter(issue.severity for issue in dict.fromkeys(findings.issues))
    words = {Severity.ERROR: "broken", Severity.WARNING: "should be met", Severity.INFORMATION: "advised"}
    text = ", ".join(f"{counted[severity]} {word}" for severity, word in words.items())
    click.echo(f"{findings.calls} calls; {len(findings.looked)} requirements looked at; {text}")
