"""Requests as text, for whoever decides on them at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.records.requests.asking import WAIVER
from policy.records.requests.rows import APPROVED, PENDING
from policy.reports.layout import LONGEST, clean, count_noun, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.app.approvals.stakes import Change
    from policy.app.approvals.viewing import RequestView
    from policy.model.approval_settings import Need
    from policy.records.requests.asking import Asked
    from policy.records.requests.rows import Delegation

# A name longer than that hides what else is in its line.
LISTED = 60
EVENTS = {
    "asked": "asked",
    "joined": "asks for the same",
    "approve": "approved",
    "reject": "rejected",
    "withdrawn": "withdrew",
    "comment": "commented",
    "override": "BROKE THE GLASS",
    "review": "reviewed",
    "used": "used by a run",
    "expired": "nobody decided in time",
}


def say_time(text: str | None) -> str:
    """A time of the ledger, to the minute."""
    return f"{text[:10]} {text[11:16]} UTC" if text else "no time"


def say_what(view: RequestView, limit: int = LONGEST) -> str:
    """What a request is about, its names cut where they are longer than a limit."""
    row = view.row
    project, named = clean(row.project, limit), clean(row.subject, limit)
    if row.kind == WAIVER:
        return f"waiver of {named} for {project}"
    return f"approval of {project}{f' ({named})' if named else ''} at the gate {row.gate}"


def write_list(views: Sequence[RequestView], delegations: Sequence[Delegation]) -> Iterator[str]:
    """A few lines for each request, what is loudest first."""
    for view in sorted(views, key=lambda one: not one.is_unreviewed):
        yield clean(f"{view.row.id}  {view.state:<9} {say_what(view, LISTED)}")
        if view.doubts:
            yield from _entry("CHANGED", "its tables say something else than its entries, which count")
        if view.is_unreviewed:
            yield from _entry("BROKEN GLASS", "nobody has reviewed it: `policy approvals review`")
        yield from _write_lapse(view)
        yield from _entry("asked", say_asking(view, LISTED))
        if view.state == PENDING:
            yield from _entry("waits for", f"{say_lacking(view.needs)}, until {say_time(view.row.expires)}")
        yield from _entry("because", ", ".join(_list_holding(view)) or "(erased)")
    for one in delegations:
        names = [clean(person.shown, LISTED) for person in (one.taker, one.giver)]
        text = f"{one.id}  {' votes for '.join(names)}"
        yield clean(f"{text} from {say_time(one.starts)} to {say_time(one.ends)}")


def _write_lapse(view: RequestView) -> Iterator[str]:
    """Why what is approved lets nothing pass here."""
    if view.state == APPROVED and not view.counts:
        why = say_lacking(view.needs) or view.lapse or "who let it pass may not, or it is over"
        yield from _entry("does not count", f"by the policy set here and the entries: {why}")


def say_asking(view: RequestView, longest: int | None = None) -> str:
    """When it was asked and by whom, of those who have not taken it back."""
    names = " and ".join(name if longest is None else clean(name, longest) for name in view.asking)
    return f"{say_time(view.row.asked)} {f'by {names}' if names else 'and taken back by all who asked'}"


def say_lacking(needs: Sequence[tuple[Need, int]]) -> str:
    """Whom a request waits for."""
    return " and ".join(f"{count_noun(lacking, 'vote')} of {need.said}" for need, lacking in needs if lacking > 0)


def summarise(views: Sequence[RequestView]) -> str:
    """The last line: counts by state."""
    if not views:
        return "nothing waits for anybody"
    states = [view.state for view in views]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    unreviewed = sum(view.is_unreviewed for view in views)
    loud = f"; {count_noun(unreviewed, 'broken glass', 'broken glasses')} to be reviewed" if unreviewed else ""
    return f"{count_noun(len(views), 'request')}: {counts}{loud}"


def write_request(view: RequestView, where: str = "") -> Iterator[str]:
    """Everything about a request: what is asked, why, what changed, what follows, who decides.

    `where` are the options of commands that find it.
    """
    row = view.row
    yield clean(f"{row.id}  {view.state}  {say_what(view)}")
    for doubt in view.doubts:
        yield from _entry("CHANGED", doubt.message, 2)
    if view.is_unreviewed:
        yield from _entry("BROKEN GLASS", "one person let it pass; somebody else has to review it", 2)
    yield from _write_lapse(view)
    yield from _entry("asked", say_asking(view), 2)
    yield from _entry("expires", f"{say_time(row.expires)}, if nobody decides", 2)
    if row.ends and view.state != PENDING:
        yield from _entry("holds until", say_time(row.ends), 2)
    if row.runs is not None:
        yield from _entry("covers", f"{count_noun(row.runs, 'run')}, {row.uses:,} used", 2)
    yield ""
    yield from _write_reasons(view)
    yield ""
    yield from _write_changes(view)
    yield ""
    yield from _write_decision(view, where)
    yield ""
    yield "What happened"
    for step in view.steps:
        behalf = f" for {step.behalf}" if step.behalf else ""
        said = f": {step.text}" if step.text else ""
        yield from _indent(f"{say_time(step.time)}  {step.by} {EVENTS.get(step.event, step.event)}{behalf}{said}")


def _write_reasons(view: RequestView) -> Iterator[str]:
    document = view.document
    if document is None:
        yield "What was asked is erased"
        return
    if "waiver" in document:
        waiver = document["waiver"]
        yield "Asked for"
        words = ("policy", "subject", "reason", "expires", "owner", "ticket", "compensating_control")
        for word in (word for word in words if waiver.get(word)):
            yield from _entry(word.replace("_", " "), str(waiver[word]), 2)
        return
    yield "Why it is held"
    holding = document["holding"]
    for outcome in document["outcomes"]:
        if outcome["policy"] in holding:
            yield from _write_outcome(outcome)
    others = [f"{one['policy']} ({one['outcome']})" for one in document["outcomes"] if one["policy"] not in holding]
    if others:
        yield from _entry("also at stake", ", ".join(others), 2)
    yield from _entry("evidence", f"{document['evidence']}", 2)
    yield from _entry("policy set", f"{document['policy_set']}", 2)
    yield from _entry("decision", f"{document['decision']}", 2)


def _write_outcome(outcome: dict[str, Any]) -> Iterator[str]:
    yield from _indent(f"{outcome['policy']} ({outcome['severity']}, {outcome['outcome']}): {outcome['title']}")
    if outcome["message"]:
        yield from _entry("says", outcome["message"], 4)
    for reason in outcome["because"]:
        place = reason["location"]
        where = f" at {place['file']}:{place['line']}" if place else ""
        found = reason["actual"] if reason["actual"] is not None else "not known"
        origin = f" ({reason['origin']}{where})" if reason["origin"] else where
        yield from _entry("required", f"{reason['field']} {say_test(reason)}", 4)
        yield from _entry("found", f"{found}{origin}", 4)
    if outcome.get("instead"):
        yield from _entry("instead", ", ".join(outcome["instead"]), 4)
    if outcome["fix"]:
        yield from _entry("help", outcome["fix"], 4)


def say_test(reason: dict[str, Any]) -> str:
    """What a policy asks for: `at least 30d`."""
    if reason["test"] == "present":
        return "a value" if reason["expected"] == "true" else "no value"
    return f"{reason['test'].replace('_', ' ')} {reason['expected']}"


def _write_changes(view: RequestView) -> Iterator[str]:
    previous = view.previous
    if view.row.kind == WAIVER:
        yield "A waiver stands for itself: it replaces no other"
    elif previous is None:
        yield "Nothing of this subject was approved at this gate before"
    elif not previous.changes:
        yield f"At stake is the same as in {previous.request}, approved {say_time(previous.decided)}"
    else:
        yield f"What is at stake otherwise than in {previous.request}, approved {say_time(previous.decided)}"
        for change in previous.changes:
            yield from write_change(change)


def write_change(change: Change) -> Iterator[str]:
    """What was and what is, one line each."""
    for sign, text in (("-", change.then), ("+", change.now)):
        if text is not None:
            yield clean(f"  {sign} {change.what}: {text}")


def write_vote(view: RequestView, answer: str, by: str, behalf: str) -> Iterator[str]:
    """That somebody has voted, on what changed since the last yes, and how it stands now."""
    word = "approved" if answer == "approve" else "rejected"
    voted = f" for {behalf}" if behalf else ""
    yield clean(f"{word} {view.row.id} as {by}{voted}: {say_what(view)}")
    for change in view.previous.changes if view.previous is not None else ():
        yield from write_change(change)
    if view.state == PENDING:
        yield clean(f"  it still waits for {say_lacking(view.needs)}")
    elif view.state == APPROVED:
        yield clean(f"  it counts until {say_time(view.row.ends)}")


def say_runs(asked: Asked, runs: int) -> str:
    """That a request is for another number of runs than somebody wants, and why."""
    count = "any number of runs" if asked.row.runs is None else count_noun(asked.row.runs, "run")
    why = "that is what was asked first" if asked.joined else "the policy set allows no more"
    return f"for {count}, and not for {runs:,}: {why}"


def write_override(request: str, by: str, ends: str | None, *, wanted: str = "") -> Iterator[str]:
    """That somebody broke the glass, and what has to come of it; it may end before the time that was `wanted`."""
    yield clean(f"BROKE THE GLASS for {request} as {by}: it passes until {say_time(ends)}")
    if ends is not None and ends < wanted:
        yield "  shorter than you asked for: the policy set allows no longer"
    yield "  next: have somebody else review it, `policy approvals review`; it stays listed until then"


def _write_decision(view: RequestView, where: str) -> Iterator[str]:
    yield "Who decides"
    for need, lacking in view.needs:
        members = f": {', '.join(need.members)}" if need.members else ""
        left = f"{count_noun(lacking, 'vote')} lacking" if lacking > 0 else "reached"
        yield from _indent(f"{count_noun(need.quorum, 'vote')} of {need.said}{members} ({left})")
    for one in view.delegations:
        yield from _indent(f"{one.taker.shown} votes for {one.giver.shown} until {say_time(one.ends)}")
    barred = dict.fromkeys((*view.asking, *view.contributors))
    yield from _entry("cannot", ", ".join(barred), 2)
    if view.state == PENDING:
        yes, no = _say_consequences(view)
        yield from _entry("a yes", yes, 2)
        yield from _entry("a no", no, 2)
        acts = (f"policy approvals {act} {view.row.id}{where}" for act in ("approve", "reject"))
        yield clean(f"  next: {', or: '.join(acts)} --reason …")


def _say_consequences(view: RequestView) -> tuple[str, str]:
    row = view.row
    if row.kind == WAIVER:
        return (
            f"{row.subject} does not act for {row.project} until the waiver expires",
            f"{row.subject} goes on to act; the waiver can be asked for again",
        )
    runs = f", for {count_noun(row.runs, 'run')}" if row.runs is not None else ""
    passes = f"once there are enough, {row.project} passes the gate {row.gate} as it is now{runs}"
    return (
        f"{passes}; what is at stake must not change",
        f"the request is over and {row.project} stays held; it can be asked for again",
    )


def _list_holding(view: RequestView) -> list[str]:
    return list((view.document or {}).get("holding", ()))


def _entry(word: str, text: str, indent: int = 4) -> list[str]:
    return wrap(clean(text), f"{' ' * indent}{word}: ", " " * (indent + len(word) + 2))


def _indent(text: str) -> list[str]:
    return wrap(clean(text), "  ", "    ")
