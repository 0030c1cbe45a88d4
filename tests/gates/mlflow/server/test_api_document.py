"""The interface's OpenAPI document: valid, whole, and what the interface really does."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from policy.gates.mlflow.server.api import serving
from policy.gates.mlflow.server.api.exchange import BASE
from policy.gates.mlflow.server.api.routes import ROUTES
from tests.gates.mlflow.server.api import find_user, open_api

schemathesis = pytest.importorskip("schemathesis", reason="needs the extra `dev`")

EXAMPLES = 12
# That a manifest is in canonical form, and what its digest is, no schema says.
LEFT_OUT = {"putManifest": [schemathesis.checks.positive_data_acceptance]}


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, open_api(tmp_path_factory.mktemp("api")) as opened:
        patch.setattr(serving, "ask_basic_auth", find_user)
        patch.setattr("policy.gates.mlflow.server.api.manifests.find_experiment", lambda _: None)
        yield opened


@pytest.fixture(scope="module")
def document(api):
    return api.ask("GET", "/openapi.json").json


@pytest.fixture(scope="module")
def schema(api):
    return schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", api.app, headers=log_in())


def log_in():
    from werkzeug.datastructures import Authorization

    return {"Authorization": Authorization("basic", {"username": "bob", "password": "secret"}).to_header()}


def test_the_document_is_one(document):
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_it(document):
    told = {(method.upper(), path) for path, routes in document["paths"].items() for method in routes}
    assert told == {(route.method, route.path) for route in ROUTES}
    assert document["servers"] == [{"url": BASE}]
    for routes in document["paths"].values():
        for operation in routes.values():
            assert "401" in operation["responses"]
    names = [operation["operationId"] for routes in document["paths"].values() for operation in routes.values()]
    assert len(set(names)) == len(ROUTES)


def test_who_asks_is_in_no_body(document):
    for name, schema in document["components"]["schemas"].items():
        if name in ("Yes", "No", "Comment", "Emergency", "Finding", "Attempt"):
            assert schema["additionalProperties"] is False
            assert not {"name", "user", "principal", "by", "person"} & schema["properties"].keys()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_what_it_says_is_what_is_done(schema, route, mode):
    operation = schema[route.path][route.method]
    cases = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def call(case):
        case.call_and_validate(headers=log_in(), excluded_checks=LEFT_OUT.get(route.name))

    # There may be nothing that such a route could be sent wrongly, and there is always something right.
    with suppress(Unsatisfiable) if mode == "negative" else nullcontext():
        call()
