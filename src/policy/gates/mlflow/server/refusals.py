"""Refusals as MLflow's clients understand them: a 403 in its own form, which no client tries again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.errors import PolicyError

RESERVED = "policy."
"""What begins the tags that mirror the ledger; only the server writes them."""

LONGEST_KEY, LONGEST_TAG = 250, 8000


def refuse(text: str) -> Exception:
    """The exception that becomes a 403 with this text."""
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

    error: Exception = MlflowException(f"Tunegate: {text}", error_code=PERMISSION_DENIED)
    return error


def refuse_fault(error: PolicyError, way: str = "") -> Exception:
    """A refusal because the gate itself could not do its work, and perhaps a way on."""
    said = "; ".join(f"{problem.message} ({problem.remedy})" for problem in error.problems)
    return refuse(f"nothing is admitted while the gate cannot judge or record: {said}{way}")


def refuse_invalid(text: str) -> Exception:
    """The exception that becomes a 400 with this text."""
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    error: Exception = MlflowException(f"Tunegate: {text}", error_code=INVALID_PARAMETER_VALUE)
    return error


def check_tags(tags: Iterable[Any] | dict[str, Any] | None) -> None:
    """Raises where a client writes what mirrors the ledger."""
    for tag in tags or ():
        check_key(tag if isinstance(tag, str) else tag.key)


def check_limits(tags: Iterable[Any] | None) -> None:
    """Raises where tags are longer than MLflow says they may be, which it does not look at when it makes a run."""
    for tag in tags or ():
        if len(tag.key) > LONGEST_KEY:
            raise refuse_invalid(f"the tag `{tag.key[:80]}…` has over {LONGEST_KEY} characters in its name: shorten it")
        if tag.value is not None and len(str(tag.value)) > LONGEST_TAG:
            text = f"the value of the tag `{tag.key[:80]}` has over {LONGEST_TAG:,} characters: shorten it"
            raise refuse_invalid(text)


def check_key(key: Any) -> None:
    """Raises where a tag is one of those that mirror the ledger."""
    if isinstance(key, str) and key.strip().casefold().startswith(RESERVED):
        text = f"tags that begin with `{RESERVED}` mirror the ledger, and nobody but the server writes them: leave "
        raise refuse(f"{text}`{key[:80]}` out")
