from __future__ import annotations

from types import SimpleNamespace as Item
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.app.runs.methods import TRACKING_TAGGED
from policy.gates.mlflow.server.arguments import check_arguments, check_claims
from policy.gates.mlflow.server.refusals import check_limits
from policy.gates.mlflow.server.tracking import make_rules
from policy.gates.mlflow.server.wrapping import guard_object

TAG = Item(key="policy.state", value="x")


@pytest.mark.parametrize(
    "arguments",
    [
        {"tags": [Item(key="x", value=""), TAG]},
        {"tags": {"policy.state": "x"}},
        {"tag": TAG},
        {"key": "policy.state"},
        {"key": "\tPOLICY.x"},
        {"trace_info": Item(tags={"policy.x": ""})},
        {"datasets": [Item(tags=[]), Item(tags=[Item(key="x"), TAG])]},
    ],
)
def test_the_tags_of_the_server_are_its_own_in_each_form(arguments):
    with pytest.raises(MlflowException, match="mirror the ledger"):
        check_arguments(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"tags": None},
        {"tags": {}},
        {"key": None},
        {"key": 7},
        {"key": "policyx"},
        {"datasets": [Item(tags=None)]},
        {"tag": Item(key="x.policy.")},
    ],
)
def test_others_are_everybodys(arguments):
    check_arguments(arguments)


def test_no_method_that_only_writes_tags_writes_those():
    class Store:
        pass

    for name in TRACKING_TAGGED - {"set_model_versions_tags"}:
        argument = "trace_info" if name == "start_trace" else "key"
        namespace: dict[str, Any] = {}
        exec(f"def {name}(self, {argument}): raise AssertionError", namespace)
        setattr(Store, name, namespace[name])
    guard: Any = None
    store = guard_object(Store(), make_rules(guard))
    for name in TRACKING_TAGGED - {"set_model_versions_tags"}:
        given = Item(tags={TAG.key: "x"}) if name == "start_trace" else TAG.key
        with pytest.raises(MlflowException, match="mirror the ledger"):
            getattr(store, name)(given)


@pytest.mark.parametrize(("key", "value", "fits"), [(250, 8000, True), (251, 1, False), (1, 8001, False)])
def test_limits_are_those_of_mlflow(key, value, fits):
    tags = [Item(key="k" * key, value="x" * value)]
    if fits:
        check_limits(tags)
    else:
        with pytest.raises(MlflowException, match="shorten it"):
            check_limits(tags)
    check_limits(None)
    check_limits([Item(key="k", value=None)])


@pytest.mark.parametrize(
    ("arguments", "passes"),
    [
        ({"tags": [Item(key="ml-manifest.digest", value="sha256:1")]}, True),
        ({"tags": [Item(key="ml-manifest.digest", value="sha256:2")]}, False),
        ({"tag": Item(key="ml-manifest.activity", value="training")}, True),
        ({"tag": Item(key="ml-manifest.activity", value="data")}, False),
        ({"key": "ml-manifest.digest"}, False),
        ({"key": "other"}, True),
        ({}, True),
    ],
)
def test_a_run_keeps_what_it_was_judged_with(arguments, passes):
    if passes:
        check_claims("sha256:1", "training", arguments)
    else:
        with pytest.raises(MlflowException, match="was judged with"):
            check_claims("sha256:1", "training", arguments)
