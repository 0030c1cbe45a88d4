"""Judging a ledger again by another policy set: as ledgers are, and where no two decisions have the same facts."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.judging import read_examples
from benchmarks.table import Budget, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.objects import Draft

DECISIONS = int(os.environ.get("PREVIEW_DECISIONS", "100000"))
DISTINCT = 10_000
PROJECTS, VERSIONS, CHANGES, DAYS = 500, 5, 2, 90
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RATE = Budget(20_000, " a second", least=True)
BATCH = 500
NEW_SET = """\
policy_set: 1
ledger: sqlite:///ledger.db
effects: {few-examples: block, rag-tried: flag, base-model-pinned: block}
gates: {ci: {mode: flag}}
params: {volatile-data.shortest_interval: 30d}
"""


class Ways(NamedTuple):
    """How the facts of a ledger differ: of how many projects, how often what policies read, and how often anything."""

    name: str
    decisions: int
    projects: int
    versions: int
    changes: int


class Timed(NamedTuple):
    """Decisions a second of processor time, the most memory that Python took, in MB, and how many verdicts differ."""

    rate: float
    first_tenth: float
    peak: float
    differs: int


def run() -> bool:
    """Print the table; whether the budget is kept."""
    ways = (
        Ways("as ledgers are", DECISIONS, PROJECTS, VERSIONS, CHANGES),
        Ways("positions and commit differ each time", DISTINCT, PROJECTS, VERSIONS, DISTINCT),
        Ways("everything differs each time", DISTINCT, PROJECTS, DISTINCT, 1),
    )
    rows, within = [], True
    for way in ways:
        timed = measure(way)
        budget = RATE if way is ways[0] else None
        within &= budget is None or budget.is_met(timed.rate)
        said = budget.say(timed.rate) if budget else ""
        peak = f"{timed.first_tenth:.0f} → {timed.peak:.0f}"
        rows.append((way.name, f"{way.decisions:,}", f"{timed.rate:,.0f}", peak, f"{timed.differs:,}", said))
    each = DECISIONS // PROJECTS // VERSIONS // CHANGES
    method = (
        f"Decisions about the three examples under {PROJECTS} names, in an SQLite ledger over {DAYS} days, judged\n"
        "again by the catalogue with other effects, parameters and modes; a second of one core, the policy set\n"
        f"loaded. As ledgers are: the facts of a project are recorded {each} times until one changes, every second\n"
        "time in what policies read, else in positions and the commit. Memory is what Python holds at most, MB: for\n"
        "the newest tenth of the decisions, and for all."
    )
    head = ("facts", "decisions", "a second", "memory", "verdicts differ", "budget")
    print_table("Previewing a policy set", method, head, rows)
    return within


def measure(way: Ways) -> Timed:
    """Fill a ledger, and judge it again: once for the time, once for the memory."""
    from policy.app.workspace import open_workspace
    from policy.records.ledger import open_ledger

    with tempfile.TemporaryDirectory(dir=os.environ.get("LEDGER_FOLDER")) as folder:
        with open(os.path.join(folder, "policy.yaml"), "w", encoding="utf-8") as stream:
            stream.write(NEW_SET)
        workspace = open_workspace(folder)
        with open_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
            fill(ledger, way)
            start, wall = process_time(), perf_counter()
            differs = sum(1 for _ in preview(workspace, ledger))
            spent, _ = process_time() - start, perf_counter() - wall
            tracemalloc.start()
            tenth, whole = (weigh(workspace, ledger, way.decisions // part) for part in (10, 1))
            tracemalloc.stop()
    return Timed(way.decisions / spent, tenth, whole, differs)


def preview(workspace: Workspace, ledger: Ledger, since: str = "2026-01-01") -> Iterator[Any]:
    """All of it, as the command does it but for writing."""
    from policy.app.previewing.running import PreviewRequest, PreviewRun

    run = PreviewRun(workspace, ledger, PreviewRequest(since, "2027-01-01", NOW))
    yield from run.run()
    run.finish()


def weigh(workspace: Workspace, ledger: Ledger, newest: int) -> float:
    """The most memory that judging so many of the newest decisions takes, MB."""
    (time,) = ledger.read("SELECT time FROM decisions ORDER BY seq DESC LIMIT 1 OFFSET ?", (newest - 1,))[0]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    for _ in preview(workspace, ledger, time):
        pass
    return (tracemalloc.get_traced_memory()[1] - before) / 1e6


def fill(ledger: Ledger, way: Ways) -> None:
    """Record all decisions."""
    policy_set, subjects = read_examples()
    drafts = make_drafts(policy_set, [facts for _, facts in subjects], way)
    while batch := list(islice(drafts, BATCH)):
        ledger.append(batch)


def make_drafts(policy_set: PolicySet, subjects: list[Any], way: Ways) -> Iterator[Draft]:
    """Decisions whose texts are those of real ones, though not every one of them was judged."""
    from policy.app.recording.judging import Basis
    from policy.app.recording.records import describe_tables, make_draft, make_record
    from policy.engine.judge import judge
    from policy.model.recorded.facts import encode_facts
    from policy.records.objects import store_json

    tables, sources = describe_tables(policy_set.tables), (store_json("policy-set", {}),)
    made: dict[int, Any] = {}
    for number in range(way.decisions):
        project, turn = number % way.projects, number // way.projects
        age = turn * way.versions * way.changes // (way.decisions // way.projects)
        version = number if way.versions >= way.decisions else age // way.changes
        change = number if way.changes >= way.decisions else age
        facts = vary(subjects[project % len(subjects)], project, version, change)
        if project not in made or way.versions >= way.decisions:
            decision = judge(policy_set, facts, gate="ci", now=NOW)
            basis = Basis(facts, (), (), {}, complete=True, decision=decision)
            made[project] = make_record(decision, basis, NOW)
        time = NOW - timedelta(days=DAYS) * (1 - number / way.decisions)
        decision_id = "sha256:" + sha256(f"{way.name} {number}".encode()).hexdigest()
        record = made[project]
        said = {**record.payload["decision"], "id": decision_id, "time": time.isoformat(timespec="seconds")[:19] + "Z"}
        objects = {**record.objects, "facts": store_json("facts", encode_facts(facts))}
        yield make_draft(
            record._replace(payload={**record.payload, "decision": said}, objects=objects), sources, tables
        )


def vary(facts: Any, project: int, version: int, change: int) -> Any:
    """The facts of a project of that name, at some version of what policies read and of what they do not."""
    from policy.model.facts import Facts

    claims = []
    for claim in facts.claims:
        moved = move(claim, change % 7)
        if claim.path == "data.rows":
            moved = moved._replace(value=claim.value + version)
        elif claim.path == "training.commit":
            moved = moved._replace(value=f"{change:040x}")
        elif claim.path == "training.epochs":
            moved = moved._replace(value=1.0 + version / 1000)
        claims.append(moved)
    subject = facts.subject._replace(project=f"{facts.subject.project}-{project}")
    return Facts(claims, facts.schema, subject, facts.unavailable, facts.faults)


def move(claim: Any, lines: int) -> Any:
    """A claim that stands so many lines further down, with all that is in it."""
    from policy.model.fact import Members

    value, place = claim.value, claim.location
    if isinstance(value, Members) and value.items and isinstance(value.items[0], dict):
        items = tuple({name: move(fact, lines) for name, fact in item.items()} for item in value.items)
        value = Members(items, value.complete)
    return claim._replace(value=value, location=place and place._replace(line=place.line + lines))
