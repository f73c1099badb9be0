"""``/compare``: two rule sets, of those that the store keeps and the one in use. They hold nothing about a patient."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.errors import NotFoundError
from service.review.comparison.origin import RuleSet
from service.review.packs import load_files
from service.store.archive import files_in
from service.store.reading import Reading
from service.store.rule_sets import kept_rule_sets
from service.store.store import Store
from service.web.comparing import Comparing, State
from service.web.pages.compare import Told, compare_page, titles_of
from service.web.routes import as_json
from service.web.site import Json, Site, with_query


def compare_blueprint(site: Site, store: Store | None) -> Blueprint:
    """The routes. Without a store only the rule set in use is there, and the page says how to compare others."""
    routes = Blueprint("compare", __name__)

    def load(digest: str) -> RuleSet:
        running = site.endpoint.services.prepared.knowledge
        kept = None if store is None else Reading(store.database, store.keyring).rule_set(digest)
        files = files_in(kept.archive) if kept is not None and kept.archive is not None else {}
        if digest == running.digest:
            return RuleSet(f"{digest[:12]} (in use)", running, files)
        if kept is None or not files:
            raise NotFoundError("the files of this rule set are not kept")
        return RuleSet(digest[:12], load_files(files, kept.settings), files)

    comparing = Comparing(load)

    def data() -> Json:
        running = site.endpoint.services.prepared.knowledge
        kept = [] if store is None else kept_rule_sets(store.database)
        choices = [
            {"digest": running.digest, "title": f"{running.version} {running.digest[:8]}, in use"},
            *(
                {"digest": digest, "title": f"{version} {digest[:8]}, first used {first_used[:10]}"}
                for digest, version, first_used in kept
                if digest != running.digest
            ),
        ]
        digests = {one["digest"] for one in choices}
        before, after = request.args.get("before", ""), request.args.get("after", "")
        state = State()
        asked = before in digests and after in digests
        if asked:
            state = comparing.state(before, after)
        waiting = asked and state.report is None and state.fault is None
        told, titles = Told(state.report, state.fault), titles_of(site.endpoint.services.prepared.knowledge)
        return compare_page(choices, request.args, told, titles, waiting=waiting)

    @routes.get("/compare")
    def show() -> Response:
        page = data()
        response = site.html("compare.html", page, twin=with_query("compare.json"))
        if page["waiting"]:
            # The page asks again by itself, without a script.
            response.headers["Refresh"] = "3"
        return response

    @routes.get("/compare.json")
    def tell() -> Response:
        return as_json(data())

    return routes
