"""The cache of loaded rule sets: read when all is as it was and the folder is ours alone, and never otherwise."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest

from service.errors import KnowledgeError
from service.knowledge.cache import RuleCache
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.store.archive import rule_files
from tests.unit.knowledge.rule_folders import VALID


class Site:
    """A folder of rules beside a folder for the cache, and how often the rules were loaded."""

    def __init__(self, folder: Path) -> None:
        self.rules, self.cache, self.loads = folder / "rules", folder / "cache", 0
        shutil.copytree(VALID, self.rules)

    def read(self, **settings: str) -> Knowledge:
        def loaded() -> Knowledge:
            self.loads += 1
            return load(self.rules, settings)

        return RuleCache.of(self.cache, rule_files(self.rules), settings).cached("rules", loaded)

    def entry(self) -> Path:
        (found,) = self.cache.iterdir()
        return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_second_start_reads_what_the_first_one_checked(site: Site) -> None:
    first = site.read()
    assert site.read() == first == load(VALID)
    assert site.loads == 1


def test_other_files_and_other_settings_are_loaded(site: Site) -> None:
    site.read()
    assert site.read(jurisdiction="uk").jurisdiction == "uk"
    path = site.rules / "ruleset.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("version: 0.1.0", "version: 0.2.0"), encoding="utf-8")
    assert site.read().version == "0.2.0"
    assert site.loads == 3


def test_rules_that_are_wrong_are_refused_each_time_and_leave_nothing(site: Site) -> None:
    (site.rules / "ruleset.yaml").write_text("name: [", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(KnowledgeError):
            site.read()
    assert site.loads == 2
    assert list(site.cache.iterdir()) == []


class Poison:
    """A pickle that does something when it is read."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (str(self.witness), os.O_CREAT)


@pytest.mark.parametrize("length", [0, 10, 150, 2000])
def test_an_entry_that_broke_off_is_not_read(site: Site, length: int) -> None:
    site.read()
    site.entry().write_bytes(site.entry().read_bytes()[:length])
    assert site.read() == load(VALID)
    assert site.loads == 2


def test_an_entry_whose_content_was_replaced_is_not_run(site: Site, tmp_path: Path) -> None:
    site.read()
    head = site.entry().read_bytes()[:150]
    site.entry().write_bytes(head + pickle.dumps(Poison(tmp_path / "ran")))
    assert site.read() == load(VALID)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_write_is_not_used(site: Site, mode: int) -> None:
    site.read()
    site.cache.chmod(mode)
    site.read()
    assert site.loads == 2


def test_an_entry_that_others_may_write_is_not_read(site: Site) -> None:
    site.read()
    site.entry().chmod(0o666)
    site.read()
    assert site.loads == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_entry_or_a_folder_of_another_user_is_not_read(site: Site) -> None:
    site.read()
    os.chown(site.entry(), 12345, 12345)
    site.read()
    assert site.loads == 2
    os.chown(site.cache, 12345, 12345)
    site.read()
    assert site.loads == 3


def test_a_link_in_place_of_the_folder_or_the_entry_is_not_followed(site: Site, tmp_path: Path) -> None:
    site.read()
    entry = site.entry()
    entry.rename(tmp_path / "moved")
    entry.symlink_to(tmp_path / "moved")
    site.read()
    assert site.loads == 2
    shutil.rmtree(site.cache)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    site.cache.symlink_to(tmp_path / "elsewhere")
    site.read()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_where_no_folder_can_be_made_the_rules_are_loaded(site: Site) -> None:
    site.cache.write_text("a file stands here", encoding="utf-8")
    assert site.read() == load(VALID)


def test_what_is_worked_out_from_the_rules_is_kept_beside_them_by_its_name(site: Site) -> None:
    site.read()
    entries = RuleCache.of(site.cache, rule_files(site.rules), {})
    assert entries.cached("gates", lambda: {"patient-view": None}) == {"patient-view": None}
    assert entries.cached("gates", lambda: pytest.fail("it was cached")) == {"patient-view": None}
    assert entries.cached("drafts", lambda: "others") == "others"
    assert site.read() == load(VALID)
    assert site.loads == 1


def test_only_the_newest_few_entries_stay(site: Site) -> None:
    path = site.rules / "ruleset.yaml"
    text = path.read_text(encoding="utf-8")
    for number in range(6):
        path.write_text(text.replace("version: 0.1.0", f"version: 0.1.{number}"), encoding="utf-8")
        site.read()
    assert len(list(site.cache.iterdir())) == 4
