"""What `policy ledger replay` prints: whether a decision comes out as it was recorded, or what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.app.recording.differences import GONE
from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.recording.differences import Difference
    from policy.app.recording.replaying import Replayed

FORMAT: Final = "policy-replay/1"
LONGEST: Final = 300


def write_replay(replayed: Replayed, form: str) -> Iterator[str]:
    """The lines of the answer, as text or as one JSON document."""
    if form == "json":
        from policy.reports.json_report import write_json

        yield write_json(replay_document(replayed))
    else:
        yield from describe_replay(replayed)


def replay_document(replayed: Replayed) -> dict[str, Any]:
    """The answer as a document, every key always there."""
    decision = replayed.decision
    return {
        "format": FORMAT,
        "ledger": replayed.ledger,
        "entry": replayed.seq,
        "recorded_at": replayed.recorded_at,
        "decision": {key: decision[key] for key in ("id", "project", "gate", "time", "verdict")},
        "result": "same" if replayed.same else "differs",
        "engine": {"then": replayed.engine_then, "now": replayed.engine},
        "complete": replayed.complete,
        "redacted": dict(replayed.redacted),
        "unknown_facts": list(replayed.misfits),
        "differences": [
            {"path": item.path, "recorded": item.recorded, "replayed": item.replayed} for item in replayed.differences
        ],
    }


def describe_replay(replayed: Replayed) -> Iterator[str]:
    """The answer in words."""
    decision = replayed.decision
    yield clean(f"decision {decision['id']}")
    yield clean(f"  {decision['project']} at the gate {decision['gate']}, {decision['time']}: {decision['verdict']}")
    yield clean(f"  entry {replayed.seq:,} of the ledger {replayed.ledger}, recorded {replayed.recorded_at}")
    yield ""
    if replayed.same:
        yield "same: judged again from what is recorded, it comes out as it was, byte for byte"
    else:
        yield f"differs: judged again from what is recorded, {count_noun(len(replayed.differences), 'value')} differ"
        for item in replayed.differences:
            yield from _describe_difference(item)
    yield from _describe_reasons(replayed)


def _describe_difference(item: Difference) -> Iterator[str]:
    yield clean(f"  {item.path}")
    yield f"    recorded  {_show(item.recorded)}"
    yield f"    now       {_show(item.replayed)}"


def _show(value: Any) -> str:
    if value == GONE:
        return GONE
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def _describe_reasons(replayed: Replayed) -> Iterator[str]:
    """What may explain a difference, and what a reader of the record should know."""
    if replayed.engine_then != replayed.engine:
        follows = "the digests that name the version were compared under the older name"
        yield clean(f"engine: {replayed.engine_then} then, {replayed.engine} now; {follows}")
    if replayed.redacted:
        places = ", ".join(f"{place} ({', '.join(map(str, kinds))})" for place, kinds in replayed.redacted.items())
        yield clean(f"redacted before it was recorded: {places}")
    if not replayed.complete:
        yield "what was redacted decided an outcome, so that the decision cannot follow from the record alone"
    if replayed.misfits:
        yield clean(f"facts that this version does not know: {', '.join(replayed.misfits)}")
