"""What becomes a refusal: MLflow makes a warning of any ordinary exception, and trains on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from policy.app.runs.refusal import RunRefused, refuse_unjudged

if TYPE_CHECKING:
    from collections.abc import Iterator

# What begins every message of a server that judges.
MARK = "Tunegate: "


@contextmanager
def stop_refused() -> Iterator[None]:
    """Raises RunRefused for an answer of a server that judges, and for a manifest that cannot be sent."""
    from mlflow.exceptions import MlflowException

    from policy.errors import PolicyError

    try:
        yield
    except MlflowException as error:
        _, mark, text = str(error).partition(MARK)
        if not mark:
            raise
        raise RunRefused(text) from None
    except PolicyError as error:
        raise refuse_unjudged(error) from None
