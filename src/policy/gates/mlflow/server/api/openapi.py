"""The interface as an OpenAPI document, from the table of its routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.__about__ import __version__
from policy.gates.mlflow.server.api.exchange import BASE, Answer
from policy.gates.mlflow.server.api.schemas import DIGEST_FORM, build_schemas

if TYPE_CHECKING:
    from policy.gates.mlflow.server.api.exchange import Call, Parameter, Route

NAMES: Final = {"digest": DIGEST_FORM, "request": "r-[a-z2-7]{1,32}"}
"""What stands in a path, by the names in it; anything else is not there."""

REASONS: Final = {
    200: "Done.",
    201: "Done; it was not known before.",
    400: "What is sent is wrong; nothing was done.",
    401: "Nobody has logged in.",
    403: "You may not do that, or the request was not meant.",
    404: "It is not there.",
    409: "It is too late: the request is decided, or over.",
    413: "Too much is sent.",
    415: "It is not said to be JSON.",
    503: "The ledger cannot be asked; nothing was done.",
}
KINDS: Final = {"Metrics": "text/plain"}
"""What is no JSON, by its schema."""

ABOUT: Final = (
    "Who asks is told by the login alone. What acts is sent by POST as JSON, without cookies and from no other site's "
    "page; a link never acts."
)


def describe_interface(call: Call) -> Answer:
    """The document, at the address that was asked."""
    return Answer(200, build_document(call.routes))


def build_document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The OpenAPI document of some routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = build_operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tunegate", "version": __version__, "description": ABOUT},
        "servers": [{"url": BASE}],
        "security": [{"login": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"login": {"type": "http", "scheme": "basic"}},
            "schemas": build_schemas(),
        },
    }


def build_operation(route: Route) -> dict[str, Any]:
    """What a route takes and gives."""
    named = [build_place(name) for name in re.findall(r"{(\w+)}", route.path)]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.about,
        "parameters": [*named, *map(build_filter, route.parameters)],
        "responses": {str(status): build_answer(status, schema) for status, schema in route.answers.items()},
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": build_content(route.body)}
    return operation


def build_place(name: str) -> dict[str, Any]:
    """What stands in the path."""
    schema = {"type": "string", "pattern": f"^{NAMES[name]}$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def build_filter(parameter: Parameter) -> dict[str, Any]:
    """What may stand in the query."""
    return {"name": parameter.name, "in": "query", "description": parameter.about, "schema": parameter.schema}


def build_answer(status: int, schema: str) -> dict[str, Any]:
    """One answer."""
    return {"description": REASONS[status], "content": build_content(schema)}


def build_content(schema: str) -> dict[str, Any]:
    """JSON of a schema, but for what Prometheus reads."""
    return {KINDS.get(schema, "application/json"): {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
