"""Which waivers two policy sets do not share, and what differs in those that they do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from policy.app.set_diff.actions import compare_ranks
from policy.model.set_changes import (
    ADDED,
    CHANGED,
    MILDER,
    NEITHER,
    REMOVED,
    STRICTER,
    UNCLEAR,
    WaiverChange,
    both,
    combine_directions,
    make_change,
    point,
)
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.set_diff.halves import Whole
    from policy.errors import Location
    from policy.model.set_changes import Change, Pair
    from policy.model.waiver_entry import WaiverEntry

KEYS = (
    "expires",
    "approved_by",
    "approved_on",
    "reason",
    "owner",
    "requested_by",
    "requested_on",
    "ticket",
    "compensating_control",
)


class Owned(NamedTuple):
    """A waiver and the policy set that has it."""

    entry: WaiverEntry
    whole: Whole

    def show(self, key: str) -> str | None:
        """What it says under a key."""
        value: Any = getattr(self.entry, key)
        return str(value) if value else None

    def locate(self, key: str) -> Location | None:
        """Where it says that."""
        return self.whole.show(self.entry.places.get(key, self.entry.location))


def compare_waivers(pair: Pair[Whole]) -> Iterator[WaiverChange]:
    """Every waiver that differs. They are the same one by their policy, subject and id; of several, in their order."""
    before, after = both(_group, pair)
    for key in sorted(before.keys() | after.keys()):
        ours, theirs = _set_apart(before.get(key, []), after.get(key, []))
        yield from (_compare(pair_of) for pair_of in zip(ours, theirs, strict=False))
        yield from (_show_whole(owned, REMOVED) for owned in ours[len(theirs) :])
        yield from (_show_whole(owned, ADDED) for owned in theirs[len(ours) :])


def _group(whole: Whole) -> dict[tuple[str, str, str], list[Owned]]:
    grouped: dict[tuple[str, str, str], list[Owned]] = {}
    waiving = whole.policy_set.waiving
    for entry in sorted(waiving.entries if waiving else (), key=lambda entry: (entry.expires, entry.reason)):
        grouped.setdefault((entry.policy, entry.subject, entry.id), []).append(Owned(entry, whole))
    return grouped


def _set_apart(ours: list[Owned], theirs: list[Owned]) -> Pair[list[Owned]]:
    """Both lists without what is in the other one as well."""
    counts = both(lambda own: Counter(owned.entry for owned in own), (ours, theirs))
    left = counts[0] - counts[1], counts[1] - counts[0]
    return _keep(ours, left[0]), _keep(theirs, left[1])


def _keep(own: list[Owned], left: Counter[WaiverEntry]) -> list[Owned]:
    kept = []
    for owned in own:
        if left[owned.entry] > 0:
            left[owned.entry] -= 1
            kept.append(owned)
    return kept


def _compare(pair: Pair[Owned]) -> WaiverChange:
    changes = [change for key in KEYS for change in _compare_key(key, pair)]
    entry = pair[1].entry
    direction = combine_directions(change.direction for change in changes)
    return WaiverChange(entry.policy, entry.subject, entry.id, CHANGED, direction, tuple(changes))


def _compare_key(key: str, pair: Pair[Owned]) -> Iterator[Change]:
    texts = both(lambda owned: owned.show(key), pair)
    if texts[0] != texts[1]:
        yield make_change(key, texts, _judge(key, pair), places=both(lambda owned: owned.locate(key), pair))


def _judge(key: str, pair: Pair[Owned]) -> str:
    """An approval or a later end is milder; who approves is a matter of the rules."""
    approved = both(lambda owned: bool(owned.entry.approved_by), pair)
    if key == "expires" and any(approved):
        return point(-compare_ranks(*both(lambda owned: owned.entry.expires.toordinal(), pair)))
    if key == "approved_by":
        return UNCLEAR if all(approved) else MILDER if approved[1] else STRICTER
    return NEITHER


def _show_whole(owned: Owned, change: str) -> WaiverChange:
    """A waiver that only one of the sets has; one that nobody approved excepts nobody."""
    entry = owned.entry
    direction = NEITHER if not entry.approved_by else MILDER if change == ADDED else STRICTER
    changes = []
    for key in filter(owned.show, KEYS):
        text, place = owned.show(key), owned.locate(key)
        texts, places = ((None, text), (None, place)) if change == ADDED else ((text, None), (place, None))
        changes.append(make_change(key, texts, places=places))
    return WaiverChange(entry.policy, entry.subject, entry.id, change, direction, tuple(changes))
