"""Packs: the same rules, the same bytes; what is not what its manifest says is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli.main import group
from service.errors import KnowledgeError, StoreError
from service.knowledge.loader import load
from service.review.packs import make_pack, open_pack
from service.review.rule_source import read_rules
from service.review.signatures import new_key, sign, trusted_keys, verified_by
from service.store.archive import archived, files_in, write_files
from tests.conftest import PROJECT

RULES = PROJECT / "tests" / "rules_valid"


def test_the_same_rules_give_the_same_bytes() -> None:
    assert make_pack(RULES, made_by="1") == make_pack(RULES, made_by="1")


def test_a_pack_holds_the_rules_and_says_what_is_in_it() -> None:
    pack = open_pack(make_pack(RULES, made_by="1"))
    knowledge = load(RULES)
    assert pack.knowledge.digest == knowledge.digest == pack.manifest["digest"]
    assert [rule["id"] for rule in pack.manifest["rules"]] == [rule.id for rule in knowledge.rules]
    assert {source["id"] for source in pack.manifest["sources"]} == set(knowledge.sources)
    assert "ruleset.yaml" in pack.manifest["files"]


def test_settings_of_the_site_apply_to_a_pack_too() -> None:
    pack = open_pack(make_pack(RULES, made_by="1"), {"jurisdiction": "uk"})
    assert pack.knowledge.jurisdiction == "uk"


def test_wrong_rules_make_no_pack(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError):
        make_pack(tmp_path, made_by="1")


def repacked(change) -> bytes:
    inside = files_in(gzip.decompress(make_pack(RULES, made_by="1")))
    change(inside)
    return gzip.compress(archived(inside))


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("manifest.json"),
        lambda files: files.pop("rules/ruleset.yaml"),
        lambda files: files.update({"rules/more.yaml": b"x: 1\n"}),
        lambda files: files.update({"elsewhere.yaml": b"x: 1\n"}),
        lambda files: files.update({"rules/ruleset.yaml": files["rules/ruleset.yaml"] + b"\n"}),
        lambda files: files.update({"manifest.json": b"{}"}),
    ],
)
def test_a_pack_that_is_not_what_its_manifest_says_is_refused(change) -> None:
    with pytest.raises(KnowledgeError):
        open_pack(repacked(change))


def escaping() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("../outside.yaml")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    return gzip.compress(stream.getvalue())


# Named, because compressed bytes hold the time: test runs side by side would not agree on the names of the tests.
@pytest.mark.parametrize(
    "content",
    [b"", b"not a pack", gzip.compress(b"not a tar"), escaping()],
    ids=["nothing", "words", "no archive", "a path outside"],
)
def test_what_is_no_pack_is_refused(content: bytes) -> None:
    with pytest.raises(KnowledgeError):
        open_pack(content)


def test_a_small_file_that_holds_a_huge_one_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="more than a rule set"):
        open_pack(gzip.compress(b"\0" * (65 * 1024 * 1024)))


def test_a_signature_fits_one_pack_and_one_key(tmp_path: Path) -> None:
    line = new_key(tmp_path / "ada.pem")
    (tmp_path / "trusted").write_text(line + "\n" + new_key(tmp_path / "ben.pem") + "\n")
    keys = trusted_keys(tmp_path / "trusted")
    signature = sign(b"a pack", tmp_path / "ada.pem")
    assert verified_by(b"a pack", signature, keys) == "ada"
    with pytest.raises(KnowledgeError, match="changed after it was signed"):
        verified_by(b"another", signature, keys)
    with pytest.raises(KnowledgeError, match="not trusted"):
        verified_by(b"a pack", signature, {"ben": keys["ben"]})
    for damaged in ("", "{}", signature.replace('"key"', '"kez"')):
        with pytest.raises(KnowledgeError, match="cannot be read"):
            verified_by(b"a pack", damaged, keys)


def test_a_private_key_is_for_its_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    new_key(tmp_path / "k.pem")
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        new_key(tmp_path / "k.pem")


def test_the_commands_pack_sign_and_verify(tmp_path: Path) -> None:
    pack, key, keys = (str(tmp_path / name) for name in ("r.pack", "k.pem", "trusted"))

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(group, list(words))
        return done.exit_code, done.output

    assert run("pack", "--rules", str(RULES), "--out", pack)[0] == 0
    code, line = run("sign", "--new-key", key)
    assert code == 0
    Path(keys).write_text(line)
    assert run("sign", pack, "--key", key)[0] == 0
    code, result = run("verify", pack, "--keys", keys)
    assert (code, result.startswith("signed by k: small-rules 0.1.0, 3 rules")) == (0, True)


def test_rules_come_with_the_archive_of_exactly_their_files() -> None:
    from service.config import Settings

    rules = read_rules(Settings(rules=RULES))
    assert files_in(rules.archive())["ruleset.yaml"] == (RULES / "ruleset.yaml").read_bytes()
    assert rules.signed_by is None


@pytest.mark.parametrize("name", ["rules//tmp/canary.yaml", "rules/a/../../canary.yaml", "rules//", "rules/"])
def test_a_name_that_leads_out_of_the_folder_once_its_beginning_is_cut_off_writes_nothing(
    tmp_path: Path, name: str
) -> None:
    cut = name.removeprefix("rules/")
    with pytest.raises(StoreError):
        write_files({"good.yaml": b"x: 1\n", cut: b"canary"}, tmp_path / "deep" / "rules")
    assert list(tmp_path.rglob("*")) == []


def test_a_pack_with_such_a_name_is_refused_even_when_its_manifest_agrees() -> None:
    def lead_out(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        files["rules//tmp/canary.yaml"] = b"x: 1\n"
        manifest["files"]["/tmp/canary.yaml"] = hashlib.sha256(b"x: 1\n").hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(StoreError):
        open_pack(repacked(lead_out))
    assert not Path("/tmp/canary.yaml").exists()
