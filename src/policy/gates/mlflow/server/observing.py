"""What the server itself finds in a run: its parameters and the data that it was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.logged import read_logged
from policy.gates.mlflow.server.stores import get_tracking_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.fact import Fact
    from policy.model.schema import Schema

CONTEXT: Final = "mlflow.data.context"
LONGEST_PROFILE: Final = 65_536


def find_logged(run: str, schema: Schema) -> tuple[Fact, ...]:
    """The facts that a run tells. Raises MlflowException where there is no such run."""
    found = get_tracking_store().get_run(run)
    return tuple(read_logged(found.data.params, list_rows(found), schema))


def list_rows(run: Any) -> Iterator[tuple[str, int]]:
    """For each dataset of a run what it was logged for, and how many rows its profile says that it has."""
    inputs = run.inputs.dataset_inputs if run.inputs is not None else ()
    for given in inputs:
        context = next((tag.value for tag in given.tags if tag.key == CONTEXT), "")
        count = read_profile(given.dataset.profile)
        if count is not None:
            yield context, count


def read_profile(text: str | None) -> int | None:
    """The rows that a profile counts; None where it counts none."""
    if not text or len(text) > LONGEST_PROFILE:
        return None
    try:
        profile = json.loads(text)
    except (ValueError, RecursionError):
        return None
    count = profile.get("num_rows") if isinstance(profile, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None
