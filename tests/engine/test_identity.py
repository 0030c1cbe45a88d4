"""Same inputs, same decision, byte for byte; whatever can change a decision changes its id, and nothing else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.engine import judges, recording
from policy.engine.judge import judge
from policy.language.identity import digest_policy_set, encode_policy
from policy.model.approval import Approval
from policy.model.canonical import digest
from policy.model.decision import Decision, Subject
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import INTEGER, STRING, enum
from policy.model.policy import GateSettings, Policy, PolicySet
from policy.model.schema import Field
from policy.model.waiver import Waiver
from policy.reports.json_report import decision_document
from tests.building import NOW, make_facts, make_policy
from tests.strategies import situations

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "identity.json"

POLICIES = (
    make_policy(
        """\
policy: volatile-data
title: Do not fine-tune on data that changes often
severity: critical
when: {approach: [fine-tuning, hybrid], run.activity: training}
require: {data.change_interval: {at_least: {param: shortest}}}
params: {shortest: {default: 30d, about: How long the data must stay valid}}
effect: {commit: flag, default: block}
instead: [rag]
fix: Wait {shortest}.
"""
    ),
    make_policy(
        """\
policy: tried-first
title: Try first
severity: medium
when: {purpose: {contains_none: [latency, knowledge]}}
require:
  tried: {count: {where: {approach: [few-shot, rag], sufficient: {not_equals: true}}, at_least: 1}}
  data.sources: {each: {where: {split: train}, require: {license: {present: true}}}, some: {split: train}}
effect: hold
on_unknown: same
"""
    ),
    make_policy(
        """\
policy: within-budget
title: Stay within the budget
severity: low
require:
  any:
    - cost.run: {at_most: {field: budget.per_run}}
    - {cost.run: {at_most: {param: least}}, training.epochs: {less_than: 0.5}}
    - not: {model.retires: {less_than: {now: -30d}}, model.base: {matches: 'Qwen/.*'}}
params: {least: {default: 12.50 USD, about: What needs no budget}}
observed: [cost.run]
effect: flag
"""
    ),
)
DECLARED = """\
project: reply-tone
approach: fine-tuning
purpose: [style, task-pattern]
data: {change_interval: 7d, sources: [{path: data/train.jsonl, license: mit, split: train}, {path: b.jsonl}]}
training: {epochs: 2.5, config: train/a.yaml}
tried: [{approach: few-shot, results: evals/few.json, score: 0.25, sufficient: false}, {approach: rag, run: r1}]
budget: {per_run: 1000 USD}
"""
OBSERVED = """\
approach: fine-tuning
cost.run: 12.75 USD
data.rows: 1234
model: {remote_code: false, base: Qwen/é, revision: a09a354}
tried: [{results: evals/few.json, score: 0.2500001}]
"""
WAIVERS = (
    Waiver("volatile-data", "reply-*", "moving", date(2027, 1, 1)),
    Waiver("other", "*", "none", date(2027, 1, 1)),
)
APPROVAL = Approval("ann@example.com", "bob@example.com", "run", "sha256:0")
GATES = {"ci": GateSettings(mode="flag")}


def make_set(policies: tuple[Policy, ...] = POLICIES, **settings: Any) -> PolicySet:
    given = {"name": "acme", "params": {"volatile-data.shortest": 86_400_000}, "gates": GATES, "has_ledger": True}
    return PolicySet(policies, **{**given, **settings})


def make_subject(declared: str = DECLARED, observed: str = OBSERVED, reason: str = "timed out") -> Facts:
    return make_facts(
        declared,
        observed=observed,
        file="ml-manifest.yaml",
        observed_file="train/a.yaml",
        source="training config",
        subject=Subject("reply-tone", "ml-manifest.yaml", "train/a.yaml"),
        unavailable={"data.secrets": reason},
    )


def make_decision(policy_set: PolicySet | None = None, facts: Facts | None = None, **changes: Any) -> Decision:
    inputs = {"gate": "run", "now": NOW, "waivers": WAIVERS, "approvals": (APPROVAL,), **changes}
    return judge(policy_set or make_set(), facts or make_subject(), **inputs)


def to_bytes(decision: Decision) -> bytes:
    return json.dumps(decision, ensure_ascii=False).encode()


# Reproducibility


@given(situations())
def test_the_same_inputs_give_the_same_bytes(situation):
    policy, _, facts, today = situation
    now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    again = Facts(facts.claims, unavailable=dict(reversed(facts.unavailable.items())))
    first, second = (judge(PolicySet((policy,)), known, gate="run", now=now) for known in (facts, again))
    assert to_bytes(first) == to_bytes(second)


@given(st.lists(situations(), min_size=1, max_size=3), st.integers(0, 4))
def test_it_does_not_matter_what_was_judged_before(several, walks):
    """The interpreter takes the first steps, compiled functions those that follow."""
    policies = tuple(
        Policy(
            f"policy-{number}",
            "Generated",
            "low",
            one.policy.require,
            one.policy.when,
            one.policy.params,
            {"run": "hold"},
        )
        for number, one in enumerate(several)
    )
    policy_set = PolicySet(policies)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "WALKS", walks)
        decisions = [judge(policy_set, several[0].facts, gate="run", now=NOW) for _ in range(walks + 2)]
    assert len(set(map(to_bytes, decisions))) == 1


PROGRAM = """
from tests.engine.test_identity import make_decision, to_bytes
from hashlib import sha256
print(sha256(to_bytes(make_decision())).hexdigest())
"""


def test_hash_seeds_and_locale_do_not_matter(tmp_path):
    def run(seed: str, zone: str) -> str:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        return subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    digests = {run("0", "UTC"), run("1", "Asia/Tokyo"), run("4242", "America/New_York")}
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


# What changes an id


def swap_lists(declared: str) -> str:
    return declared.replace("[style, task-pattern]", "[task-pattern, style]")


SAME: dict[str, Callable[[], Decision]] = {
    "nothing": make_decision,
    "the order of policies": lambda: make_decision(make_set(POLICIES[::-1])),
    "the order of claims": lambda: make_decision(facts=reorder(make_subject())),
    "the order of a list": lambda: make_decision(facts=make_subject(swap_lists(DECLARED))),
    "the order of waivers": lambda: make_decision(waivers=WAIVERS[::-1]),
    "what is final, and where settings stand": lambda: make_decision(
        make_set(final=frozenset({"tried-first"}), layers=("policy.yaml",))
    ),
    "the policy set's name": lambda: make_decision(make_set(name="other")),
    "the same moment in another time zone": lambda: make_decision(
        now=datetime.fromisoformat("2026-11-20T09:00:00+09:00")
    ),
    "where a policy stands": lambda: make_decision(make_set((move(POLICIES[0]), *POLICIES[1:]))),
    "why a policy is there": lambda: make_decision(make_set((annotate(POLICIES[0]), *POLICIES[1:]))),
}


def reorder(facts: Facts) -> Facts:
    return Facts(facts.claims[::-1], facts.schema, facts.subject, facts.unavailable)


def change(policy: Policy, **changes: Any) -> Policy:
    return Policy(**{**{name: getattr(policy, name) for name in policy._fields}, **changes})


def move(policy: Policy) -> Policy:
    return change(policy, location=None, require_location=None)


def annotate(policy: Policy) -> Policy:
    return change(policy, because="Another.", references=("A guide",), controls={"x": ("1",)}, area="other", cases=())


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_what_does_not_change_an_id(make):
    decision = make()
    assert (decision.id, decision.basis) == (make_decision().id, make_decision().basis)
    # One id, one document: what a decision is kept as is the same byte for byte.
    assert json.dumps(decision_document(decision)) == json.dumps(decision_document(make_decision()))


# What is changed, and which digests of the decision change with the id.
CHANGED: dict[str, tuple[Callable[[], Decision], set[str]]] = {
    "the gate": (lambda: make_decision(gate="release"), set()),
    "the time": (lambda: make_decision(now=NOW + timedelta(seconds=1)), set()),
    "an approval more": (lambda: make_decision(approvals=()), {"approvals"}),
    "another approver": (lambda: make_decision(approvals=(APPROVAL._replace(by="eve"),)), {"approvals"}),
    "a waiver less": (lambda: make_decision(waivers=WAIVERS[:1]), {"basis", "waivers"}),
    "a waiver's reason": (
        lambda: make_decision(waivers=(WAIVERS[0]._replace(reason="none"), WAIVERS[1])),
        {"basis", "waivers"},
    ),
    "a declared fact": (
        lambda: make_decision(facts=make_subject(DECLARED.replace("7d", "8d"))),
        {"basis", "subject_digest"},
    ),
    "where a declared fact stands": (
        lambda: make_decision(facts=make_subject(f"# A comment\n{DECLARED}")),
        {"basis", "subject_digest"},
    ),
    "an observed fact": (
        lambda: make_decision(facts=make_subject(observed=OBSERVED.replace("1234", "1235"))),
        {"basis", "evidence"},
    ),
    "where an observed fact stands": (
        lambda: make_decision(facts=make_subject(observed=f"\n{OBSERVED}")),
        {"basis", "evidence"},
    ),
    "what told a fact": (lambda: make_decision(facts=retell(source="git history")), {"basis", "evidence"}),
    "the digest of what told a fact": (lambda: make_decision(facts=retell(digest="sha256:1")), {"basis", "evidence"}),
    "where a fact comes from": (
        lambda: make_decision(facts=retell(origin="attested")),
        {"basis", "evidence"},
    ),
    "why evidence is not there": (
        lambda: make_decision(facts=make_subject(reason="lost")),
        {"basis", "evidence"},
    ),
    "the subject": (
        lambda: make_decision(facts=rename(make_subject())),
        {"basis", "subject_digest"},
    ),
    "a policy less": (lambda: make_decision(make_set(POLICIES[:2])), {"basis", "policy_set"}),
    "a parameter": (lambda: make_decision(make_set(params={})), {"basis", "policy_set"}),
    "a gate's mode": (lambda: make_decision(make_set(gates={})), {"basis", "policy_set"}),
    "a policy's mode": (lambda: make_decision(make_set(modes={"tried-first": "flag"})), {"basis", "policy_set"}),
    "an effect": (lambda: make_decision(make_set(effects={"tried-first": {"run": "flag"}})), {"basis", "policy_set"}),
    "what an unknown outcome does": (
        lambda: make_decision(make_set(on_unknown={"tried-first": "flag"})),
        {"basis", "policy_set"},
    ),
    "the day from which a policy acts": (
        lambda: make_decision(make_set(starts={"tried-first": date(2027, 1, 1)})),
        {"basis", "policy_set"},
    ),
    "a later day": (
        lambda: make_decision(make_set(starts={"volatile-data": date(2020, 1, 1)})),
        {"basis", "policy_set"},
    ),
    "the ledger": (lambda: make_decision(make_set(has_ledger=False)), {"basis", "policy_set"}),
}


def retell(**changes: Any) -> Facts:
    facts = make_subject()
    claims = [claim._replace(**changes) if claim.path == "data.rows" else claim for claim in facts.claims]
    return Facts(claims, facts.schema, facts.subject, facts.unavailable)


def rename(facts: Facts) -> Facts:
    return Facts(
        facts.claims, facts.schema, facts.subject._replace(manifest="other/ml-manifest.yaml"), facts.unavailable
    )


DIGESTS = ("basis", "policy_set", "subject_digest", "evidence", "waivers", "approvals", "tables")


@pytest.mark.parametrize(("make", "expected"), CHANGED.values(), ids=CHANGED)
def test_what_changes_an_id(make, expected):
    before, after = make_decision(), make()
    assert after.id != before.id
    assert {name for name in DIGESTS if getattr(after, name) != getattr(before, name)} == expected


POLICY = """\
policy: example
when: {approach: rag}
require: {data.rows: {at_least: {param: fewest}}, stage: [pilot, production]}
params: {fewest: {default: 50, about: The fewest}}
severity: low
title: Example
effect: flag
fix: Add rows.
"""
EDITS = [
    ("approach: rag", "approach: hybrid"),
    ("at_least", "more_than"),
    ("default: 50", "default: 51"),
    ("fewest", "least"),
    ("[pilot, production]", "[pilot]"),
    ("severity: low", "severity: high"),
    ("title: Example", "title: Another"),
    ("effect: flag", "effect: {run: flag}"),
    ("fix: Add rows.", "fix: Add examples."),
    ("fix:", "on_unknown: same\nfix:"),
    ("fix:", "observed: [data.rows]\nfix:"),
    ("fix:", "instead: [rag]\nfix:"),
    ("require: {data.rows", "require: {approach: rag, data.rows"),
]


@pytest.mark.parametrize(("old", "new"), EDITS, ids=[new for _, new in EDITS])
def test_what_changes_the_digest_of_a_policy(old, new):
    assert digest(encode_policy(make_policy(POLICY.replace(old, new)))) != digest(encode_policy(make_policy(POLICY)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[pilot, production]", "[production, pilot]"),
        ("[pilot, production]", "{one_of: [pilot, production]}"),
        ("default: 50,", "default: 5.0e1,"),
        ("about: The fewest", "about: Another"),
        ("fix: Add rows.", "fix: >\n  Add\n  rows."),
        ("policy:", "# A comment\npolicy:"),
    ],
)
def test_what_does_not_change_the_digest_of_a_policy(old, new):
    assert digest(encode_policy(make_policy(POLICY.replace(old, new)))) == digest(encode_policy(make_policy(POLICY)))


def test_what_an_organisations_field_is_is_part_of_the_policy_set():
    def make(field: Field) -> str:
        return digest_policy_set(make_set(schema=SCHEMA.extended((field,))))

    field = Field("x.size", INTEGER, "its size")
    kinds = (STRING, enum("a", "b"), enum("a"))
    others: list[dict[str, Any]] = [*({"kind": kind} for kind in kinds), {"agree": "any"}, {"about": "another"}]
    digests = {make(field), digest_policy_set(make_set()), *(make(field._replace(**other)) for other in others)}
    assert len(digests) == len(others) + 2


# Digests that were published must stay what they are


def make_digests() -> dict[str, Any]:
    decision = make_decision()
    return {
        "policies": {policy.id: digest(encode_policy(policy)) for policy in POLICIES},
        "decision": {name: getattr(decision, name) for name in ("id", *DIGESTS, "stake")},
    }


def test_this_version_has_its_digests_kept(request):
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))
    if request.config.getoption("--refresh") and recording.ENGINE not in kept:
        kept[recording.ENGINE] = make_digests()
        GOLDEN.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    assert recording.ENGINE in kept, "a new version: keep its digests with `pytest --refresh`"


@pytest.mark.parametrize("version", json.loads(GOLDEN.read_text(encoding="utf-8")))
def test_digests_stay_what_they_were(version, monkeypatch):
    """A difference breaks every approval and the replay of every decision that is on record."""
    monkeypatch.setattr(recording, "ENGINE", version)
    assert make_digests() == json.loads(GOLDEN.read_text(encoding="utf-8"))[version]
