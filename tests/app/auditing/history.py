"""A quarter in the life of a ledger: decisions, waivers, approvals, and a policy set that changes, by our own clock."""

from __future__ import annotations

import atexit
import itertools
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock

from policy.app.approvals.desk import find_request_terms
from policy.app.approvals.holding import ask_for_approval, find_approvals, find_settings
from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.period import read_period
from policy.app.ledgers.locating import Place
from policy.app.recording.recorder import Recorder
from policy.app.recording.writing import Writer
from policy.app.subjects import build_subjects
from policy.app.workspace import Workspace, open_workspace
from policy.loading.discovery import Item, discover
from policy.model.audit import AuditReport, Scope
from policy.model.decision import Decision
from policy.model.mlflow_settings import Binding, MlflowSettings
from policy.records import ledger as ledgers
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import break_glass, review
from policy.records.requests.queries import find_row
from policy.records.requests.voting import Ballot, vote
from policy.records.runs.recording import record_run
from policy.records.runs.rows import RunRow
from policy.records.server_settings import record_settings
from policy.records.settings_comparison import describe_settings

POLICIES = {
    "lasting-data": """\
policy: lasting-data
title: Do not fine-tune on data that changes often
severity: critical
when: {approach: fine-tuning}
require: {data.change_interval: {at_least: {param: shortest}}}
params: {shortest: {default: 30d, about: How long data must stay valid}}
effect: {default: block}
because: A model must be trained again whenever its data changes.
fix: Serve the changing part from retrieval.
instead: [rag]
controls: {nist-ai-rmf: [MANAGE 2.2], eu-ai-act: [Art. 10], iso-42001: [A.7.2]}
""",
    "owner-named": """\
policy: owner-named
title: Name a team that answers for it
severity: high
require: {owner.team: {present: true}}
effect: {default: flag}
on_unknown: same
because: Somebody has to answer.
fix: Add `owner`.
controls: {nist-ai-rmf: [GOVERN 2.1], iso-42001: [A.6.2.2]}
""",
    "human-oversight": """\
policy: human-oversight
title: Let a person look before it reaches customers
severity: high
when: {system.users: customers}
require: {system.human_oversight: true}
effect: {default: hold}
because: Customers cannot tell a wrong answer from a right one.
fix: Let somebody approve answers.
controls: {eu-ai-act: [Art. 14], acme-rules: [R-7]}
""",
    "revision-pinned": """\
policy: revision-pinned
title: Pin the base model to a revision
severity: medium
when: {approach: fine-tuning}
require: {model.revision: {present: true}}
effect: {release: block}
because: What is loaded must be what was judged.
fix: Name the commit.
controls: {iso-42001: [A.10.3]}
""",
    "rate-known": """\
policy: rate-known
title: Know how often rows repeat
severity: low
when: {approach: fine-tuning}
require: {data.duplicate_rate: {at_most: 0.05}}
effect: {default: flag}
because: Repeated rows are learned by heart.
fix: Remove them.
controls: {eu-ai-act: [Art. 10]}
""",
}
SET = """\
policy_set: 1
name: acme
policies: [./policies]
ledger: sqlite:///ledger.db
params: {lasting-data.shortest: 14d}
waivers: [waivers.yaml]
waiver_rules: {approvers: {default: [lee]}, longest: 300d}
approvals:
  roles: {risk: [lee, mo], on-call: [sam]}
  rules: [{roles: [risk]}]
  break_glass: {roles: [on-call], longest: 4h}
"""
WAIVERS = """\
waivers: 1
entries:
  - {policy: lasting-data, subject: price-*, reason: the list moves to retrieval in October, owner: sales-tools,
     compensating_control: prices are checked weekly, ticket: ML-123, requested_by: kim, requested_on: 2026-07-20,
     approved_by: lee, approved_on: 2026-07-21, expires: 2026-09-30}
  - {policy: rate-known, subject: reply-tone, reason: counted by hand, owner: support-ml, requested_by: kim,
     requested_on: 2026-09-01, approved_by: lee, approved_on: 2026-09-02, expires: 2026-11-01}
"""
CONFIG = "base_model: org/other\ndatasets:\n  - {path: data/train.jsonl, type: alpaca}\n"
# Before anything stands in its place.
OPEN = ledgers.open_ledger
ROWS = '{"instruction": "a", "output": "b"}\n'


def normalise(text: str) -> str:
    """A report without what is another on every machine, or in every version."""
    text = re.sub(r"sqlite://[^\s\"`]*/ledger\.db", "sqlite:///ledger.db", text)
    text = re.sub(r"\b([0-9a-f]{64}|[0-9a-f]{32})\b", "HEX", text)
    text = re.sub(r"\b([pr])-([a-z2-7]{26}|[a-z2-7]{8})(?=[\s\"`,;)])", r"\1-ID", text)
    return re.sub(r"tunegate \d[\w.+]*", "tunegate VERSION", text)


def write_manifest(project: str, team: str = "", **fields: str) -> str:
    """A manifest of a fine-tuning project; `system` and `more` are lines of YAML."""
    owner = f"owner: {{team: {team}, contact: {team}@example.com}}\n" if team else ""
    more = "".join(f"{line}\n" for line in fields.values())
    return f"manifest: 1\nproject: {project}\napproach: fine-tuning\n{owner}{more}"


class History:
    """Writes a ledger in a folder; its clock is ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = datetime(2026, 8, 3, 9, tzinfo=UTC)
        self.url = f"sqlite:///{folder}/ledger.db"
        ledgers.open_ledger(self.url, now=lambda: self.now).close()

    @property
    def root(self) -> Path:
        """Where projects are."""
        return self.folder / "projects"

    def write(self, files: Mapping[str, str]) -> None:
        """Files of the projects or of the policy set."""
        for name, text in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def open(self) -> ledgers.Ledger:
        """The ledger, by our clock."""
        return OPEN(self.url, create=False, now=lambda: self.now)

    def judge(self, *paths: str, gate: str = "ci", after: timedelta = timedelta(days=1)) -> list[Decision]:
        """Judge projects some time after what was before, and record it."""
        self.now += after
        workspace = self.open_workspace()
        recorder = Recorder(workspace.policy_set, gate, self.now)
        waiving = workspace.policy_set.waiving
        # As if they were approved: no repository is here that could show it.
        waivers = [entry.waiver for entry in waiving.entries] if waiving is not None else []
        made = []
        for item in self.find_items(*paths):
            for facts in build_subjects(workspace, item, self.now.date()).facts:
                decision = recorder.judge(
                    facts, [one for one in waivers if fnmatch(facts.subject.project, one.subject)]
                )
                recorder.note(decision)
                made.append(decision)
        settings = workspace.policy_set.ledger
        assert settings is not None
        with mock.patch.object(ledgers, "open_ledger", return_value=self.open()):
            writer = Writer(workspace, settings, gate)
            writer.add(recorder.take())
            counts = writer.finish()
        assert (counts.recorded, counts.lost) == (len(made), 0), counts.problems
        assert made
        return made

    def find_items(self, *folders: str) -> list[Item]:
        """The projects in some folders, or all."""
        with chdir(self.root):
            found = discover(["."])[0].items
        return [item for item in found if not folders or Path(item.manifest or "").parent.name in folders]

    def govern(self, without_manifest: str, mode: str) -> None:
        """Settings of a tracking server that are in force from now on."""
        self.now += timedelta(hours=1)
        bindings = (Binding(("support-*",), (), ("faq", "reply-tone")), Binding(("lost",), ("7",), ("*",), mode=mode))
        settings = describe_settings(MlflowSettings(bindings, without_manifest=without_manifest))
        source = {"name": "acme", "config": "policy.yaml", "origin": "work tree", "file": "policy.yaml"}
        with self.open() as ledger:
            record_settings(
                ledger,
                "tracking",
                settings,
                {
                    "source": {**source, "commit": "3" * 40},
                    "policy_set": "",
                    "seen": "reload",
                    "seen_at": "",
                    "actor": None,
                },
            )

    def run(self, project: str, run: str, state: str, decision: str, **more: Any) -> None:
        """A step of a run, some time after what was before."""
        self.now += timedelta(hours=1)
        said: dict[str, Any] = {
            "policy_set": "",
            "mode": more.pop("mode", None),
            **({"reason": more.pop("reason")} if "reason" in more else {}),
        }
        row = RunRow("tracking", run * 32, "7", project, "kim", "training", "", decision, state, "flag")
        with self.open() as ledger:
            record_run(ledger, row._replace(**more), said)

    def open_workspace(self) -> Workspace:
        """The policy set as it is now, its ledger above."""
        return open_workspace(str(self.root), str(self.root / "policy.yaml"))

    def hold(self, project: str) -> str:
        """Ask for the approval of a held project; the id of the request."""
        workspace = self.open_workspace()
        (item,) = self.find_items(project)
        (facts,) = build_subjects(workspace, item, self.now.date()).facts
        recorder = Recorder(workspace.policy_set, "release", self.now)
        decision = recorder.judge(facts)
        with self.open() as ledger:
            asked = ask_for_approval(
                ledger, workspace.policy_set, decision, facts, requester="kim", contributors=(), now=self.now
            )
            assert find_approvals(ledger, workspace.policy_set, decision, now=self.now) == ()
        return asked.row.id

    def answer(self, request: str, name: str, answer: str, reason: str, after: timedelta) -> None:
        """Vote on a request."""
        self.now += after
        policy_set = self.open_workspace().policy_set
        with self.open() as ledger:
            with open_session(ledger) as session:
                row = find_row(session, request)
            assert row is not None
            terms, settings = find_request_terms(policy_set, row, None), find_settings(policy_set)
            if answer == "override":
                break_glass(ledger, request, name, reason, settings, now=self.now)
            elif answer == "review":
                review(ledger, request, name, reason, settings, now=self.now)
            else:
                vote(ledger, request, Ballot(name, answer, reason, terms, settings), now=self.now)


def write_quarter(folder: Path) -> History:
    """From August to October 2026: what gets better, what is waived, who decides, what is trained."""
    history = History(folder)
    history.write({f"policies/own/{name}.yaml": text for name, text in POLICIES.items()})
    history.write({"policy.yaml": SET.replace("///ledger", "///../ledger"), "waivers.yaml": WAIVERS})
    history.write(
        {
            "reply/ml-manifest.yaml": write_manifest("reply-tone", "support-ml", data="data: {change_interval: 7d}"),
            "price/ml-manifest.yaml": write_manifest("price-bot", "sales-tools", data="data: {change_interval: 3d}"),
            "lost/ml-manifest.yaml": write_manifest("lost-and-found"),
            "faq/ml-manifest.yaml": write_manifest(
                "faq", "support-ml", system="system: {users: customers, human_oversight: false}"
            ),
            "faq/train.yaml": CONFIG,
            "faq/data/train.jsonl": ROWS,
        }
    )
    history.judge()
    history.judge(after=timedelta(days=6, hours=2))
    history.write(
        {"reply/ml-manifest.yaml": write_manifest("reply-tone", "support-ml", data="data: {change_interval: 90d}")}
    )
    history.judge("reply", after=timedelta(days=10))
    first = history.hold("faq")
    history.answer(first, "lee", "approve", "the pilot is watched", timedelta(hours=5))
    history.judge("faq", gate="release", after=timedelta(days=20))
    text = (history.root / "faq/ml-manifest.yaml").read_text()
    history.write({"faq/ml-manifest.yaml": f"{text}model: {{base: org/model, revision: abc1234}}\n"})
    history.judge("faq", gate="release")
    second = history.hold("faq")
    history.answer(second, "mo", "reject", "not <b>before</b> the review", timedelta(days=2))
    third = history.hold("faq")
    history.answer(third, "sam", "override", "customers wait", timedelta(minutes=20))
    history.answer(third, "mo", "review", "it was needed", timedelta(days=1))
    history.write({"policy.yaml": SET.replace("///ledger", "///../ledger").replace("14d", "21d")})
    history.judge(after=timedelta(days=15))
    history.judge("price", after=timedelta(days=9))
    history.hold("faq")
    train_october(history)
    return history


def train_october(history: History) -> None:
    """Runs at a tracking server: one is watched only, two wait, one goes on; and what is governed there changes."""
    with history.open() as ledger:
        decisions = {row.project: row.decision_id for row in ledger.read_decisions()}
    faq, reply, lost = decisions["faq"], decisions["reply-tone"], decisions["lost-and-found"]
    history.govern("block", "enforce")
    history.run("faq", "1", "held", faq)
    history.run("faq", "2", "held", faq)
    history.run("faq", "2", "admitted", faq)
    history.run("reply-tone", "3", "admitted", reply)
    history.run("reply-tone", "4", "admitted", reply, activity="baseline")
    history.run("reply-tone", "5", "admitted", reply)
    history.run("reply-tone", "5", "reopened", reply, reason="it was admitted as `baseline`, and logs a | model")
    history.govern("flag", "observe")
    history.run("lost-and-found", "6", "admitted", lost, mode="observe")
    history.run("lost-and-found", "7", "refused", lost, server="staging")
    history.run("lost-and-found", "8", "admitted", "")


@contextmanager
def counted_bytes() -> Iterator[None]:
    """Random bytes that are the same in every run, so that ids are."""
    numbers = itertools.count()

    def make(size: int) -> bytes:
        return sha256(str(next(numbers)).encode()).digest().ljust(size, b"\0")[:size]

    with mock.patch.object(os, "urandom", make):
        yield


@lru_cache(maxsize=1)
def keep_quarter() -> History:
    """The quarter, written once for all tests: they read it only."""
    folder = mkdtemp(prefix="policy-quarter-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with counted_bytes():
        return write_quarter(Path(folder))


@lru_cache(maxsize=64)
def gather(**more: Any) -> AuditReport:
    """The report over the quarter; `more` is of its scope, or `size`."""
    size, now = more.pop("size", None), datetime(2026, 11, 1, tzinfo=UTC)
    period = read_period(more.pop("since", "2026-08-01"), more.pop("until", "2026-10-31"), now)
    return gather_report(AuditRequest(Scope(period, "2026-11-01", **more), now, Place(keep_quarter().url), size)).report
