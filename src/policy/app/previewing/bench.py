"""Judges recorded facts by another policy set; what came out is kept, with the days on which it does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.app.previewing.days import Span, WatchedDay
from policy.app.previewing.exceptions import decode_json, read_object
from policy.app.previewing.keeping import Kept
from policy.app.previewing.relevance import Relevance, SlimFacts
from policy.app.trusted.proposal import adapt_facts, assess_as_merged
from policy.app.waivers.in_force import select_waivers
from policy.engine.plan import make_plan
from policy.engine.verdicts import judge_verdict
from policy.model.gates import GATES
from policy.model.preview import Owner
from policy.model.recorded.facts import decode_facts
from policy.model.resolution import resolve
from policy.model.schema import is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.previewing.exceptions import Excepted, Objects
    from policy.engine.verdicts import Ruling
    from policy.model.decision import Subject
    from policy.model.fact import Fact
    from policy.model.facts import Facts
    from policy.model.policy import Policy, PolicySet
    from policy.model.waiver_entry import Standing

    Act = tuple[str, str | None, str | None]

# So many judgements, and decoded facts, are kept: a few dozen megabytes.
JUDGED: Final = 20_000
RECORDED: Final = 32
OWNER: Final = ("owner.team", "owner.contact")


class Pattern(NamedTuple):
    """What every policy of a gate says, in their order: positions in the bench's `acts`.

    `missing` are, by position, what was not recorded of the facts that a policy reads which stays unknown.
    """

    gate: str
    codes: bytes
    missing: tuple[tuple[int, tuple[str, ...]], ...]


class Judged(NamedTuple):
    """What came out about a subject; `redacted` where something was taken out of its facts before."""

    subject: Subject
    owner: Owner
    verdict: str
    pattern: Pattern
    redacted: bool


class Found(NamedTuple):
    """What comes out from the first to the last of some days (ordinals)."""

    first: int
    last: int
    verdict: str
    pattern: Pattern


class Recorded(NamedTuple):
    """Facts as they were recorded: the document, what it has in common with those that are judged alike, and more."""

    document: dict[str, Any]
    key: bytes | None
    subject: Subject
    owner: Owner
    redacted: bool


class Bench:
    """Judges by one policy set. Its waivers count as on the day `now`, as if it were the trusted one.

    So do those that were `granted` in the ledger, at the gates that the policy set has decide by one.
    """

    def __init__(
        self, policy_set: PolicySet, objects: Objects, now: datetime, granted: tuple[Standing, ...] = ()
    ) -> None:
        self.policy_set = policy_set
        self._objects = objects
        listed, settings = assess_as_merged(policy_set.waiving, now.astimezone(UTC).date()), policy_set.ledger
        kept = settings.gates if settings is not None else ()
        self._standings = {gate: (*listed, *granted) if gate in kept else listed for gate in GATES}
        self._evaluates = any(is_expression(path) for policy in policy_set.policies for path in policy.paths)
        self._relevance = Relevance(policy_set.policies)
        self._judged: Kept[list[tuple[int, int, Judged]]] = Kept(JUDGED)
        self._found: Kept[list[Found]] = Kept(JUDGED)
        self._recorded: Kept[Recorded] = Kept(RECORDED)
        # What an outcome is and does, by number: outcome, effect, and the effect that was kept back.
        self.acts: list[Act] = []
        self._numbers: dict[Act, int] = {}

    def judge(self, digest: str, gate: str, day: int, now: datetime | None, excepted: Excepted) -> Judged:
        """What becomes of the facts of a digest on a day (ordinal); `now` matters to approvals only.

        Raises PolicyError where they cannot be judged.
        """
        kept = self._judged.take((digest, gate, *excepted.key), list)
        for first, last, judged in kept:
            if first <= day <= last:
                return judged
        recorded = self._recorded.take(digest, lambda: self._load(digest))
        found = self._find(recorded, digest, gate, day, now, excepted)
        judged = Judged(recorded.subject, recorded.owner, found.verdict, found.pattern, recorded.redacted)
        kept.append((found.first, found.last, judged))
        return judged

    def _load(self, digest: str) -> Recorded:
        document = decode_json(read_object(self._objects, digest, "facts"), "facts")
        key = self._relevance.tell(document) if type(document) is dict else None
        own = document
        if key is not None:
            own = {**document, "claims": [row for row in document["claims"] if row[0] in OWNER]}
        facts = decode_facts(own, self.policy_set.schema)
        known, _ = resolve((claim for claim in facts.claims if claim.path in OWNER), facts.schema)
        owner = Owner(*(_show(known.get(path)) for path in OWNER))
        return Recorded(document, key, facts.subject, owner, bool(document.get("redacted")))

    def _find(
        self, recorded: Recorded, digest: str, gate: str, day: int, now: datetime | None, excepted: Excepted
    ) -> Found:
        if recorded.key is None or excepted.approvals:
            # What an approval is bound to are the facts as they are.
            return self._judge(recorded.document, gate, day, now, excepted)
        project = recorded.subject.project if self._standings[gate] or excepted.waivers else ""
        kept = self._found.take((recorded.key, project, gate, *excepted.key), list)
        for found in kept:
            if found.first <= day <= found.last:
                return found
        kept.append(self._judge(self._relevance.reduce(recorded.document), gate, day, now, excepted))
        return kept[-1]

    def _judge(
        self,
        document: dict[str, Any],
        gate: str,
        day: int,
        now: datetime | None,
        excepted: Excepted,
    ) -> Found:
        span = Span()
        plain = decode_facts(document, self.policy_set.schema)
        ruling = None
        try:
            facts = self._date(plain, WatchedDay.watch(day, span))
            ruling = self._rule(facts, gate, now, excepted)
        except (AttributeError, TypeError):
            # Something was asked of the day that it does not watch.
            pass
        if ruling is None or any(outcome.outcome == "error" for outcome in ruling.outcomes):
            span.pin(day)
            facts = self._date(plain, date.fromordinal(day))
            ruling = self._rule(facts, gate, now, excepted)
        pattern = Pattern(gate, bytes(self._number(ruling)), tuple(self._find_missing(ruling, gate, facts)))
        return Found(span.first, span.last, ruling.verdict, pattern)

    def _date(self, facts: Facts, today: date) -> Facts:
        """The facts on a day, with what follows from the policy set's tables, and what its expressions say."""
        dated = SlimFacts(
            facts.claims,
            facts.schema,
            facts.subject,
            facts.unavailable,
            facts.faults,
            self.policy_set.tables,
            today,
        )
        dated.wanted = self._relevance.observed
        return adapt_facts(dated, self.policy_set) if self._evaluates else dated

    def _rule(self, facts: Facts, gate: str, now: datetime | None, excepted: Excepted) -> Ruling:
        today = facts.today
        assert today is not None  # noqa: S101 - `_date` gave it
        waivers = (*excepted.waivers, *select_waivers(self._standings[gate], facts.subject.project))
        moment = now or datetime.combine(today, datetime.min.time(), UTC)
        approvals = excepted.approvals
        return judge_verdict(
            self.policy_set, facts, gate=gate, now=moment, waivers=waivers, approvals=approvals, today=today
        )

    def _number(self, ruling: Ruling) -> Iterator[int]:
        numbers = self._numbers
        for outcome in ruling.outcomes:
            act = outcome.outcome, outcome.effect, outcome.would_be
            number = numbers.get(act)
            if number is None:
                number = numbers[act] = len(self.acts)
                self.acts.append(act)
            yield number

    def _find_missing(self, ruling: Ruling, gate: str, facts: Facts) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Of each policy that stays unknown, what it reads and is not known."""
        for position, outcome in enumerate(ruling.outcomes):
            if outcome.outcome == "unknown":
                policy = make_plan(self.policy_set, gate).steps[position].policy
                yield position, tuple(sorted(_list_unknown(policy, facts)))


def _show(fact: Fact | None) -> str:
    return fact.value if fact is not None and isinstance(fact.value, str) else ""


def _list_unknown(policy: Policy, facts: Facts) -> Iterator[str]:
    for path in policy.paths:
        if path not in (facts.proven_values if path in policy.observed else facts.values):
            yield path
