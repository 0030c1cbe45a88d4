"""The calls in one file → what they tell of the project: observed facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Location
from policy.model.fact import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.evidence.source.calls import FoundCall

# Nobody reads more of them.
_MOST_NAMED = 10


def tell_calls(calls: Sequence[FoundCall], file: str, digest: str) -> tuple[Fact, ...]:
    """What the calls of one file tell; where they differ, nothing. The place is that of the first call."""
    source, where = describe_calls(calls), Location(file, *calls[0].spot)
    return tuple(Fact(path, value, "observed", source, where, digest) for path, value in _list_values(calls))


def _list_values(calls: Sequence[FoundCall]) -> Iterator[tuple[str, str]]:
    yield "approach", "fine-tuning"
    tools = {call.known.tool for call in calls}
    if tools == {"openai"}:
        # At Azure the models are those of others.
        yield "model.provider", "openai"
    for path, told in (
        ("training.tool", tools),
        ("training.method", {call.known.method for call in calls}),
    ):
        if len(told) == 1 and all(told):
            yield path, told.pop()


def describe_calls(calls: Sequence[FoundCall]) -> str:
    """Every call with its place: `calls of trl.SFTTrainer (line 7) and trl.DPOTrainer (line 31)`."""
    named = [f"{call.name} ({_describe_place(call)})" for call in calls]
    if len(named) > _MOST_NAMED:
        named = [*named[: _MOST_NAMED - 1], f"{len(named) - _MOST_NAMED + 1} more"]
    joined = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    return f"call{'s' if len(calls) > 1 else ''} of {joined}"


def _describe_place(call: FoundCall) -> str:
    return f"{call.label}, line {call.spot.line}" if call.label else f"line {call.spot.line}"
