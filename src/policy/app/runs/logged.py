"""What a run has logged of itself, as facts: claims like a manifest's, which show where it is not what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.fact import Fact
from policy.model.kinds import IntegerKind, KindError, NumberKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy.model.kinds import Kind
    from policy.model.schema import Schema

SOURCE: Final = "logged by the run"
# What the integrations of transformers, TRL and PEFT log, by the fact that it tells.
PARAMETERS: Final = {
    "_name_or_path": "model.base",
    "base_model_name_or_path": "model.base",
    "model_name_or_path": "model.base",
    "num_train_epochs": "training.epochs",
    "seed": "training.seed",
}
TRAINING: Final = "training"
LONGEST: Final = 500


def read_logged(parameters: Mapping[str, str], rows: Iterable[tuple[str, int]], schema: Schema) -> Iterator[Fact]:
    """The facts in a run's parameters and in the rows of its dataset inputs, each with the context it was logged for.

    What no fact can hold, such as a name with a line break, tells nothing.
    """
    told: dict[str, str] = {}
    for name, path in PARAMETERS.items():
        value = parameters.get(name)
        if value and path not in told and len(value) <= LONGEST:
            told[path] = value
    for path, value in told.items():
        fact = read_fact(path, value, schema.fields[path].kind)
        if fact is not None:
            yield fact
    counted = [count for context, count in rows if context == TRAINING and count >= 0]
    if counted:
        yield Fact("data.rows", sum(counted), "declared", SOURCE)


def read_fact(path: str, text: str, kind: Kind) -> Fact | None:
    """The fact that a parameter's text tells; None where it is none of that kind."""
    try:
        value = kind.read(text, plain=isinstance(kind, IntegerKind | NumberKind))
    except KindError:
        return None
    return Fact(path, value, "declared", SOURCE)
