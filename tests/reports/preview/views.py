"""A preview in which everything happens, for the forms to show."""

from __future__ import annotations

from collections import Counter

from policy.errors import Problem
from policy.model.decision import Subject
from policy.model.preview import (
    Owner,
    PolicyPreview,
    Preview,
    Previewed,
    ProjectPreview,
    Standing,
    Tally,
)
from policy.model.set_changes import Responsible, VerdictCounts
from policy.reports.diff.view import SideView
from policy.reports.preview.view import PreviewContext

DIGEST = "sha256:" + "0" * 64
CONTEXT = PreviewContext(
    SideView("NEW_SET", "main", "main (1a2b3c4d5e)", "1a2b3c4d5e" * 4, "policy.yaml", DIGEST),
    "acme",
    "0123456789abcdef" * 2,
    "2026-08-22T12:00:00Z",
    "2026-11-20T12:00:01Z",
    "2026-11-20T12:00:00Z",
)
SEARCH, NOBODY, CONTACT = Owner("search-ml", "search-ml@example.com"), Owner(), Owner("", "jane@example.com")
MANIFEST = "a/ml-manifest.yaml"


def make_previewed(entry: int, project: str, old: str, new: str, owner: Owner, config: str | None = None) -> Previewed:
    """A decision about a project."""
    policies = ("few-examples",) if new != "allow" else ()
    digest = f"sha256:{entry:064x}"
    time = f"2026-11-{entry:02}T10:00:00Z"
    return Previewed(digest, entry, time, "ci", Subject(project, MANIFEST, config), owner, old, new, policies)


CHANGES = (
    make_previewed(20, "pricing", "flag", "block", SEARCH),
    make_previewed(19, "pricing", "allow", "block", SEARCH, "train/a.yaml"),
    make_previewed(18, "triage", "allow", "hold", NOBODY),
    make_previewed(17, "tone", "hold", "allow", CONTACT),
    make_previewed(3, "early", "block", "flag", NOBODY),
)
PROJECTS = (
    ProjectPreview(
        "pricing",
        "blocked",
        SEARCH,
        (
            Standing(
                CHANGES[0],
                12,
                10,
                1,
                (
                    Responsible("few-examples", "fail", "fail", "would block", "block"),
                    Responsible("new-one", None, "unknown", None, "flag"),
                ),
            ),
            Standing(CHANGES[1], 1, 1, 0, None),
        ),
    ),
    ProjectPreview("triage", "held", NOBODY, (Standing(CHANGES[2], 1, 1, 0),)),
    ProjectPreview("tone", "freed", CONTACT, (Standing(CHANGES[3], 1_000, 0, 900),)),
    ProjectPreview(
        "early",
        "same",
        NOBODY,
        (Standing(make_previewed(16, "early", "flag", "flag", NOBODY), 2, 0, 1),),
    ),
)


def make_policy(name: str, **parts: object) -> PolicyPreview:
    """A policy that does nothing but for what is given."""
    nothing = {"block": 0, "hold": 0, "flag": 0}
    idle = PolicyPreview(name, "A title", "enforce", None, Tally(*make_counts()), 0, 40, nothing, (), ())
    return idle._replace(**parts)  # type: ignore[arg-type]


def make_counts(**outcomes: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """What came out in 340 decisions, and nothing that is done."""
    return Counter({"pass": 340 - sum(outcomes.values()), **outcomes}), Counter(), Counter()


POLICIES = (
    make_policy(
        "few-examples",
        decisions=Tally(Counter({"fail": 12, "unknown": 20, "waived": 1, "pass": 307}), Counter(block=12), Counter()),
        newly=10,
        concerned={"block": 3, "hold": 0, "flag": 0},
        owners=(("search-ml", 2), ("", 1)),
        missing=(("data.rows", 20), ("data.sources", 3)),
    ),
    make_policy(
        "new-one",
        mode="observe",
        starts="2027-01-01",
        decisions=Tally(Counter({"fail": 40, "pass": 300}), Counter(flag=1), Counter(block=33, hold=6)),
        concerned={"block": 1, "hold": 1, "flag": 0},
        owners=tuple((f"team-{number}", 1) for number in range(9)),
    ),
    make_policy("quiet"),
    make_policy("past", decisions=Tally(Counter({"fail": 2, "pass": 338}), Counter(hold=2), Counter())),
)
PROBLEMS = (Problem("something is odd", level="warning"),)


def count() -> VerdictCounts:
    """How 340 decisions came out."""
    counts = VerdictCounts()
    pairs = {("flag", "block"): 10, ("allow", "hold"): 1, ("hold", "allow"): 900, ("block", "flag"): 1}
    counts.transitions.update({**pairs, ("allow", "allow"): 328})
    return counts


PREVIEW = Preview(
    count(),
    PROJECTS,
    {"blocked": 1, "held": 1, "flagged": 0, "freed": 1, "same": 37},
    POLICIES,
    {"the recorded facts were erased": 2, "for other reasons": 1},
    4,
)
EMPTY = Preview(VerdictCounts(), (), dict.fromkeys(("blocked", "held", "flagged", "freed", "same"), 0), (), {}, 0)
