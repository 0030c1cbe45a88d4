"""How a reader checks this page without trusting it, what it does not prove, and where to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.__about__ import __version__
from policy.reports.html.markup import Html, code, element, items, table, write_prose

if TYPE_CHECKING:
    from policy.reports.reporter import ReportContext

EQUAL = (
    "Where they are equal, so are the policies, facts, waivers, dated tables and engine, and with them the verdict. "
    "Where not, `policy_set`, `subject`, `evidence`, `waivers` or `tables` tells which input is another one."
)
LIMITS = (
    "That a declared fact is true. Declared is what a manifest says; observed is what was read from the evidence.",
    "That what could not be assessed is in order: unknown, errored and not applicable are not passes.",
    "That what was judged is what is trained or released later: a decision speaks of the files that were there.",
    "That the policies are the right ones, or all that law or your organisation asks for.",
    "That everything was looked at: only the paths that the run was given, without what git ignores.",
    "Who made this file. It is not signed and can be edited; the digests show that only to who judges again.",
)


def write_verification(context: ReportContext) -> Html:
    """The way to the same bytes, without a network."""
    steps = (
        "Check out the revision that was judged, with the policy set and the evidence files it had.",
        f"Install tunegate {__version__}: another version is another engine and gives other digests.",
        "Under a project, open “Every outcome, and what this decision rests on”.",
        "Run its command from the root of the repository. Only evaluation runs on a tracking server need a network.",
        f"Compare `id` and `basis` in what it prints with the digests here. {EQUAL}",
    )
    again = code(f"policy check --gate {context.gate} --effective-time TIME --output html=report.html")
    return element(
        "section",
        element("h2", "How to verify this report", id="verify"),
        element("ol", *(element("li", write_prose(step)) for step in steps)),
        element(
            "p",
            "The whole report comes out byte for byte the same with ",
            again,
            ", with the paths and options of the run and its time.",
        ),
        class_="verify",
    )


def write_limits() -> Html:
    """What a reader must not conclude."""
    return element(
        "section",
        element("h2", "What this report does not prove", id="limits"),
        items(LIMITS),
        class_="limits",
    )


def write_sign_off() -> Html:
    """Lines to fill in on paper."""
    rows = [(role, "", "", "") for role in ("Prepared by", "Reviewed by", "Accepted by")]
    return element(
        "section",
        element("h2", "Sign-off"),
        table("To be filled in on paper", ("Role", "Name", "Date", "Signature"), rows),
        class_="sign-off",
    )
