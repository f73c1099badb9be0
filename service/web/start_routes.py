"""``/start``: how an EHR is connected, with the smallest chart for each hook and the cards that it brings."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request

from service.protocol.evaluation import BundleQuestion, answer_bundle
from service.testkit.smallest_charts import NOW, smallest_chart
from service.web.pages.start import DEFAULT_HOOK, start_page
from service.web.playground_routes import own
from service.web.routes import as_json
from service.web.site import Json, Site, with_query


def start_blueprint(site: Site) -> Blueprint:
    """The routes over the services in use."""
    routes = Blueprint("start", __name__)

    def data() -> Json:
        services = own(site.endpoint.services)
        hooks = [one.hook for one in services.offered.values()]
        asked = request.args.get("hook", "")
        hook = next(one for one in (asked, DEFAULT_HOOK, hooks[0]) if one in hooks)
        with site.endpoint.slot():
            answered = answer_bundle(services, smallest_chart(hook), BundleQuestion(hook, datetime.fromisoformat(NOW)))
        address = services.settings.public_url or request.host_url.rstrip("/") + request.script_root
        return start_page(services, hook, answered, address.rstrip("/"))

    @routes.get("/start")
    def show() -> Response:
        return site.html("start.html", data(), twin=with_query("start.json"))

    @routes.get("/start.json")
    def tell() -> Response:
        return as_json(data())

    return routes
