"""What is asked of the interface and what it answers, without any web framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.records.faults import LedgerError
from policy.records.requests.refusals import RefusedError, TooLateError, UnknownRequestError
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from policy.app.runs.panel import Panel
    from policy.gates.mlflow.server.guard import Guard

BASE: Final = "/policy/api/1"
CODES: Final = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "METHOD_NOT_ALLOWED",
    409: "RESOURCE_CONFLICT",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    503: "TEMPORARILY_UNAVAILABLE",
}
"""What MLflow's clients call a status."""


class Answer(NamedTuple):
    """What is sent back: a status and a JSON document, or where it is of another `kind` its `text`."""

    status: int
    document: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "application/json"
    text: str = ""


class Call(NamedTuple):
    """A request of somebody whom the server has let in.

    `panel` is the one that was in force when it came; `place` is what stands in the path where the route has a name.
    """

    guard: Guard
    panel: Panel
    routes: tuple[Route, ...]
    person: str
    place: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class Parameter(NamedTuple):
    """A filter: the JSON Schema of what it takes."""

    name: str
    about: str
    schema: Mapping[str, Any]


class Route(NamedTuple):
    """One thing that can be asked for. `answers` are what it says by status: the name of a schema for each.

    `acts` where somebody is held to what they do by it: such a request must not be one that a page of somebody else
    makes a browser send. `fault` is the status where the ledger cannot be asked.
    """

    method: str
    path: str
    name: str
    about: str
    answer: Callable[[Call], Answer]
    answers: Mapping[int, str]
    body: str = ""
    parameters: tuple[Parameter, ...] = ()
    acts: bool = False
    fault: int = 503


def describe(status: int, message: str, remedy: str = "", code: str = "") -> Answer:
    """An error in MLflow's form."""
    return Answer(status, {"error_code": code or CODES[status], "message": message, "remedy": remedy})


def refuse(error: PolicyError, fault: int) -> Answer:
    """Everything that is wrong, as one answer."""
    message = "; ".join(problem.message for problem in error.problems)
    remedies = dict.fromkeys(problem.remedy for problem in error.problems if problem.remedy)
    return describe(_find_status(error, fault), message, "; ".join(remedies))


def _find_status(error: PolicyError, fault: int) -> int:
    if isinstance(error, UnknownRequestError):
        return 404
    if isinstance(error, TooLateError):
        return 409
    if isinstance(error, RefusedError):
        return 403
    return fault if isinstance(error, LedgerError) and error.kind not in ("secret", "draft") else 400


def read_object(body: bytes, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, str]:
    """A flat object of texts. Raises PolicyError with all that is wrong."""
    import json

    try:
        said = json.loads(body, object_pairs_hook=_take_once)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise PolicyError(Problem("the request is not a JSON object of texts", f"send one with {', '.join(known)}"))
    names = list(known)
    problems = [_refuse_key(name, names) for name in said if name not in names]
    problems += [
        Problem(f"`{name}` is no text that can be kept", "write it in UTF-8, without null characters")
        for name, value in said.items()
        if name in names and not is_text(value)
    ]
    problems += [
        Problem(f"there is no `{name}`", f'add `"{name}": "…"`') for name in needed if not said.get(name, "").strip()
    ]
    if problems:
        raise PolicyError(*problems)
    return said


def is_text(value: str) -> bool:
    """Whether every database takes it."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _take_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands there twice")
    return made


def _refuse_key(name: str, known: list[str]) -> Problem:
    shown = name[:40] if name.isprintable() else ascii(name[:40])
    said = f"the keys are {', '.join(known)}; who asks is told by the login" if known else "send an empty object"
    return Problem(f"there is no key `{shown}`", said)
