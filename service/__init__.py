"""sciatica-cds: clinical decision support for sciatica with muscle spasm. ``create_app`` wires the rooms together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from flask import Blueprint, Flask

    from service.config import Settings
    from service.decision_log.recording import DecisionLog
    from service.knowledge.model import Knowledge
    from service.protocol.evaluation import FetchMissing, Services
    from service.protocol.feedback import FeedbackSink
    from service.web.reloading import Reloader
    from service.web.routes import Authenticate, Endpoint, Observe


# Imports stand inside the functions: a caller of one room (a test, the command line) does not pay for Flask.


def create_app(
    settings: Settings | None = None,
    knowledge: Knowledge | None = None,
    *,
    authenticate: Authenticate | None = None,
    fetch_missing: FetchMissing | None = None,
    feedback: FeedbackSink | None = None,
) -> Flask:
    """The web application. Raises SettingsError or KnowledgeError rather than serve anything wrong.

    Without ``feedback`` what clinicians did with cards is stored, or in memory only where that is off.
    """
    from flask import Flask

    from service.config import read_settings
    from service.logs import configure
    from service.web.pipeline import add_serving, mounted
    from service.web.routes import Endpoint
    from service.web.wiring import authenticator, fetch_step, guarded_client, refuse_unknown_services

    settings = settings or read_settings()
    configure(settings.log_level)
    client = guarded_client(settings)
    fetch = fetch_missing or fetch_step(settings, client)
    endpoint = Endpoint(
        make_services(settings, knowledge, fetch),
        authenticate or authenticator(settings, client).authenticate,
        slots=threading.BoundedSemaphore(settings.max_concurrent),
    )
    decision_log = _recording(endpoint, settings)
    reloader = _reloading(endpoint, settings, fetch)
    refuse_unknown_services(settings, endpoint.services.prepared.knowledge.services, endpoint.services.offered)
    app = Flask("service", static_folder=None)
    app.extensions |= _for_servers(endpoint, settings, reloader, decision_log)
    app.before_request(reloader.watch)
    app.url_map.strict_slashes = False
    # No view here is a coroutine; Flask would look at each of them on every call.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]
    for routes in _all_routes(endpoint, settings, decision_log, feedback):
        app.register_blueprint(routes)
    add_serving(app, settings, _observing(app, endpoint, decision_log))
    app.wsgi_app = mounted(app.wsgi_app, prefix=settings.path_prefix, proxies=settings.trusted_proxies)  # type: ignore[method-assign]
    if settings.traces == "on":
        _trace(app)
    return app


def _for_servers(
    endpoint: Endpoint, settings: Settings, reloader: Reloader, decision_log: DecisionLog | None
) -> dict[str, object]:
    """What those who serve the application find with it, by name."""
    from service.web.health import summary

    def summary_now() -> object:
        failure = None if decision_log is None else decision_log.store.reachability.failure()
        return summary(endpoint.services, endpoint.clock().date(), failure)

    return {
        "sciatica-cds.rules": reloader,
        "sciatica-cds.decision-log": decision_log,
        "sciatica-cds.settings": settings,
        "sciatica-cds.services": lambda: endpoint.services,
        "sciatica-cds.summary": summary_now,
    }


def _trace(app: Flask) -> None:
    from importlib.metadata import version

    from service.web.tracing import exporting, traced

    app.wsgi_app = traced(app.wsgi_app, exporting(version("sciatica-cds")))  # type: ignore[assignment, method-assign]


def _observing(app: Flask, endpoint: Endpoint, decision_log: DecisionLog | None) -> Observe | None:
    """Count what comes of calls, and leave a function with the application that tells the figures at their address."""
    address = endpoint.services.settings.metrics_bind
    if address is None:
        return None
    from importlib.metadata import version

    from service.web.metrics import Metrics, RadarAlarms, StateCollector, serve

    endpoint.observe = Metrics()
    waiting = (lambda: 0) if decision_log is None else decision_log.store.waiting_bytes

    def today() -> date:
        return endpoint.clock().date()

    alarms: Callable[[], Mapping[tuple[str, str], int]] = dict
    if decision_log is not None:
        alarms = RadarAlarms(decision_log.store.database, lambda: endpoint.services.prepared.knowledge, today)
    state = StateCollector(lambda: endpoint.services, waiting, today, version("sciatica-cds"), alarms)
    app.extensions["sciatica-cds.observer"] = endpoint.observe
    app.extensions["sciatica-cds.metrics"] = lambda: serve(address, state)
    return endpoint.observe


def _all_routes(
    endpoint: Endpoint, settings: Settings, decision_log: DecisionLog | None, feedback: FeedbackSink | None
) -> Iterator[Blueprint]:
    """Everything that can be asked over HTTP."""
    from service.protocol.feedback import InMemoryFeedback
    from service.web.all_pages import page_blueprints
    from service.web.artifact_routes import artifact_blueprint
    from service.web.audit_routes import source_attribute_blueprint
    from service.web.check_routes import check_blueprint
    from service.web.feedback_routes import feedback_blueprint
    from service.web.openapi.routes import openapi_blueprint
    from service.web.routes import blueprint

    yield blueprint(endpoint)
    yield check_blueprint(endpoint)
    yield openapi_blueprint(endpoint)
    sink = feedback or (
        decision_log.feedback(lambda: endpoint.services) if decision_log is not None else InMemoryFeedback()
    )
    yield feedback_blueprint(endpoint, sink, keep_comments=settings.keep_comments)
    yield source_attribute_blueprint(endpoint)
    yield artifact_blueprint(endpoint)
    yield from page_blueprints(endpoint, settings, None if decision_log is None else decision_log.store)


def _reloading(endpoint: Endpoint, settings: Settings, fetch: FetchMissing | None) -> Reloader:
    """Let the rules of the endpoint be loaded anew while it answers."""
    from service.review.rule_source import fingerprint
    from service.web.reloading import Reloader

    reloader = Reloader(
        endpoint, lambda: make_services(settings, None, fetch), lambda: fingerprint(settings), settings.reload_seconds
    )
    endpoint.refused_rules = lambda: reloader.refused
    return reloader


def _recording(endpoint: Endpoint, settings: Settings) -> DecisionLog | None:
    """Let the endpoint record what it answers, as the settings say."""
    decision_log = make_decision_log(settings)
    if decision_log is not None:
        from service.decision_log.history import History

        endpoint.record_call, endpoint.decision_log_state = decision_log, decision_log.state
        if settings.history_budget_ms:
            endpoint.earlier = History(decision_log.store, settings.history_budget_ms)
    return decision_log


def make_decision_log(settings: Settings) -> DecisionLog | None:
    """The decision log, as the settings say. Raises StoreError where its keys or URL cannot be used."""
    if settings.store == "off":
        return None
    from importlib.metadata import version

    from service.decision_log.recording import DecisionLog
    from service.store.options import store_options
    from service.store.store import Store

    store = Store(store_options(settings), version("sciatica-cds"))
    return DecisionLog(store, required=settings.store == "required")


def make_services(
    settings: Settings, knowledge: Knowledge | None = None, fetch_missing: FetchMissing | None = None
) -> Services:
    """The services of the rule set, ready to answer. Raises KnowledgeError where rules or templates are wrong."""
    from functools import cache

    from service.cards.orders import Drafts
    from service.decision import prepare
    from service.garbage import uncollected
    from service.knowledge.allowed_rules import wholly_approved
    from service.knowledge.cache import uncached
    from service.protocol.discovery import linted_templates, offered
    from service.protocol.evaluation import Services, fetch_nothing
    from service.review.rule_source import Rules, read_rules
    from service.store.archive import archived, rule_files

    with uncollected():
        if knowledge is None:
            rules = read_rules(settings)
        else:
            rules = Rules(knowledge, cache(lambda: archived(rule_files(settings.rules))))
        knowledge = rules.knowledge
        drafts = Drafts(knowledge)
        drafts.warm_up(rules.cached)
        prepared = prepare(knowledge, rules.cached)
        prepared.derivation.matcher.drugs.warm_up()
    shown = offered(knowledge, settings.hidden_services)
    # What is cached is of the rule set alone, and not of the services that an operator hides.
    cached = uncached if settings.hidden_services else rules.cached
    return Services(
        prepared=prepared,
        drafts=drafts,
        offered=shown,
        templates=cached("templates", lambda: linted_templates(knowledge, shown)),
        settings=settings,
        fetch_missing=fetch_missing or fetch_nothing,
        allowed_rule_ids=wholly_approved(knowledge) if settings.require_approved else None,
        archive=rules.archive,
        signed_by=rules.signed_by,
    )
