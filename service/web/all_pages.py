"""Which pages this service has, as its settings say: the rule book, the playground, and what the store holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from service.config import Settings, variable
from service.errors import SettingsError
from service.security.auditors import AuditorsError, read_auditors
from service.web.audit_routes import StatisticsPage, stats_blueprint
from service.web.auditor_login import AuditorLogin
from service.web.compare_routes import compare_blueprint
from service.web.page_routes import KINDS, page_blueprint
from service.web.playground_routes import playground_blueprint
from service.web.questionnaire_routes import questionnaire_blueprint
from service.web.routes import Endpoint
from service.web.site import Json, Site
from service.web.start_routes import start_blueprint

if TYPE_CHECKING:
    from service.store.store import Store

_PLAYGROUND = frozenset({"playground", "questionnaire", "start"})


def page_blueprints(endpoint: Endpoint, settings: Settings, store: Store | None) -> Iterator[Blueprint]:
    """The routes of all pages, and of ``/stats``, which is there without pages too. Raises SettingsError."""
    if settings.pages == "off":
        if store is not None:
            yield _stats(endpoint, store, None)
        return
    login = _login(settings)
    has_decisions = store is not None and login is not None
    kinds = KINDS | {"compare"} | (_PLAYGROUND if settings.pages == "all" else set())
    kinds |= {"stats"} if store is not None else set()
    kinds |= {"decisions"} if has_decisions else set()
    site = Site(endpoint, kinds)
    refusal = login.refusal if login is not None else lambda: _authenticated(endpoint)
    yield page_blueprint(site, None if store is None else _rule_figures(site, store, refusal))
    yield compare_blueprint(site, store)
    if settings.pages == "all":
        yield playground_blueprint(site)
        yield questionnaire_blueprint(site)
        yield start_blueprint(site)
    if store is not None:
        yield from _of_store(site, store, refusal, login)


# The library of the database is a tenth of all that is loaded: only where something is stored.


def _rule_figures(site: Site, store: Store, refusal: Callable[[], Response | None]) -> Callable[[str], Json | None]:
    from service.web.decision_routes import rule_figures_of

    return rule_figures_of(site, store, refusal)


def _of_store(
    site: Site, store: Store, refusal: Callable[[], Response | None], login: AuditorLogin | None
) -> Iterator[Blueprint]:
    from service.web.decision_routes import decision_blueprint, statistics_page_of

    yield _stats(site.endpoint, store, StatisticsPage(site, statistics_page_of(site, store), refusal))
    if login is not None:
        yield decision_blueprint(site, store, login)


def _login(settings: Settings) -> AuditorLogin | None:
    if settings.auditors is None:
        return None
    try:
        return AuditorLogin(read_auditors(settings.auditors))
    except AuditorsError as error:
        raise SettingsError(f"{variable('auditors')}: {error}") from None


def _authenticated(endpoint: Endpoint) -> Response | None:
    """Without auditors the page is for whom the counts are. Raises UnauthorizedError."""
    endpoint.authenticate(request.headers.get("Authorization"), "/stats", endpoint.clock())
    return None


def _stats(endpoint: Endpoint, store: Store, page: StatisticsPage | None) -> Blueprint:
    from service.store.stats import stats

    return stats_blueprint(endpoint, lambda: stats(store.database).as_json(), page)
