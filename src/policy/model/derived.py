"""Facts that follow from other facts: each one small pure function of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.fact import Fact
from policy.model.resolution import STRENGTH, Contradiction
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model.schema import Schema


class Derivation(NamedTuple):
    """A derived fact: its path, the paths it is computed from, and the function of their values.

    The function is called with None for an unknown input and returns None where nothing follows.
    """

    path: str
    inputs: tuple[str, ...]
    compute: Callable[..., Any]


def plan_retrieval(approach: str | None) -> bool | None:
    """Retrieval is part of these approaches; for any other the manifest says it."""
    return True if approach in ("rag", "hybrid") else None


def tell_activity() -> str:
    """Whatever is no run, and a run that states nothing else, is judged as training."""
    return "training"


DERIVATIONS = (
    Derivation("retrieval.planned", ("approach",), plan_retrieval),
    Derivation("run.activity", (), tell_activity),
)


def derive(judged: dict[str, Fact], schema: Schema) -> list[Contradiction]:
    """Add to `judged` what follows from it; a derived fact is trusted as its weakest input.

    A fact that cannot be stated in a manifest keeps a value that evidence gave; one that can and is stated
    otherwise is a contradiction. Gives the contradictions.
    """
    contradictions = []
    for path, inputs, compute in DERIVATIONS:
        field = schema.get(path)
        if field is None or (path in judged and not field.writable):
            continue
        known = [judged[name] for name in inputs if name in judged]
        value = compute(*(judged[name].value if name in judged else None for name in inputs))
        if value is None:
            continue
        weakest = max((fact.origin for fact in known), key=STRENGTH.__getitem__, default="observed")
        source = f"derived from {', '.join(inputs)}" if inputs else "derived"
        location = known[0].location if known else None
        stated = judged.get(path)
        judged[path] = Fact(path, value, weakest, source, location)
        if stated is not None and stated.value != value:
            contradictions.append(Contradiction(path, judged[path], stated))
    return contradictions
