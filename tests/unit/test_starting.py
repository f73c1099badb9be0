"""What an operator reads at the start: what stops it, with what to do, and what runs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service import create_app
from service.config import PROJECT, Settings
from service.errors import SettingsError
from service.web.listening import refuse_unusable
from tests.store.service import SMALL_RULES


def test_a_port_that_another_program_uses_is_named_with_one_to_take_instead() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} is in use by another program") as refused:
            refuse_unusable([("127.0.0.1", port)], {})
        assert "make serve PORT=" in str(refused.value)
        refuse_unusable([("127.0.0.1", port)], {"GUNICORN_FD": "5"})
    refuse_unusable([("127.0.0.1", port), ("127.0.0.1", 0), "/run/service.sock"], {})


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(SettingsError, match=r"203\.0\.113\.7:8080 is no address of this machine"):
        refuse_unusable([("203.0.113.7", 8080)], {})


def test_a_database_that_cannot_be_reached_at_the_start_is_said_loudly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    url = f"postgresql://clinic@127.0.0.1:{port}/decisions"
    app = create_app(Settings(rules=SMALL_RULES, store="required", store_url=url, data=tmp_path))
    result = "\n".join(app.extensions["sciatica-cds.summary"]())
    assert "calls    are to be recorded in PostgreSQL (required), which CANNOT BE REACHED" in result
    assert "WARNING  the store cannot be used" in result
    assert "/ready is 503 until it can be" in result
    stored = create_app(Settings(rules=SMALL_RULES, store="on", data=tmp_path))
    assert "calls    are recorded in SQLite (on);" in "\n".join(stored.extensions["sciatica-cds.summary"]())


_STARTED = """
import sys
from pathlib import Path
from service import create_app
from service.config import PROJECT, Settings
from tests.store.service import SMALL_RULES
create_app(Settings(rules=SMALL_RULES, rules_cache="on", store="on", data=Path(sys.argv[1])))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_start_that_finds_its_rules_in_the_cache_loads_nothing_that_only_pages_tokens_or_rule_files_need(
    tmp_path: Path,
) -> None:
    """Each of them costs every start a part of its CPU, and every worker some megabytes."""

    def started() -> set[str]:
        command = [sys.executable, "-c", _STARTED, str(tmp_path)]
        return set(subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT).stdout.split())

    unneeded = {"yaml", "fhir", "pydantic", "markdown_it", "apispec", "jwt", "cryptography", "z3", "opentelemetry"}
    # The first start reads the rule files and writes the drafts: with these the second would load nothing either.
    assert {"yaml", "fhir"} <= started()
    assert started() & unneeded == set()
