"""``/decisions`` and ``/stats`` for people: what the decision log holds.

Decisions are shown only to those whom the file of auditors names (HTTP Basic), and only where there are such a file and
a store. The statistics count and name nobody: they are open to whom ``GET /stats`` is, and to auditors.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from service.decision_log.replay import Replayer
from service.errors import NotFoundError, UnauthorizedError
from service.protocol.evaluation import Services
from service.review.radar.report import radar
from service.review.rule_versions import before_and_after
from service.store.figures import by_client, not_assessed
from service.store.listing import listed, stored_hooks
from service.store.proof import proof_of
from service.store.reading import Reading
from service.store.stats import counts_of, first_uses, stats
from service.store.store import Store
from service.web.auditor_login import AuditorLogin
from service.web.pages.decisions import StoredPage, decision_page, decisions_page, wanted_of
from service.web.pages.statistics import Counted, rule_figures, statistics_page
from service.web.routes import as_json
from service.web.site import Json, Site, with_query


def decision_blueprint(site: Site, store: Store, login: AuditorLogin) -> Blueprint:
    """The routes over the stored decisions."""
    routes = Blueprint("decisions", __name__)
    reading = Reading(store.database, store.keyring)
    routes.before_request(login.refusal)

    def listing() -> Json:
        wanted = wanted_of(request.args)
        found = listed(store.database, wanted)
        return decisions_page(site.endpoint.services.prepared.knowledge, wanted, found, stored_hooks(store.database))

    def one(name: str) -> Json:
        services = site.endpoint.services
        stored = _stored(name, reading, store, services, again="again" in request.args)
        return decision_page(services.prepared.knowledge, stored)

    @routes.get("/decisions")
    def show_all() -> Response:
        return site.html("decisions.html", listing(), twin=with_query("decisions.json"))

    @routes.get("/decisions.json")
    def tell_all() -> Response:
        return as_json(listing())

    @routes.get("/decisions/<name>")
    def show(name: str) -> Response:
        try:
            return site.html("decision.html", one(name), twin=with_query(f"decisions/{name}.json"))
        except NotFoundError:
            return site.html("missing.html", {"near": [], "kind": "decisions"}, status=404)

    @routes.get("/decisions/<name>.json")
    def tell(name: str) -> Response:
        return as_json(one(name))

    return routes


def _stored(name: str, reading: Reading, store: Store, services: Services, *, again: bool) -> StoredPage:
    """All that is stored about a decision, decided again where that is quick or asked for. Raises NotFoundError."""
    decision = reading.decision(name)
    replayer = Replayer(reading, services)
    cards = [card["uuid"] for card in decision.body["cards"]]
    return StoredPage(
        decision,
        reading.rule_set(decision.body["ruleset"]),
        reading.feedback_of(cards) if cards else {},
        proof_of(store.database, store.keyring, decision.writer, decision.seq),
        replayer.replay(decision) if again or replayer.is_quick(decision.body["ruleset"]) else None,
    )


def statistics_page_of(site: Site, store: Store) -> Callable[[], Json]:
    """The data of the page of figures, from the store as it is when it is asked."""

    def page() -> Json:
        database, endpoint = store.database, site.endpoint
        knowledge = endpoint.services.prepared.knowledge
        counted = stats(database)
        counted_cards = Counted(
            counted.as_json(),
            before_and_after(counted.rules, first_uses(database)),
            by_client(database),
            not_assessed(database),
            radar(database, knowledge, endpoint.clock().date()),
        )
        return statistics_page(knowledge, counted_cards, request.args)

    return page


def rule_figures_of(site: Site, store: Store, refusal: Callable[[], Response | None]) -> Callable[[str], Json | None]:
    """What the page of a rule tells of its use; None for a caller whom the figures are not for."""

    def figures(rule: str) -> Json | None:
        try:
            if refusal() is not None:
                return None
        except UnauthorizedError:
            return None
        counts = counts_of(store.database, rule)
        # When versions came into use is asked only where there are several.
        pairs = before_and_after(counts, first_uses(store.database)) if len(counts) > 1 else []
        return rule_figures(site.endpoint.services.prepared.knowledge, [one.as_json() for one in counts], pairs)

    return figures
