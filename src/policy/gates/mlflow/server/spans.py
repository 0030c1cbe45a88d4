"""The rule of spans: MLflow makes tags of a trace from what they say of themselves and of where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.gates.mlflow.server.refusals import check_key
from policy.gates.mlflow.server.wrapping import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TAG: Final = "mlflow.traceTag."
"""What begins an attribute of a span that becomes a tag of its trace."""


def log_spans(store: Any, method: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Spans, but for those that would give their trace a tag that is the server's."""
    for span in arguments["spans"] or ():
        for key in list_keys(span):
            check_key(key)
    return call(store, method, arguments)


def list_keys(span: Any) -> Iterator[str]:
    """The tags that a span becomes."""
    told = getattr(span, "_span", None)
    yield from getattr(getattr(told, "resource", None), "attributes", None) or ()
    for name in getattr(told, "attributes", None) or ():
        if name.startswith(TAG):
            yield name[len(TAG) :]
