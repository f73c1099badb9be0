"""``/compare``: two rule sets, of those that are stored and the one in use. They hold nothing about a patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from service.errors import NotFoundError
from service.knowledge.model import Knowledge
from service.store.archive import files_in
from service.web.comparing import Comparing, State
from service.web.pages.compare import compare_page, titles_of
from service.web.routes import as_json
from service.web.site import Json, Site, with_query

if TYPE_CHECKING:
    from service.review.comparison.origin import RuleSet
    from service.store.store import Store


def compare_blueprint(site: Site, store: Store | None) -> Blueprint:
    """The routes. Without a store only the rule set in use is there, and the page says how to compare others."""
    routes = Blueprint("compare", __name__)
    stored = _StoredRuleSets(site, store)
    comparing = Comparing(stored.rule_set)

    @routes.get("/compare")
    def show() -> Response:
        page = _data(stored, comparing, request.args)
        response = site.html("compare.html", page, twin=with_query("compare.json"))
        if page["waiting"]:
            # The page asks again by itself, without a script.
            response.headers["Refresh"] = "3"
        return response

    @routes.get("/compare.json")
    def show_data() -> Response:
        return as_json(_data(stored, comparing, request.args))

    return routes


@dataclass(frozen=True, slots=True)
class _StoredRuleSets:
    """The rule sets that can be compared here: the one in use, and those of the store where there is one."""

    site: Site
    store: Store | None

    @property
    def running(self) -> Knowledge:
        """The rule set in use."""
        return self.site.endpoint.services.prepared.knowledge

    def choices(self) -> list[Json]:
        """Their digests and titles, the one in use first."""
        running = self.running
        stored: Iterable[tuple[str, str, str]] = ()
        if self.store is not None:
            from service.store.rule_sets import stored_rule_sets

            stored = stored_rule_sets(self.store.database)
        return [
            {"digest": running.digest, "title": f"{running.version} {running.digest[:8]}, in use"},
            *(
                {"digest": digest, "title": f"{version} {digest[:8]}, first used {first_used[:10]}"}
                for digest, version, first_used in stored
                if digest != running.digest
            ),
        ]

    def rule_set(self, digest: str) -> RuleSet:
        """The rule set with its files. Raises NotFoundError when these are not stored."""
        from service.review.comparison.origin import RuleSet
        from service.review.packs import load_files

        running, store = self.running, self.store
        stored = None
        if store is not None:
            from service.store.reading import Reading

            stored = Reading(store.database, store.keyring).rule_set(digest)
        files = files_in(stored.archive) if stored is not None and stored.archive is not None else {}
        if digest == running.digest:
            return RuleSet(f"{digest[:12]} (in use)", running, files)
        if stored is None or not files:
            raise NotFoundError("the files of this rule set are not stored")
        return RuleSet(digest[:12], load_files(files, stored.settings), files)


def _data(stored: _StoredRuleSets, comparing: Comparing, asked: Mapping[str, str]) -> Json:
    """The data of the page. Only what is stored here is compared: another digest asks for nothing."""
    choices = stored.choices()
    before, after = asked.get("before", ""), asked.get("after", "")
    is_known = {before, after} <= {one["digest"] for one in choices}
    state = comparing.state(before, after) if is_known else State()
    waiting = is_known and state.report is None and state.fault is None
    return compare_page(choices, asked, state, titles_of(stored.running), waiting=waiting)
