"""How a reader checks the report without trusting it, what it does not prove, and where to sign."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from policy.__about__ import __version__
from policy.reports.audit.words import LIMITS
from policy.reports.html.markup import Html, code, element, items, join, table, terms, write_prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.audit import AuditReport

ROLES = ("Prepared by", "Reviewed by", "Accepted by")


def write_closing(report: AuditReport) -> Html:
    """The last sections."""
    return join((_write_verification(report), _write_limits(), _write_sign_off()), Html("\n"))


def say_command(report: AuditReport, output: str) -> str:
    """What makes the same report again."""
    scope = report.scope
    options: list[tuple[str, str]] = [("--gate", scope.gate)] if scope.paths else []
    if report.ledger is not None:
        options += [("--ledger", report.ledger.address), ("--entries", str(report.ledger.size))]
    if scope.period.since:
        options.append(("--since", scope.period.since))
    options += [("--until", scope.period.until), ("--effective-time", scope.effective)]
    for name, values in (
        ("--team", scope.teams),
        ("--project", scope.projects),
        ("--policy", scope.policies),
        ("--framework", scope.frameworks),
    ):
        options += [(name, value) for value in values]
    said = " ".join(f"{name} {quote(value)}" for name, value in options)
    paths = "".join(f"{quote(path)} " for path in scope.paths)
    return f"policy report {paths}{said} --output {output}"


def list_steps(report: AuditReport) -> Iterator[str]:
    """What to do, offline, in order."""
    yield f"Install tunegate {__version__}: another version is another engine and gives other digests."
    ledger = report.ledger
    if ledger is not None:
        yield (
            "Verify the ledger with a checkpoint that was kept elsewhere: `policy ledger verify "
            f"--ledger {quote(ledger.address)} --checkpoint FILE --trusted-keys FILE`."
        )
        yield (
            f"Compare the ledger's id, and for {ledger.size:,} entries the root, with those below: the chain of "
            "hashes and the root cover every entry that this report counts."
        )
        yield "Judge any decision again from what is recorded of it: `policy ledger replay DECISION`."
        yield "Hand a proof of one entry to somebody without access: `policy ledger prove ENTRY`."
    if report.scope.paths:
        yield "Check out the revision that was judged, for what was made for this report is on no record."
    yield f"Make the report again and compare the files byte for byte: `{say_command(report, 'html=again.html')}`."


def _write_verification(report: AuditReport) -> Html:
    ledger = report.ledger
    pairs = []
    if ledger is not None:
        checkpoint = ledger.checkpoint
        note = element("pre", checkpoint.note) if checkpoint else "none: nothing vouches for the ledger from outside"
        pairs = [
            ("Ledger", join((ledger.name, " ", code(ledger.id)))),
            ("Entries", f"{ledger.size:,}"),
            ("Root", code(ledger.root)),
            ("Chain", code(ledger.chain)),
            ("Newest checkpoint", join((f"of {checkpoint.size:,} entries", note)) if checkpoint else note),
        ]
    return element(
        "section",
        element("h2", "How to verify this report", id="verify"),
        element("p", "No network is needed for any of it."),
        element("ol", *(element("li", write_prose(step)) for step in list_steps(report))),
        terms(pairs, class_="record") if pairs else "",
        class_="verify",
    )


def _write_limits() -> Html:
    return element(
        "section", element("h2", "What this report does not prove", id="limits"), items(LIMITS), class_="limits"
    )


def _write_sign_off() -> Html:
    rows = [(role, "", "", "") for role in ROLES]
    return element(
        "section",
        element("h2", "Sign-off", id="sign-off"),
        table("To be filled in on paper", ("Role", "Name", "Date", "Signature"), rows),
        class_="sign-off",
    )
