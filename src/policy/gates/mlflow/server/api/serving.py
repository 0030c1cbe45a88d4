"""The interface within MLflow's own application: it answers first, and asks the server's authentication itself."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.sent import MOST_BYTES
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.api.exchange import BASE, Answer, Call, describe, refuse
from policy.gates.mlflow.server.api.openapi import NAMES
from policy.gates.mlflow.server.api.origins import check_origin
from policy.gates.mlflow.server.api.routes import ROUTES
from policy.gates.mlflow.server.identity import ask_basic_auth
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.gates.mlflow.server.api.exchange import Route
    from policy.gates.mlflow.server.guard import Guard

PREFIX: Final = "_MLFLOW_STATIC_PREFIX"
LOGIN: Final = (("WWW-Authenticate", 'Basic realm="mlflow"'),)
# What is told to one person is for nobody else.
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Sent(NamedTuple):
    """A request as it came; `path` is what stands behind the base."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    host: str
    body: bytes


def add_api(flask: Any, guard: Guard) -> None:
    """Answer what is below the base before anything else does."""
    from flask import Response, request

    bases = [os.environ.get(PREFIX, "").rstrip("/") + BASE, BASE]

    def answer_first() -> Any:
        base = next((base for base in bases if f"{request.path}/".startswith(f"{base}/")), None)
        if base is None:
            return None
        # No more is read than may be sent.
        body = request.stream.read(MOST_BYTES + 1)
        query = dict(request.args.lists())
        sent = Sent(
            request.method, request.path[len(base) :] or "/", query, dict(request.headers.items()), request.host, body
        )
        person = ask_basic_auth() if guard.authenticated else "anonymous"
        answer = serve(guard, sent, person)
        head = {**HEADERS, **dict(answer.headers)}
        return Response(answer.text or json.dumps(answer.document), answer.status, head, content_type=answer.kind)

    flask.before_request_funcs.setdefault(None, []).insert(0, answer_first)


def serve(guard: Guard, sent: Sent, person: str | None) -> Answer:
    """The answer to one request; `person` is whom the server's authentication has let in."""
    if not person:
        return describe(401, "nobody has logged in", "send a user of this server and the password")._replace(
            headers=LOGIN
        )
    route, place = find_route(sent.method, sent.path)
    if route is None:
        return refuse_path(sent)
    refused = check_sent(guard, route, sent)
    if refused is not None:
        return refused
    try:
        query = read_query(route, sent.query)
        # Who has lost a role since the last request has it no more.
        guard.refresh()
        return route.answer(Call(guard, guard.panel, ROUTES, person, place, query, sent.body))
    except PolicyError as error:
        return refuse(error, route.fault)


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """What is asked for, and what stands in the path by its names."""
    for route in ROUTES:
        found = compile_path(route.path).fullmatch(path)
        if found and method in list_methods(route):
            return route, found.groupdict()
    return None, {}


def list_methods(route: Route) -> tuple[str, ...]:
    """By which methods a route is asked for."""
    return ("GET", "HEAD") if route.method == "GET" else (route.method,)


@lru_cache(maxsize=64)
def compile_path(path: str) -> re.Pattern[str]:
    """The form of a route's paths."""
    parts = re.split(r"{(\w+)}", path)
    texts = (f"(?P<{part}>{NAMES[part]})" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return re.compile("".join(texts))


def refuse_path(sent: Sent) -> Answer:
    """That nothing is there, or that it is not asked for like that."""
    allowed = [
        method for route in ROUTES if compile_path(route.path).fullmatch(sent.path) for method in list_methods(route)
    ]
    shown = f"{sent.method} {BASE}{sent.path[:80]}"
    if not allowed:
        return describe(404, f"there is nothing at {shown}", f"GET {BASE}/openapi.json", "ENDPOINT_NOT_FOUND")
    names = ", ".join(dict.fromkeys(allowed))
    return describe(405, f"{shown} is not taken", f"send {names}")._replace(headers=(("Allow", names),))


def check_sent(guard: Guard, route: Route, sent: Sent) -> Answer | None:
    """The refusal of what is too much, or of an act that nobody is held to; None where it is taken."""
    if len(sent.body) > MOST_BYTES:
        return describe(413, f"more than {MOST_BYTES:,} bytes are sent", "send less")
    if not route.acts:
        return None
    if not guard.authenticated:
        remedy = "write `app: basic-auth` in the policy set's section `mlflow`, or decide at the command line"
        return describe(403, "this server authenticates nobody, and so nobody decides here", remedy)
    return check_origin(sent.headers, sent.host)


def read_query(route: Route, query: Mapping[str, list[str]]) -> dict[str, str]:
    """The filters, each once. Raises PolicyError with all that is wrong."""
    known = {parameter.name: parameter.schema for parameter in route.parameters}
    problems = []
    for name, values in query.items():
        if name not in known:
            remedy = f"there are {', '.join(known)}" if known else "leave it out"
            problems.append(Problem(f"there is no filter `{ascii(name[:40])[1:-1]}`", remedy))
        elif len(values) > 1:
            problems.append(Problem(f"`{name}` stands there {len(values)} times", "write it once"))
        elif not values[0] or "\0" in values[0]:
            problems.append(Problem(f"`{name}` says nothing", "leave it out, or write a value"))
        elif values[0] not in known[name].get("enum", values):
            problems.append(Problem(f"`{name}` is not one that there is", f"write {', '.join(known[name]['enum'])}"))
    if problems:
        raise PolicyError(*problems)
    return {name: values[0] for name, values in query.items()}
