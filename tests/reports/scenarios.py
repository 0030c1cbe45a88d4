"""Decisions of every sort, made by the engine from policies and manifests as users write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from policy.app.approvals.approved import keep_back, note_approved
from policy.model.approval import Approval
from policy.model.decision import Decision, Subject
from policy.model.policy import GateSettings, Policy, PolicySet
from policy.model.summary import Summary
from policy.model.waiver import Waiver
from policy.records.requests.standing import Grant
from policy.reports.reporter import ReportContext
from tests.building import decide, make_facts, make_policy

FOLDER = "projects/tone"
MANIFEST = f"{FOLDER}/ml-manifest.yaml"
CONFIG = f"{FOLDER}/train/axolotl.yaml"

VOLATILE = make_policy(
    """\
policy: volatile-data
title: Do not fine-tune on data that changes often
severity: critical
when: {approach: [fine-tuning, hybrid]}
require:
  data.change_interval: {at_least: {param: shortest_interval}}
params:
  shortest_interval: {default: 30d, about: How long the training data must stay valid}
effect: {commit: flag, default: block}
instead: [rag]
fix: Serve the changing part from retrieval and train only on what stays valid for {shortest_interval}.
""",
    "catalogue/fine-tuning/volatile-data.yaml",
)
CITATIONS = make_policy(
    """\
policy: citations-required
title: Retrieve documents where answers must cite their sources
severity: high
when: {approach: fine-tuning}
require:
  any:
    - needs.citations: false
    - retrieval.planned: true
effect: hold
instead: [rag, hybrid]
fix: Retrieve the documents that answers rest on.
""",
    "policies/citations.yaml",
)
ROWS = make_policy(
    """\
policy: few-examples
title: Have enough examples before fine-tuning
severity: medium
when: {approach: fine-tuning}
require: {data.rows: {at_least: 1000}}
effect: flag
instead: [prompt-engineering]
fix: Compare a well-made prompt on the same test set first.
""",
    "catalogue/fine-tuning/few-examples.yaml",
)
STYLE = make_policy(
    """\
policy: style-measured
title: Measure style where style is the purpose
severity: low
when: {approach: fine-tuning, purpose: {contains: style}}
require: {evaluation.style_metric: true}
effect: advise
""",
    "catalogue/fine-tuning/style-measured.yaml",
)
LICENSES = make_policy(
    """\
policy: data-licenses
title: Every training source names its licence
severity: high
require:
  data.sources: {each: {where: {split: train}, require: {license: {one_of: [apache-2.0, mit]}}}}
effect: block
fix: Name the licence of every source, or leave the source out.
""",
    "policies/licenses.yaml",
)
MODELS = make_policy(
    """\
policy: approved-models
title: Use an approved base model
severity: medium
require: {model.base: {one_of: {param: models}}}
params: {models: {about: Base models that anyone may use}}
effect: block
""",
    "catalogue/models/approved-models.yaml",
)
AGREEMENT = make_policy(
    """\
policy: evidence-agrees
title: The manifest and the evidence agree
severity: high
require: {evidence.contradictions: 0}
effect: flag
fix: Correct the one that is wrong.
""",
    "catalogue/evidence/evidence-agrees.yaml",
)
LICENSE = make_policy(
    """\
policy: license-known
title: Know what the licence of the base model allows
severity: high
require: {model.license: {one_of: [apache-2.0, mit]}}
effect: hold
on_unknown: same
""",
    "policies/license.yaml",
)
POLICIES = (VOLATILE, CITATIONS, ROWS, STYLE)

TONE = """\
manifest: 1
project: support-reply-tone
approach: fine-tuning
purpose: [style]
needs: {citations: true}
data:
  change_interval: 7d
  rows: 400
retrieval: {planned: false}
evaluation: {style_metric: true}
"""
GOOD = TONE.replace("7d", "90d").replace("400", "4000").replace("citations: true", "citations: false")


class Scenario(NamedTuple):
    """A decision, the files behind it, and the policies that made it."""

    decision: Decision
    files: Mapping[str, str]
    policies: tuple[Policy, ...]

    def context(self, *, colour: bool = False, fail_on: str = "block") -> ReportContext:
        """What a report may look at."""
        return ReportContext(
            policy_set=PolicySet(self.policies),
            policies={policy.id: policy for policy in self.policies},
            gate=self.decision.gate,
            fail_on=fail_on,
            show_path=lambda path: path,
            read_source=self.files.get,
            colour=colour,
        )

    def summary(self) -> Summary:
        """The counts of this one decision."""
        summary = Summary()
        summary.count(self.decision)
        return summary


def _judge(manifest: str, policies: tuple[Policy, ...] = POLICIES, **settings: object) -> Scenario:
    facts = make_facts(manifest, file=MANIFEST)
    return Scenario(decide(policies, facts, **settings), {MANIFEST: manifest}, policies)  # type: ignore[arg-type]


def block() -> Scenario:
    return _judge(TONE)


def hold() -> Scenario:
    return _judge(TONE.replace("7d", "90d"), gate="release", has_ledger=True)


def approved() -> Scenario:
    """A failure and an unknown outcome that would hold, and two who let them pass."""
    manifest, policies = TONE.replace("7d", "90d"), (*POLICIES, LICENSE)
    facts = make_facts(manifest, file=MANIFEST)
    held = decide(policies, facts, gate="release", has_ledger=True)
    until = datetime(2026, 12, 21, 9, 30, tzinfo=UTC)
    grants = [
        Grant(Approval(by, "os:dave@desk", "release", held.stake, until), "r-gm6sylgi", overridden=False, decided="")
        for by in ("os:alice@desk", "os:bob@desk")
    ]
    given = tuple(grant.approval for grant in grants)
    passed = decide(policies, facts, gate="release", has_ledger=True, approvals=given)
    return Scenario(keep_back(note_approved(passed, grants)), {MANIFEST: manifest}, policies)


def flag() -> Scenario:
    return _judge(GOOD.replace("4000", "400"))


def allow() -> Scenario:
    return _judge(GOOD)


def allow_with_gaps() -> Scenario:
    manifest = "project: support-reply-tone\napproach: fine-tuning\n"
    return _judge(manifest, (ROWS, STYLE, MODELS))


def observe() -> Scenario:
    return _judge(TONE, gates={"check": GateSettings(mode="observe")})


def flag_mode() -> Scenario:
    return _judge(TONE, modes={"volatile-data": "flag", "few-examples": "observe"})


def waived() -> Scenario:
    waiver = Waiver("volatile-data", "support-*", "the old data is kept", date(2026, 12, 31), owner="support-ml")
    return _judge(TONE, waivers=(waiver,))


def unknown() -> Scenario:
    manifest = "project: support-reply-tone\napproach: fine-tuning\ndata: {rows: 4000}\n"
    return _judge(manifest, (VOLATILE, CITATIONS, STYLE, _strict(ROWS.id)), gate="release", has_ledger=True)


def _strict(name: str) -> Policy:
    return make_policy(
        f"""\
policy: {name}
title: Say what was tried
severity: high
require: {{tried: {{some: {{approach: few-shot}}}}}}
effect: block
on_unknown: same
instead: [few-shot]
fix: Record a few-shot result under `tried`.
""",
        "policies/tried.yaml",
    )


def undeclared() -> Scenario:
    config = "approach: fine-tuning\ndata: {rows: 50}\nmanifest: {present: false}\n"
    facts = make_facts(observed=config, observed_file=CONFIG, subject=Subject("tone", None, CONFIG))
    return Scenario(decide(POLICIES, facts), {CONFIG: config}, POLICIES)


def contradiction() -> Scenario:
    manifest, config = GOOD, "training: {epochs: 3}\ndata:\n  rows: 380\n"
    facts = make_facts(manifest, file=MANIFEST, observed=config, observed_file=CONFIG)
    policies = (ROWS, AGREEMENT)
    return Scenario(decide(policies, facts), {MANIFEST: manifest, CONFIG: config}, policies)


def entries() -> Scenario:
    manifest = """\
project: support-reply-tone
data:
  sources:
    - {path: a.jsonl, split: train, license: mit}
    - {path: b.jsonl, split: train, license: cc-by-nc-4.0}
    - {path: c.jsonl, split: train, license: proprietary}
"""
    return _judge(manifest, (LICENSES,))


def none_applies() -> Scenario:
    return _judge("project: search\napproach: rag\n", (VOLATILE, ROWS))


def error() -> Scenario:
    facts = make_facts(TONE, file=MANIFEST, faults={"data.rows": "the predicate `rows` was ended after 10 seconds"})
    return Scenario(decide((ROWS, VOLATILE), facts), {MANIFEST: TONE}, (ROWS, VOLATILE))


def hostile() -> Scenario:
    name = '"\\e[31mred\\nblock: \\u202Eevil\\u202C\\x07 \\e]8;;https://example.com\\e\\\\"'
    manifest = f"project: {name}\napproach: fine-tuning\nmodel: {{base: {name}}}\n"
    policy = make_policy("policy: plain-base\nrequire: {model.base: plain}\neffect: block\n")
    return _judge(manifest, (policy,))


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        block,
        hold,
        approved,
        flag,
        allow,
        allow_with_gaps,
        observe,
        flag_mode,
        waived,
        unknown,
        undeclared,
        contradiction,
        entries,
        none_applies,
        error,
        hostile,
    )
}
