"""Document: the OpenAPI 3.1 description of all endpoints, a path for each service with the context of its hook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from service.cards.client_profiles import profile_names
from service.knowledge.model import ServiceDefinition
from service.protocol.evaluation import Services
from service.protocol.feedback import FeedbackSchema
from service.protocol.request_schemas import EnvelopeSchema, FhirAuthorizationSchema, context_schema
from service.web.artifact_routes import KINDS, artifact_names
from service.web.openapi import answer_schemas as answers
from service.web.openapi import examples

Json = dict[str, Any]

_ABOUT = """Advice for sciatica and back pain by CDS Hooks 2.0.1, or about a plain FHIR chart. The services that are
listed are called by an EHR at the moment each is named after. {not_clearance}"""

_REFUSALS = {
    400: "The request is wrong; each issue names the path",
    404: "There is no such thing here",
    412: "Nothing useful can be said without data that was not sent and could not be fetched",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    422: "The FHIR release is not read",
    500: "An error of the service, with the id of its log line",
    503: "Too many calls at once; try again",
}
_OF_A_CALL = (400, 412, 413, 415, 422, 500, 503)
_OF_A_BODY = (400, 413, 415, 422, 500, 503)
# Nothing there is about a patient or a caller.
_PUBLIC = ("/health", "/live", "/ready", "/dsi", *(f"/{kind}/{{id}}" for kind in KINDS))
Shown = Callable[[str], bool]
_ANYTHING = {"description": "A FHIR Bundle of any type, one resource, or a list of resources."}


def openapi(services: Services, version: str, shown: Shown = lambda _: True) -> Json:
    """The description as JSON. The same services give the same bytes.

    Answers of the operations that are ``shown`` stand there as examples; each is worked out, which takes a decision.
    """
    knowledge = services.prepared.knowledge
    spec = APISpec(
        title=f"{knowledge.name}: clinical decision support",
        version=version,
        openapi_version="3.1.0",
        info={"description": _ABOUT.format(not_clearance=knowledge.not_clearance)},
        servers=[{"url": _server(services)}],
        plugins=[MarshmallowPlugin(schema_name_resolver=_name)],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    secured = services.settings.authentication == "required"
    paths = [*_protocol(spec, services, shown), *_beside(services, shown)]
    for path, operations in paths:
        for operation in operations.values():
            if secured and path not in _PUBLIC:
                operation["security"] = [{"token": []}]
                operation["responses"]["401"] = {"description": "Not authenticated; nothing more is said"}
        spec.path(path=path, operations=operations)
    return dict(spec.to_dict())


def _server(services: Services) -> str:
    """The public URL where it is set, else the path under which the service stands."""
    settings = services.settings
    return (settings.public_url or settings.path_prefix or "").rstrip("/") or "/"


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _protocol(spec: APISpec, services: Services, shown: Shown) -> Iterable[tuple[str, Json]]:
    """The paths that CDS Hooks defines."""
    listed = _ok(answers.DiscoverySchema, "The services on offer, with the data each wants prefetched")
    _show(listed["content"], examples.example_discovery(services))
    yield "/cds-services", {"get": _operation("discover", "Which services there are", listed, ())}
    for service in services.offered.values():
        name = _call_schema(spec, service)
        answer = _ok(answers.AnswerSchema, "The cards; an empty list is not clearance")
        call = _operation(
            f"call-{service.id}", service.title, answer, _OF_A_CALL, " ".join(service.description.split())
        )
        call["requestBody"] = _body({"$ref": f"#/components/schemas/{name}"}, examples.example_call(services, service))
        if shown(call["operationId"]):
            _show(answer["content"], examples.example_answer(services, service))
        yield f"/cds-services/{service.id}", {"post": call}
        taken = _ok(answers.TakenSchema, "All items were taken")
        report = _operation(f"feedback-{service.id}", f"What became of cards of {service.id}", taken, _OF_A_BODY)
        report["requestBody"] = _body(FeedbackSchema, dict(examples.REPORT))
        _show(taken["content"], {"received": 1})
        yield f"/cds-services/{service.id}/feedback", {"post": report}


def _call_schema(spec: APISpec, service: ServiceDefinition) -> str:
    """The schema of a call of one hook: the envelope, with this hook's own context."""
    name = "".join(part.capitalize() for part in service.hook.split("-")) + "Call"
    if name in spec.components.schemas:
        return name
    envelope: Any = type(name + "Schema", (EnvelopeSchema,), {})
    spec.components.schema(name, schema=envelope)
    properties = spec.components.schemas[name]["properties"]
    properties["hook"] = {"type": "string", "enum": [service.hook]}
    spec.components.schema(f"{name}Context", schema=context_schema(service.hook))
    properties["context"] = {"$ref": f"#/components/schemas/{name}Context"}
    if "FhirAuthorization" not in spec.components.schemas:
        spec.components.schema("FhirAuthorization", schema=FhirAuthorizationSchema)
    return name


def _beside(services: Services, shown: Shown) -> Iterable[tuple[str, Json]]:
    """The paths of this service beside the protocol."""
    hooks = sorted({service.hook for service in services.offered.values()})
    hook = _query("hook", "The moment in care that is asked about", {"type": "string", "enum": hooks})
    yield "/evaluate", {"post": _evaluate(services, hook, shown)}
    yield "/check", {"post": _check(services, hook, shown)}
    health = _object("Alive, ready, and in which mode")
    alive = _object("The process answers")
    yield "/health", {"get": _operation("health", "What the service says about itself", health, ())}
    yield "/live", {"get": _operation("live", "Whether the process answers at all", alive, ())}
    ready = _object("The process may get calls; 503 with its reason when not")
    yield "/ready", {"get": _operation("ready", "Whether the process may get calls", ready, (503,))}
    dsi = _object("Source attributes of every rule (45 CFR 170.315(b)(11))")
    yield "/dsi", {"get": _operation("sourceAttributes", "What each rule rests on and which data it uses", dsi, ())}
    for kind, names in artifact_names(services.prepared.knowledge).items():
        yield f"/{kind}/{{id}}", {"get": _artifact(kind, names)}
    if services.settings.store != "off":
        stats = _object("Counts only, nothing about a person")
        yield "/stats", {"get": _operation("stats", "What became of the cards of each rule", stats, ())}


def _evaluate(services: Services, hook: Json, shown: Shown) -> Json:
    answer = _ok(answers.EvaluationSchema, "The cards, and the decision behind them")
    evaluate = _operation("evaluate", "The cards for a plain chart", answer, _OF_A_BODY)
    evaluate["requestBody"] = _body(_ANYTHING, dict(examples.SMALLEST))
    if shown(evaluate["operationId"]):
        _show(answer["content"], examples.example_evaluation(services))
    evaluate["parameters"] = [
        hook,
        _query("now", "The time as of which the chart is read", {"type": "string", "format": "date-time"}),
        _query("patient", "Which patient, when there are several", {"type": "string"}),
        _query("complete", "Types whose lists are whole, or all", {"type": "string"}),
    ]
    return evaluate


def _check(services: Services, hook: Json, shown: Shown) -> Json:
    report = _ok(answers.OutcomeSchema, "Everything that is wrong or unusual, as an OperationOutcome or as text")
    report["content"]["text/plain"] = {"schema": {"type": "string"}}
    check = _operation("check", "Everything that is wrong or unusual with a call or a chart", report, _OF_A_BODY)
    anything = {"description": "The body of a call, or a chart as for /evaluate."}
    check["requestBody"] = _body(anything, dict(examples.SMALLEST))
    if shown(check["operationId"]):
        _show(report["content"], examples.example_report(services))
    profile = _query("profile", "The client for which the answer is looked at", {"enum": list(profile_names())})
    check["parameters"] = [hook, profile]
    return check


def _artifact(kind: str, names: Sequence[str]) -> Json:
    answer = {"description": f"The {kind}", "content": {"application/fhir+json": {"schema": {"type": "object"}}}}
    article = "An" if kind[0] in "AEIOU" else "A"
    read = _operation(f"read-{kind}", f"{article} {kind} of the rules in use", answer, (404,))
    one = {"name": "id", "in": "path", "required": True, "schema": {"enum": names}, "example": names[0]}
    read["parameters"] = [one]
    return read


def _object(description: str) -> Json:
    """An answer that is any JSON object."""
    return {"description": description, "content": _json({"type": "object"})}


def _operation(name: str, summary: str, success: Json, refusals: Iterable[int], description: str = "") -> Json:
    responses: Json = {"200": success}
    for status in refusals:
        responses[str(status)] = _ok(answers.OutcomeSchema, _REFUSALS[status])
    operation: Json = {"operationId": name, "summary": summary, "responses": responses}
    return operation | ({"description": description} if description else {})


def _ok(schema: Any, description: str) -> Json:
    return {"description": description, "content": _json(schema)}


def _json(schema: Any) -> Json:
    return {"application/json": {"schema": schema}}


def _body(schema: Any, example: Any) -> Json:
    content = _json(schema)
    _show(content, example)
    return {"required": True, "content": content}


def _show(content: Json, example: Any) -> None:
    """Put an example into the JSON of a body or an answer."""
    content["application/json"]["example"] = example


def _query(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
