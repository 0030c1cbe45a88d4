"""Which waivers count: a pure function of entries, rules, what a trusted revision shows, and the day."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from policy.model.approval import fold_name, is_plain
from policy.model.waiver_entry import LONGEST_DAYS, WARNING_DAYS, Doubt, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from policy.model.waiver_entry import Trust, WaiverEntry, WaiverRules, Waiving


def assess_waivers(waiving: Waiving, trust: Trust, today: date) -> tuple[Standing, ...]:
    """How each waiver of a policy set stands on a day."""
    return tuple(_assess(entry, waiving, trust, today) for entry in waiving.entries)


def _assess(entry: WaiverEntry, waiving: Waiving, trust: Trust, today: date) -> Standing:
    rules, left = waiving.rules, (entry.expires - today).days
    if left < 0:
        ended = Doubt(f"it ended on {entry.expires}", "remove it, or ask for a new one with `policy waive`", "expires")
        return Standing(entry, "expired", (ended,), left)
    refusals = (*find_foreign(entry, waiving.finals), *find_refusals(entry, rules), *_find_self_approval(entry))
    if refusals:
        return Standing(entry, "refused", refusals, left)
    pending = tuple(_find_pending(entry, rules, trust, today))
    if pending:
        return Standing(entry, "pending", pending, left)
    return Standing(entry, tell_nearness(left, rules), (), left)


def tell_nearness(left: int, rules: Sequence[WaiverRules]) -> str:
    """The state of a waiver that counts, with so many days left."""
    soon = max((rule.warn_before for rule in rules if rule.warn_before is not None), default=WARNING_DAYS)
    return "expiring" if left <= soon else "active"


def find_foreign(entry: WaiverEntry, finals: Mapping[str, tuple[str, ...]]) -> Iterator[Doubt]:
    """That the policy was made final elsewhere: what concerns it comes only from there. `finals` as in Waiving."""
    for home in (home for home in finals.get(entry.policy, ()) if home != entry.layer):
        yield Doubt(
            f"`{entry.policy}` is final: only waivers that {home} lists can concern it",
            f"ask whoever keeps {home}, or meet the policy",
            "policy",
        )


def find_refusals(entry: WaiverEntry, rules: Sequence[WaiverRules], source: str = "the policy set") -> Iterator[Doubt]:
    """What the rules have against a waiver; every layer's must allow it."""
    if any(entry.policy in rule.protected for rule in rules):
        yield Doubt(f"{source} protects `{entry.policy}`: nobody may waive it", "meet the policy", "policy")
        return
    entitled = list_approvers(entry.policy, rules)
    if not entitled:
        message = f"{source} names nobody who may waive `{entry.policy}`"
        yield Doubt(message, "name approvers: `waiver_rules: {approvers: {default: [NAME]}}`", "policy")
    elif entry.approved_by and not _is_among(entry.approved_by, entitled):
        message = f"{source} does not let {entry.approved_by} waive `{entry.policy}`"
        yield Doubt(message, f"let one of these approve it: {', '.join(entitled)}", "approved_by")
    yield from find_excess(entry, rules)


def _is_among(name: str, entitled: Sequence[str]) -> bool:
    return is_plain(name) and _fold(name) in set(map(_fold, entitled))


def find_barriers(entry: WaiverEntry, waiving: Waiving) -> Iterator[Doubt]:
    """What nobody's approval can cure: why not to ask for a waiver like this."""
    yield from find_foreign(entry, waiving.finals)
    if list_approvers(entry.policy, waiving.rules) or any(entry.policy in rule.protected for rule in waiving.rules):
        yield from find_refusals(entry, waiving.rules)
    else:
        yield from find_excess(entry, waiving.rules)


def list_approvers(policy: str, rules: Sequence[WaiverRules]) -> tuple[str, ...]:
    """Who may approve a waiver of the policy by all rules that say it; nobody where none does."""
    said = [names for rule in rules if (names := rule.approvers_of(policy)) is not None]
    if not said:
        return ()
    common = set.intersection(*({_fold(name) for name in names} for names in said))
    return tuple(name for name in said[0] if _fold(name) in common)


def find_longest(rules: Sequence[WaiverRules]) -> int:
    """For how many days a waiver may hold: the shortest that is said."""
    return min((rule.longest for rule in rules if rule.longest is not None), default=LONGEST_DAYS)


def find_excess(entry: WaiverEntry, rules: Sequence[WaiverRules]) -> Iterator[Doubt]:
    """That a waiver holds for longer than the rules allow."""
    start = entry.approved_on or entry.requested_on
    if start is None:
        return
    longest, length = find_longest(rules), (entry.expires - start).days
    if length > longest:
        last = start + timedelta(days=longest)
        yield Doubt(f"it holds for {length} days, and {longest} are allowed", f"let it end by {last}", "expires")


def _find_self_approval(entry: WaiverEntry) -> Iterator[Doubt]:
    approver = _fold(entry.approved_by)
    for key, name in (("requested_by", entry.requested_by), ("owner", entry.owner)):
        if approver and approver == _fold(name):
            said = "asked for it" if key == "requested_by" else "owns it"
            yield Doubt(
                f"{entry.approved_by} approves it and also {said}", "let somebody else approve it", "approved_by"
            )


def _find_pending(entry: WaiverEntry, rules: Sequence[WaiverRules], trust: Trust, today: date) -> Iterator[Doubt]:
    """What is still to be done before it counts."""
    if not entry.approved_by:
        names = ", ".join(list_approvers(entry.policy, rules))
        yield Doubt("nobody has approved it", f"ask one of these to add `approved_by` and `approved_on`: {names}")
        return
    start = entry.approved_on or entry.requested_on
    if start is None:
        yield Doubt("it does not say when it was approved", "add `approved_on`, as 2026-11-20", "approved_by")
    elif start > today:
        key = "approved_on" if entry.approved_on else "requested_on"
        yield Doubt(f"it is dated {start}, which is still to come", "correct the date, or wait until then", key)
    elif entry.requested_on is not None and start < entry.requested_on:
        why = f"it was approved on {start}, and asked for only on {entry.requested_on}"
        yield Doubt(why, "correct the dates, or have it approved as it is now", "approved_on")
    doubt = find_distrust(entry, trust)
    if doubt is not None:
        yield doubt


def find_distrust(entry: WaiverEntry, trust: Trust) -> Doubt | None:
    """Why the approval cannot be shown to be one, or None."""
    file = entry.location.file if entry.location else ""
    doubt = trust.doubt or trust.doubts.get(file)
    if doubt is not None:
        return doubt
    if entry not in trust.entries.get(file, frozenset()):
        message = f"it does not stand like this at the trusted revision {trust.revision}"
        return Doubt(message, f"have it reviewed and merged into {trust.revision}", "approved_by")
    # A proposal that widens the rules for a waiver which they did not allow approves nothing.
    foreign = find_foreign(entry, trust.finals)
    refusals = find_refusals(entry, trust.rules, f"the policy set at {trust.revision}")
    return next(chain(foreign, refusals), None)


def _fold(name: str) -> str:
    return fold_name(name).removeprefix("@")
