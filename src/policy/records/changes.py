"""Decisions that are appended are watched for another policy set than was in use at their place before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.objects import DecisionRow, Draft
from policy.records.planning import prepare
from policy.records.policy_sets import CHANGE, compare_sources, describe_change, find_earlier, find_last, find_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.records.database import Session
    from policy.records.planning import Plan, Prepared
    from policy.records.policy_sets import Place, Use

NOTHING: Final[tuple[Any, str]] = (None, "")


class Watch:
    """Which policy set was in use where last, as far as somebody asked; it is good while nobody else appends."""

    def __init__(self) -> None:
        self._known: dict[Place, Use | None] = {}
        self._last: tuple[Any, str] = NOTHING
        self._chain = b""

    def begin(self, session: Session, chain: bytes) -> Watcher:
        """Watch one transaction, which begins behind the entry with this chain."""
        if chain == self._chain:
            return Watcher(session, self._known, self._last)
        return Watcher(session, {}, NOTHING)

    def keep(self, made: Plan) -> None:
        """What was seen for a plan that is durable."""
        if made.watcher is not None:
            self._known, self._last, self._chain = made.watcher.known, made.watcher.last, made.head.chain


class Watcher:
    """Watches the decisions of one transaction, in their order."""

    def __init__(self, session: Session, known: Mapping[Place, Use | None], last: tuple[Any, str]) -> None:
        self.known = dict(known)
        # Most decisions follow one at the same place under the same policy set.
        self.last = last
        self._session = session
        self._bodies: dict[str, bytes | None] = {}

    def watch(self, draft: Prepared, number: int) -> list[Prepared]:
        """The draft of a new decision, before it the change that it shows; `number` is that of the first of them."""
        said, index = draft.payload.get("place"), draft.index
        if said is None or not isinstance(index, DecisionRow) or (said, index.policy_set) == self.last:
            return [draft]
        self.last = (dict(said) if type(said) is dict else said, index.policy_set)
        use = find_use(draft.payload, number)
        if use is None:
            return [draft]
        self._bodies.update((item.digest, item.body) for item in draft.objects if item.digest == use.sources)
        before = self._look_up(use.place)
        if before is not None and before.policy_set == use.policy_set:
            return [draft]
        self.known[use.place] = use
        if before is None:
            return [draft._replace(use=use)]
        files = compare_sources(self._read(before.sources), self._read(use.sources))
        earlier = find_earlier(self._session, use)
        payload = describe_change(before, use, draft.payload, files, earlier)
        return [prepare(Draft(CHANGE, payload))._replace(use=use), draft]

    def _read(self, digest: str) -> bytes | None:
        """What a policy set was read from; it may be stored in this transaction only."""
        if digest not in self._bodies:
            rows = self._session.read("SELECT body FROM objects WHERE digest = ?", (digest,))
            self._bodies[digest] = rows[0][0] if rows else None
        return self._bodies[digest]

    def _look_up(self, place: Place) -> Use | None:
        if place not in self.known:
            self.known[place] = find_last(self._session, place)
        return self.known[place]
