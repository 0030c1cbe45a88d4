"""Requests for approval as the entries of a ledger tell them: who asked, who decided, how long it took."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from policy.app.auditing.fixes import find_median
from policy.app.auditing.period import count_minutes
from policy.model.audit import Overruling, RequestNote, Voter
from policy.records.requests.clock import tell_time
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

FORMAT: Final = "policy-request-record/1"
TYPES: Final = ("request", "approval", "rejection", "override", "review", "withdrawal", "expiry")
OPEN: Final = "pending"
OVERRIDDEN: Final = "override"
# Broken glass that stands on the first screen; all of it is among the requests.
LOUD: Final = 5
LONGEST: Final = 200


class Step(NamedTuple):
    """One entry about a request, with its payload; None where that is erased."""

    seq: int
    time: str
    type: str
    payload: Mapping[str, Any] | None


class Vote(NamedTuple):
    """Somebody's part in a decision about a request: `answer` is approval, rejection or override.

    `behalf` is who delegated it to them, if somebody did.
    """

    person: str
    answer: str
    minutes: int | None
    behalf: str = ""


class Request:
    """A request as its entries have told it so far."""

    def __init__(self, step: Step, said: Mapping[str, Any]) -> None:
        self.said = said
        self.asked = tell_time(step.time, said)
        self.state = OPEN
        self.decided = self.ends = self.reason = self.reviewed = ""
        self.asking = [str(one) for one in (said.get("requester") or "", *(said.get("requesters") or ()))]
        self.votes: list[Vote] = []

    def take(self, step: Step, said: Mapping[str, Any]) -> None:
        """One more entry."""
        step = step._replace(time=tell_time(step.time, said))
        if step.type == "request":
            self.asking += [str(one) for one in said.get("requesters") or ()]
        elif step.type in ("approval", "rejection", OVERRIDDEN):
            person, behalf = str(said.get("person") or ""), str(said.get("behalf") or "")
            self.votes.append(Vote(person, step.type, count_minutes(self.asked, step.time), behalf))
            self.reason = str(said.get("reason") or "") or self.reason
            self._settle(step, OVERRIDDEN if step.type == OVERRIDDEN else str(said.get("state") or OPEN))
            self.ends = str(said.get("ends") or "")
        elif step.type == "review":
            self.reviewed = str(said.get("finding") or "reviewed")
        elif step.type == "withdrawal":
            self._settle(step, str(said.get("state") or OPEN))
        elif step.type == "expiry":
            self._settle(step, "expired")

    def _settle(self, step: Step, state: str) -> None:
        self.state = state
        if state != OPEN:
            self.decided = step.time


class Requests:
    """All requests up to the end of the period; steps come in the order of their entries."""

    def __init__(self, name_person: Callable[[str], str]) -> None:
        self.name_person = name_person
        self.by_id: dict[str, Request] = {}
        self.erased = 0

    def add(self, step: Step) -> None:
        """Take one entry; what no version wrote is passed over."""
        said = step.payload
        if said is None:
            self.erased += 1
            return
        name = said.get("request")
        if said.get("format") != FORMAT or type(name) is not str:
            return
        if step.type == "request" and said.get("event") == "asked":
            self.by_id.setdefault(name, Request(step, said))
        elif name in self.by_id:
            self.by_id[name].take(step, said)

    def keep(self, wants: Callable[[Request], bool]) -> None:
        """Let go of what is out of scope."""
        self.by_id = {name: request for name, request in self.by_id.items() if wants(request)}

    def keep_named(self, names: Collection[str]) -> None:
        """Let go of all but some."""
        self.by_id = {name: request for name, request in self.by_id.items() if name in names}

    def list_requests(self, policies: Mapping[str, tuple[str, ...]], until: str) -> tuple[RequestNote, ...]:
        """Every request as it stood at the end, in the order in which they were asked."""
        return tuple(
            self._make_note(name, request, policies.get(name, ()), until) for name, request in self.by_id.items()
        )

    def _make_note(self, name: str, request: Request, policies: tuple[str, ...], until: str) -> RequestNote:
        said, state, decided = request.said, request.state, request.decided
        expires = str(said.get("expires") or "")
        if state == OPEN and expires and expires < until:
            state, decided = "expired", expires
        return RequestNote(
            name,
            str(said.get("kind") or ""),
            str(said.get("project") or ""),
            str(said.get("gate") or ""),
            policies,
            ", ".join(dict.fromkeys(map(self.name_person, filter(None, request.asking)))),
            request.asked,
            state,
            self.name_deciders(request),
            decided,
            count_minutes(request.asked, decided) if request.votes and decided else None,
            request.ends or (expires if state in (OPEN, "expired") else ""),
            request.reason,
            request.reviewed,
        )

    def name_deciders(self, request: Request) -> str:
        """Who decided a request, and for whom where that was delegated."""
        return ", ".join(dict.fromkeys(map(self._name_voter, request.votes)))

    def _name_voter(self, vote: Vote) -> str:
        named = self.name_person(vote.person)
        return f"{named} for {self.name_person(vote.behalf)}" if vote.behalf else named

    def list_voters(self) -> tuple[Voter, ...]:
        """Who decided how often, most votes first."""
        votes = [vote for request in self.by_id.values() for vote in request.votes]
        people: dict[str, list[Vote]] = defaultdict(list)
        for vote in votes:
            people[vote.person].append(vote)
        made = [self._make_voter(person, cast) for person, cast in people.items()]
        return tuple(sorted(made, key=lambda one: (-(one.approved + one.rejected + one.overridden), one.person)))

    def _make_voter(self, person: str, votes: list[Vote]) -> Voter:
        answers = Counter(vote.answer for vote in votes)
        waits = Counter(vote.minutes for vote in votes if vote.minutes is not None)
        return Voter(
            self.name_person(person),
            answers["approval"],
            answers["rejection"],
            answers[OVERRIDDEN],
            find_median(waits),
            max(waits, default=None),
        )


def list_broken_glass(requests: Iterable[RequestNote]) -> Iterator[str]:
    """Who let what pass alone, and what somebody else found of it."""
    broken = [request for request in requests if request.state == OVERRIDDEN]
    for request in broken[:LOUD]:
        review = f"reviewed: {cut(request.reviewed)}" if request.reviewed else "nobody has reviewed it"
        yield (
            f"the glass was broken for {request.project} at the gate {request.gate} by {request.decided_by}, "
            f"{request.decided[:10]}: {cut(request.reason)} ({request.request}; {review})"
        )
    if len(broken) > LOUD:
        yield f"the glass was broken {len(broken) - LOUD:,} times more: see the approvals"


def cut(text: str) -> str:
    """The beginning of what somebody wrote."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def list_overrulings(requests: Iterable[RequestNote]) -> tuple[Overruling, ...]:
    """How often the holds of each policy were let through, the most overruled first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for request in requests:
        for policy in request.policies if request.kind == "approval" else ():
            counts[policy]["asked"] += 1
            counts[policy][request.state] += 1
    made = [
        Overruling(policy, *(found[word] for word in ("asked", "approved", OVERRIDDEN, "rejected", OPEN)))
        for policy, found in counts.items()
    ]
    return tuple(sorted(made, key=lambda one: (-(one.approved + one.overridden), -one.asked, one.policy)))
