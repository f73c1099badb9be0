"""Who may see what the store holds: the auditors, asked for name and password by the browser (HTTP Basic, RFC 7617)."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Response, request

from service.security.auditors import Auditors
from service.web.rate import Rate

# Product choice: a person who mistypes goes on, a program that guesses is stopped.
_WRONG_AT_ONCE, _SECONDS_EACH = 10, 6.0
_ASK = {"WWW-Authenticate": 'Basic realm="sciatica-cds", charset="UTF-8"'}


@dataclass(frozen=True)
class AuditorLogin:
    """Lets auditors in, and stops an address that guesses."""

    auditors: Auditors
    wrong: Rate = field(default_factory=lambda: Rate(_WRONG_AT_ONCE, _SECONDS_EACH))

    def refusal(self) -> Response | None:
        """None for an auditor, else what the browser is answered."""
        given = request.headers.get("Authorization")
        if given is None:
            return Response("Only for auditors.", 401, _ASK, mimetype="text/plain")
        if self.wrong.is_empty(request.remote_addr or ""):
            return Response("Too many wrong passwords.", 429, {"Retry-After": "60"}, mimetype="text/plain")
        if self.auditors.admits(given):
            return None
        self.wrong.wait(request.remote_addr or "")
        return Response("Only for auditors.", 401, _ASK, mimetype="text/plain")
