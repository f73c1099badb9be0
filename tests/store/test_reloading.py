"""Rules loaded anew while the service answers; refused ones leave the old ones in use; packs only when trusted."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from service import create_app
from service.config import Settings, refuse_unsafe
from service.errors import KnowledgeError, SettingsError
from service.review.packs import make_pack
from service.review.signatures import new_key, sign, signature_file
from service.store.audit import audit
from service.store.database import Database, store_url
from service.store.keys import read_keyring
from service.store.options import StoreOptions
from service.web.reloading import Reloader
from tests.http.calls import order_sign
from tests.store.processes import asked, gunicorn
from tests.store.service import SMALL_RULES, post, store_of, storing_app

RULE = Path("phases/3_safety/sf-nsaid-contraindicated.yaml")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    shutil.copytree(SMALL_RULES, tmp_path / "rules")
    return tmp_path / "rules"


@pytest.fixture
def app(rules: Path, tmp_path: Path) -> Iterator[Flask]:
    made = storing_app(tmp_path / "data", rules)
    yield made
    store_of(made).close()


def reloader(app: Flask) -> Reloader:
    return app.extensions["sciatica-cds.rules"]


def change(rules: Path, old: str, new: str) -> None:
    text = (rules / RULE).read_text()
    assert old in text
    (rules / RULE).write_text(text.replace(old, new))


def digest(app: Flask) -> str:
    return app.test_client().get("/health").get_json()["ruleset"]["digest"]


def test_new_rules_are_in_use_after_a_reload(app: Flask, rules: Path) -> None:
    before = digest(app)
    change(rules, "version: 1.0.0", "version: 1.0.1")
    assert digest(app) == before
    assert reloader(app).reload()
    assert digest(app) != before
    assert "version 1.0.1" in post(app, "small-order-sign", order_sign())[0]["extension"]["sciatica-cds.detail"]


def test_wrong_rules_are_refused_loudly_and_the_last_good_ones_stay(app: Flask, rules: Path) -> None:
    before = digest(app)
    change(rules, "purpose:", "porpoise:")
    assert not reloader(app).reload()
    assert digest(app) == before
    assert post(app, "small-order-sign", order_sign())
    assert any("refused" in warning for warning in app.test_client().get("/health").get_json()["warnings"])
    change(rules, "porpoise:", "purpose:")
    assert reloader(app).reload()
    assert not any("refused" in warning for warning in app.test_client().get("/health").get_json()["warnings"])


def test_files_that_change_are_loaded_when_they_stand_still(app: Flask, rules: Path) -> None:
    before = digest(app)
    looking = reloader(app)
    seen = looking.look(looking.fingerprint())
    change(rules, "version: 1.0.0", "version: 1.0.1")
    seen = looking.look(seen)
    assert digest(app) == before, "a folder that is being written may be half there"
    looking.look(seen)
    assert digest(app) != before


def test_no_request_is_dropped_while_rules_are_loaded(app: Flask, rules: Path) -> None:
    stop, statuses = threading.Event(), []

    def call() -> None:
        client = app.test_client()
        while not stop.is_set():
            statuses.append(client.post("/cds-services/small-order-sign", json=order_sign()).status_code)

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for number in range(1, 4):
        change(rules, f"version: 1.0.{number - 1}", f"version: 1.0.{number}")
        reloader(app).reload()
    deadline = time.monotonic() + 60
    while len(statuses) <= 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    for caller in callers:
        caller.join()
    assert len(statuses) > 5
    assert set(statuses) == {200}


def test_a_signal_to_the_real_server_loads_new_rules_and_drops_no_request(rules: Path, tmp_path: Path) -> None:
    settings = {"SCIATICA_CDS_RULES": str(rules), "SCIATICA_CDS_DATA": str(tmp_path / "data")}
    stop, statuses = threading.Event(), []

    def call(port: int) -> None:
        while not stop.is_set():
            statuses.append(asked(port, "POST", "/cds-services/small-order-sign", json.dumps(order_sign()))[0])

    with gunicorn(settings, workers=2) as (port, master):

        def digest_now() -> str:
            return json.loads(asked(port, "GET", "/health")[1])["ruleset"]["digest"]

        before = digest_now()
        caller = threading.Thread(target=call, args=(port,))
        caller.start()
        change(rules, "version: 1.0.0", "version: 1.0.1")
        master.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while digest_now() == before and time.monotonic() < deadline:
            time.sleep(0.1)
        # The old workers finish what they have and leave.
        time.sleep(1)
        while len(statuses) <= 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        stop.set()
        caller.join()
        assert digest_now() != before
        change(rules, "purpose:", "porpoise:")
        master.send_signal(signal.SIGHUP)
        time.sleep(2)
        assert asked(port, "POST", "/cds-services/small-order-sign", json.dumps(order_sign()))[0] == 200
        master.terminate()
        master.wait(30)
    assert len(statuses) > 10
    assert set(statuses) == {200}
    # Told to stop, the service drains everything and leaves a checkpoint.
    assert list((tmp_path / "data" / "spool").glob("*.rows")) == []
    options = StoreOptions(
        str(tmp_path / "data" / "store.db"), tmp_path / "data" / "spool", tmp_path / "data" / "store-keys.json"
    )
    database = Database(store_url(options.url))
    report = audit(database, read_keyring(options.keys))
    database.close()
    assert (report.is_good, report.unjoined, report.decisions) == (True, 0, len(statuses) + 1)


@pytest.fixture
def packed(rules: Path, tmp_path: Path) -> tuple[Settings, Path]:
    """Settings that load only a signed pack, and the private key."""
    pack, key = tmp_path / "rules.pack", tmp_path / "key.pem"
    pack.write_bytes(make_pack(rules, made_by="test"))
    keys = tmp_path / "trusted"
    keys.write_text(f"# those who may\n{new_key(key)}\n")
    signature_file(pack).write_text(sign(pack.read_bytes(), key))
    return Settings(pack=pack, pack_keys=keys, rules=tmp_path / "nowhere", log_level="error"), key


def test_a_pack_whose_signature_verifies_is_loaded(packed: tuple[Settings, Path]) -> None:
    settings, _ = packed
    result = create_app(settings).test_client().get("/health").get_json()["ruleset"]
    assert (result["name"], result["signed_by"]) == ("small-rules", "key")


def test_without_a_trusted_signature_the_service_does_not_start(packed: tuple[Settings, Path], tmp_path: Path) -> None:
    settings, _ = packed
    pack, keys = settings.pack, settings.pack_keys
    assert pack is not None
    assert keys is not None
    good = signature_file(pack).read_text()
    signature_file(pack).unlink()
    with pytest.raises(KnowledgeError, match="no signature"):
        create_app(settings)
    signature_file(pack).write_text(good)
    content = pack.read_bytes()
    pack.write_bytes(content + b" ")
    with pytest.raises(KnowledgeError, match="changed after it was signed"):
        create_app(settings)
    pack.write_bytes(content)
    keys.write_text(new_key(tmp_path / "other.pem"))
    with pytest.raises(KnowledgeError, match="not trusted"):
        create_app(settings)
    keys.write_text("")
    with pytest.raises(KnowledgeError, match="no Ed25519 keys"):
        create_app(settings)


def test_a_new_pack_without_trusted_signature_is_refused_at_reload(packed: tuple[Settings, Path], rules: Path) -> None:
    settings, key = packed
    pack = settings.pack
    assert pack is not None
    app = create_app(settings)
    before = digest(app)
    change(rules, "version: 1.0.0", "version: 1.0.1")
    pack.write_bytes(make_pack(rules, made_by="test"))
    assert not reloader(app).reload()
    assert digest(app) == before
    signature_file(pack).write_text(sign(pack.read_bytes(), key))
    assert reloader(app).reload()
    assert digest(app) != before


def test_a_pack_and_its_trusted_keys_go_together(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="go together"):
        refuse_unsafe(Settings(pack=tmp_path / "a.pack"))
    with pytest.raises(SettingsError, match="go together"):
        refuse_unsafe(Settings(pack_keys=tmp_path / "keys"))
