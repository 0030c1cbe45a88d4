"""What `policy ledger` prints for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.ledgers.viewing import Line
    from policy.records.comparison import Compared
    from policy.records.verification import Verified

SAID = {
    "agrees": "agrees",
    "differs": "DOES NOT FIT",
    "truncated": "HAS MORE ENTRIES",
    "refused": "refused: its key does not count any more",
}
LISTED = 12


def describe_verified(verified: Verified) -> Iterator[str]:
    """The lines of a verification, what was found at the end."""
    yield clean(f"ledger {verified.name} ({verified.ledger})")
    yield f"  {count_noun(verified.size, 'entry')} read, all hashes computed anew"
    yield f"  root {verified.root.hex()}"
    contents = verified.contents
    if contents is None:
        yield "  payloads, objects and the index of decisions were not looked at"
    else:
        decisions = count_noun(contents.decisions, "decision")
        yield f"  {count_noun(contents.objects, 'object')} held against their digests, {decisions} against the index"
    yield from _describe_erasures(verified)
    yield from _describe_checkpoints(verified)
    yield ""
    for finding in verified.findings:
        yield clean(f"  {finding.kind}: {finding.message}")
    if verified.total > len(verified.findings):
        yield f"  and {verified.total - len(verified.findings):,} more"
    if verified.total:
        yield f"tampering found: {count_noun(verified.total, 'finding')}"
    elif verified.refused:
        yield "not verified: a checkpoint does not count"
    else:
        yield "verified"


def _describe_erasures(verified: Verified) -> Iterator[str]:
    for erasure in verified.erasures[:LISTED]:
        who = erasure.by or "nobody named"
        yield clean(f"  erased by entry {erasure.seq:,}: {erasure.target}, by {who}: {erasure.reason}")
    if len(verified.erasures) > LISTED:
        yield f"  and {len(verified.erasures) - LISTED:,} more erasures"


def _describe_checkpoints(verified: Verified) -> Iterator[str]:
    outside = [one for one in verified.checkpoints if one.outside]
    # Of a log of thousands, the last ones and those that say something.
    listed = [one for one in outside if one.result != "agrees"] + [one for one in outside if one.result == "agrees"][
        -3:
    ]
    for one in listed[:LISTED]:
        yield f"  {_describe_checkpoint(one)}"
    if len(outside) > len(listed[:LISTED]):
        yield f"  and {len(outside) - len(listed[:LISTED]):,} more checkpoints"
    if not outside:
        yield "  no checkpoint from outside: whoever may write to the whole database can have rewritten all of it"
    elif verified.exposed:
        since = f", since {verified.exposed_since}" if verified.exposed_since else ""
        entries = count_noun(verified.exposed, "entry")
        yield clean(f"  exposed: the last {entries}{since}, which no checkpoint from outside vouches for")
    else:
        yield "  exposed: nothing; a checkpoint from outside vouches for every entry"


def _describe_checkpoint(one: Compared) -> str:
    return clean(f"{one.source}: {count_noun(one.size, 'entry')}, signed by {one.key}: {SAID[one.result]}")


def describe_line(line: Line) -> str:
    """An entry of the list."""
    what = f"  {line.verdict}  {line.project}  {line.gate}  {line.decision}" if line.decision else ""
    if line.policy_set:
        what = f"  {line.gate}  {line.policy_set}"
    elif line.run:
        what = f"  {line.state}  {line.project}  {line.run}  {line.decision}".rstrip()
    elif line.request:
        what = f"  {line.project}  {line.request}" if line.project else f"  {line.request}"
    elif line.about:
        what = f"  {line.about}"
    return clean(f"{line.seq:>8}  {line.time}  {line.type}{what}")


def describe_entry(shown: dict[str, Any]) -> Iterator[str]:
    """An entry with its payload."""
    yield clean(f"entry {shown['entry']:,} of the ledger {shown['ledger']['name']} ({shown['ledger']['id']})")
    for name in ("time", "type", "digest", "leaf", "chain"):
        yield clean(f"  {name:<7} {shown[name]}")
    for said in shown["changed"]:
        yield clean(f"  CHANGED {said}")
    if shown["payload"] is None:
        if shown["erased_by"]:
            yield f"  payload was erased by entry {shown['erased_by']:,}"
        return
    for line in json.dumps(shown["payload"], ensure_ascii=False, indent=2).split("\n"):
        yield f"  {clean(line, 10_000)}"
