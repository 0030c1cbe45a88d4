from __future__ import annotations

from types import SimpleNamespace as Item
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.gates.mlflow.server.spans import log_spans


class Store:
    def log_spans(self, location: str, spans: Any) -> Any:
        return spans


def make_span(attributes: Any = None, resource: Any = None) -> Any:
    return Item(_span=Item(attributes=attributes, resource=resource))


FINE = make_span({"mlflow.traceTag.team": '"a"', "policy.state": '"x"'}, Item(attributes={"service.name": "x"}))


@pytest.mark.parametrize(
    ("spans", "passes"),
    [
        ([], True),
        (None, True),
        # An attribute of a span is no tag.
        ([FINE, make_span(), Item()], True),
        ([FINE, make_span(resource=Item(attributes=None))], True),
        ([FINE, make_span(resource=Item(attributes={"policy.state": "admitted"}))], False),
        ([make_span({"mlflow.traceTag.POLICY.state": '"admitted"'}), FINE], False),
        ([make_span({}, Item(attributes={"\tpolicy.x": ["y"]}))], False),
    ],
)
def test_spans_give_a_trace_no_tag_of_the_server(spans, passes):
    arguments = {"location": "1", "spans": spans}
    if passes:
        assert log_spans(Store(), Store.log_spans, arguments) is spans
    else:
        with pytest.raises(MlflowException, match="mirror the ledger"):
            log_spans(Store(), Store.log_spans, arguments)
