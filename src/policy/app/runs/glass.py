"""Breaking the glass while the ledger is down: one named person lets runs begin of which nothing can be recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from policy.app.approvals.holding import build_document, find_settings
from policy.app.approvals.secrecy import redact_document, refuse_secrets
from policy.model.person import is_any, is_member
from policy.records.people import fold_name
from policy.records.requests.clock import read_time, write_time
from policy.records.requests.desk import make_token
from policy.records.requests.refusals import LONGEST_NAME, check_text, refuse
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from policy.app.runs.attempt import Attempt
    from policy.app.runs.offline import Offline
    from policy.app.runs.panel import Judge
    from policy.records.spool_statements import Statement


class Glass(NamedTuple):
    """Who broke it for whose runs: those of one manifest and activity in one experiment, until it ends.

    `request` is the id that the ledger will know it by.
    """

    request: str
    experiment: str
    manifest: str
    activity: str
    principals: tuple[str, ...]
    person: str
    time: datetime
    ends: datetime

    def covers(self, attempt: Attempt, now: datetime) -> bool:
        """Whether it was broken for this."""
        named = (self.experiment, self.manifest, self.activity)
        return (
            named == (attempt.experiment, attempt.manifest, attempt.activity)
            and fold_name(attempt.principal) in map(fold_name, self.principals)
            and self.time <= now < self.ends
        )


def read_glass(statement: Statement) -> Glass:
    """The glass of a statement. Raises KeyError, TypeError or ValueError."""
    said = statement.said
    return Glass(
        request=said["request"],
        experiment=said["experiment"],
        manifest=said["manifest"],
        activity=said["activity"],
        principals=tuple(said["principals"]),
        person=said["person"],
        time=read_time(statement.time),
        ends=read_time(said["ends"]),
    )


def find_bar(glass: Glass, judge: Judge, owners: tuple[str, ...]) -> str:
    """Why who broke it may not, or may not any more; empty where they may: as for a request in the ledger."""
    settings = find_settings(judge.workspace.policy_set)
    if not settings.override_roles:
        return "nobody may break the glass: the policy set names nobody who may"
    for people, why in ((glass.principals, "trains there"), (owners, "is an owner of the project")):
        if is_any(glass.person, people, settings.people):
            return f"{glass.person} {why}, and so cannot break the glass for it"
    if not is_member(glass.person, settings.list_members(settings.override_roles), settings.people):
        return f"{glass.person} may not break the glass"
    if glass.ends > glass.time + timedelta(milliseconds=settings.override_lasts):
        return "the glass was broken for longer than the policy set allows"
    return ""


def make_glass(attempt: Attempt, principals: tuple[str, ...], person: str, judge: Judge, now: datetime) -> Glass:
    """What somebody would break for an attempt and all who sent its manifest, for as long as is allowed."""
    lasts = find_settings(judge.workspace.policy_set).override_lasts
    # As the spool will have it.
    begins = read_time(write_time(now))
    ends = begins + timedelta(milliseconds=lasts)
    named = (attempt.experiment, attempt.manifest, attempt.activity)
    return Glass(f"r-{make_token(5)}", *named, principals, person, begins, ends)


def shorten(glass: Glass, lasts: int | None) -> Glass:
    """The same for so many milliseconds, and no longer than it was."""
    ends = glass.ends if lasts is None else min(glass.ends, glass.time + timedelta(milliseconds=lasts))
    return glass._replace(ends=ends)


def check_glass(glass: Glass, judge: Judge, owners: tuple[str, ...]) -> None:
    """Raises RefusedError for who may not break it."""
    bar = find_bar(glass, judge, owners)
    if bar:
        roles = find_settings(judge.workspace.policy_set).override_roles
        remedy = f"ask somebody else of these: {' or '.join(roles)}" if roles else "name some: `approvals.break_glass`"
        raise refuse(bar, remedy)


def check_reason(text: str) -> str:
    """The reason as it is kept. Raises PolicyError where there is none, or a secret in it."""
    return refuse_secrets(check_text(text, "reason"), "reason")


def describe_glass(glass: Glass, reason: str, heard: Offline, judge: Judge) -> dict[str, Any]:
    """What is stated of it: all that the ledger will be told."""
    decision = heard.decision
    document = build_document(judge.workspace.policy_set, decision) if decision is not None else {}
    return {
        **{name: getattr(glass, name) for name in ("request", "experiment", "manifest", "activity", "person")},
        "experiment_name": heard.admission.attempt.experiment_name,
        "principals": list(glass.principals),
        "contributors": [*_list_names(heard.owners)],
        "project": redact_document(heard.admission.project),
        "policy_set": decision.policy_set if decision is not None else judge.digest,
        "reason": reason,
        "ends": write_time(glass.ends),
        "document": redact_document({**document, "ledger": "it could not be written"}),
    }


def _list_names(names: Iterable[str]) -> Iterator[str]:
    """Names as the directory of people takes them."""
    for name in names:
        shown = "".join(filter(str.isprintable, name))[:LONGEST_NAME]
        if fold_name(shown):
            yield shown
