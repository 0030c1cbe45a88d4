"""A report that says the same text wherever something of somebody else's can stand, and reports of many projects."""

from __future__ import annotations

from policy.model.audit import (
    AuditReport,
    Checkpoint,
    Contradicted,
    ControlState,
    Counts,
    Exemption,
    Fixing,
    Latest,
    LedgerState,
    Link,
    MissingFact,
    Overruling,
    Parameter,
    Period,
    PolicyNote,
    PolicySetUse,
    PolicyTally,
    ProjectState,
    RequestNote,
    Scope,
    Unjudged,
    Voter,
)
from policy.model.audited_runs import GateTally, RunsNote, RunTally, SettingsChange, UnadmittedRun

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></script><script>alert(1)</script>",
    "--><svg onload=alert(1)>",
    "javascript:alert(1)",
    "=HYPERLINK(1);@SUM(1)",
    "a\x00b\x1b[31m\r\nc | d `e` ![f](g) [h](i)",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}",
    "x" * 10_000,
    "a\udcffb",
)
DAY = "2026-08-01T12:00:00Z"


def plant(text: str) -> AuditReport:
    """This text in every place."""
    note = PolicyNote(text, text, text, ((text, text),))
    results = {"fail": 1, "pass": 2}
    latest = Latest(text, 1, DAY, "block", text, text, text, (text,), ("fail",))
    link = Link(text, text, text, text, "fail", text, text, text, text, text, 1)
    return AuditReport(
        Scope(Period(DAY, DAY), "2026-08-01", text, (text,), (text,), (text,), (text,), (text,)),
        LedgerState(text, text, text, 1, text, text, Checkpoint(1, text)),
        (PolicySetUse(text, text, text, 1, DAY, DAY, 1, (Parameter(text, text, text),)),),
        Counts(1, 1, 1, results, {"block": 1}),
        ((text, {"block": 1}),),
        "day",
        (ProjectState(text, text, text, text, 1, text, latest, results),),
        (PolicyTally(note, results, 1),),
        (Exemption(text, text, "expired", text, text, text, text, text, text, 1, 1, counted=True),),
        (RequestNote(text, text, text, text, (text,), text, text, text, text, text, 1, text, text, text),),
        (Voter(text, 1, 1, 1, 1, 1),),
        (Overruling(text, 3, 1, 1, 1, 0),),
        (MissingFact(text, 1, 1, (text,)),),
        (Contradicted(text, text, text, text, text, 1, text),),
        (Fixing(note, 1, 1, 1, 1, 1, text),),
        (ControlState(text, text, text, (text,), results, 1, text),),
        (Unjudged(text, text),),
        {text: note},
        lambda: iter([link]),
        1,
        (text,),
        RunsNote(
            (RunTally(text, text, 1, 1, 1, 1, 1, 1, 1),),
            (UnadmittedRun(text, text, text, text, text, "held", text, DAY, text, 1),),
            1,
            (GateTally(text, text, {"block": 2}, 1),),
            1,
        ),
        (SettingsChange(text, DAY, 1, text, text, text, text, text, text),),
    )


def make_many(projects: int, policies: int) -> AuditReport:
    """A report of many projects and policies."""
    names = tuple(f"policy-{number:02}" for number in range(policies))
    latest = Latest("sha256:1", 1, DAY, "block", "sha256:2", "sha256:3", "sha256:4", names, ("fail",) * policies)
    one = ProjectState("p", "", "team", "", 1, "ci", latest, {"fail": policies})
    states = tuple(one._replace(project=f"project-{number:05}") for number in range(projects))

    def list_links():
        for name in names:
            for state in states:
                yield Link(name, state.project, "", "ci", "fail", "sha256:3", "sha256:4", "team", DAY, "sha256:1", 1)

    return plant("plain")._replace(
        counts=Counts(projects, 0, projects, {"fail": projects * policies}, {"block": projects}),
        projects=states,
        links=list_links,
        link_count=projects * policies,
        unjudged=tuple(Unjudged(state.project, "why") for state in states),
    )
