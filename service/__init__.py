"""sciatica-cds: clinical decision support for sciatica with muscle spasm. ``create_app`` wires the rooms together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Settings
    from service.hooks.evaluation import FetchMissing, Services
    from service.hooks.feedback import FeedbackSink
    from service.hooks.memory import Memory
    from service.hooks.routes import Authenticate
    from service.knowledge.model import Knowledge


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

    Without ``feedback`` what clinicians did with cards is kept in the store, or in memory only where that is off.
    """
    from flask import Flask

    from service.config import read_settings
    from service.hooks.all_routes import add_serving
    from service.hooks.check.routes import check_blueprint
    from service.hooks.feedback import MemoryFeedback
    from service.hooks.feedback_routes import feedback_blueprint
    from service.hooks.logs import configure
    from service.hooks.mounting import mounted
    from service.hooks.routes import Endpoint, blueprint
    from service.hooks.trust import authenticator, fetch_step, guarded_client

    settings = settings or read_settings()
    configure(settings.log_level)
    client = guarded_client(settings)
    endpoint = Endpoint(
        make_services(settings, knowledge, fetch_missing or fetch_step(settings, client)),
        authenticate or authenticator(settings, client).authenticate,
        places=threading.BoundedSemaphore(settings.max_concurrent),
    )
    memory = make_memory(settings)
    if memory is not None:
        endpoint.remember, endpoint.memory_state = memory, memory.state
    app = Flask("service", static_folder=None)
    app.url_map.strict_slashes = False
    app.register_blueprint(blueprint(endpoint))
    app.register_blueprint(check_blueprint(endpoint))
    sink = feedback or (memory.feedback(endpoint) if memory is not None else MemoryFeedback())
    app.register_blueprint(feedback_blueprint(endpoint, sink, keep_comments=settings.keep_comments))
    if memory is not None:
        from service.hooks.stats_routes import stats_blueprint

        app.register_blueprint(stats_blueprint(endpoint, memory))
    add_serving(app, settings)
    app.wsgi_app = mounted(app.wsgi_app, prefix=settings.path_prefix, proxies=settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def make_memory(settings: Settings) -> Memory | None:
    """What remembers answered calls, as the settings say. Raises StoreError where its keys or URL cannot be used."""
    if settings.store == "off":
        return None
    from importlib.metadata import version

    from service.hooks.memory import Memory
    from service.store.archive import archived, rule_files
    from service.store.place import place_of
    from service.store.store import Store

    store = Store(place_of(settings), version("sciatica-cds"))
    return Memory(store, lambda _: archived(rule_files(settings.rules)), required=settings.store == "required")


def make_services(
    settings: Settings, knowledge: Knowledge | None = None, fetch_missing: FetchMissing | None = None
) -> Services:
    """The services of the rule set, ready to answer. Raises KnowledgeError where rules or templates are wrong."""
    from service.decision import prepare
    from service.hooks.approval import wholly_approved
    from service.hooks.discovery import linted_templates, offered
    from service.hooks.evaluation import Services, fetch_nothing
    from service.hooks.orders import Drafts
    from service.knowledge.loader import load

    knowledge = knowledge or load(settings.rules, settings.knowledge_settings)
    drafts = Drafts(knowledge)
    drafts.warm_up()
    shown = offered(knowledge, settings.hidden_services)
    return Services(
        prepared=prepare(knowledge),
        drafts=drafts,
        offered=shown,
        templates=linted_templates(knowledge, shown),
        settings=settings,
        fetch_missing=fetch_missing or fetch_nothing,
        only=wholly_approved(knowledge) if settings.require_approved else None,
    )
