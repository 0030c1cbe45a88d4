"""An audit report over many recorded decisions: what it costs beside reading those rows and parsing their JSON."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.processes import Command, find_script
from benchmarks.table import Budget, print_table
from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.period import read_period
from policy.app.ledgers.locating import Place
from policy.model.audit import Scope
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import DecisionRow, Draft, digest_bytes, store_json
from policy.reports.audit.document import write_document
from policy.reports.audit.page import write_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model.audit import AuditReport

SIZE, PROJECTS, POLICIES = 100_000, 500, 50
QUARTER = SIZE // 4
BATCH = 1000
ROUNDS = 3
COST, FLAT = Budget(3.0), Budget(1.15)
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
SET = digest_bytes(b"set")
WAIVERS = store_json("waivers", {"format": "policy-waivers/1", "waivers": []})
RESULTS = ("pass", "pass", "pass", "fail", "not-applicable", "unknown")


def run() -> bool:
    """Print the table; whether the report keeps its budget, and memory stays flat."""
    with tempfile.TemporaryDirectory() as folder:
        url, small = (f"sqlite:///{os.path.join(folder, name)}.db" for name in ("all", "quarter"))
        write_ledger(url, SIZE)
        write_ledger(small, QUARTER)
        ways: dict[str, Callable[[], object]] = {
            "rows read, JSON parsed": lambda: read_rows(url),
            "gathered": lambda: gather(url),
            "report, json": lambda: render(url, "json"),
            "report, html": lambda: render(url, "html"),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, action in ways.items():
                start = process_time()
                action()
                times[name].append(process_time() - start)
        base, rows, within = min(times["rows read, JSON parsed"]), [], True
        for name, spent in times.items():
            ratio = min(spent) / base
            budgeted = name.startswith("report")
            within &= not budgeted or COST.is_met(ratio)
            each = f"{min(spent) / SIZE * 1e6:.0f}"
            rows.append((name, f"{min(spent):.1f}", each, f"{ratio:.2f}", COST.say(ratio) if budgeted else ""))
        peaks = [measure_memory(one, folder) for one in (small, url)]
        growth = peaks[1] / peaks[0]
        within &= FLAT.is_met(growth)
        rows.append(("memory, in MB", f"{peaks[1] / 1e6:.0f}", "", f"{growth:.2f}", FLAT.say(growth)))
    print_table(
        f"An audit report over {SIZE:,} recorded decisions",
        f"{POLICIES} policies, {PROJECTS} projects, an SQLite ledger; seconds of the processor on one core, the\n"
        f"least of {ROUNDS} runs. Memory is the peak of `policy report`; its ratio is to a quarter of the decisions\n"
        "about as many projects.",
        ("what is done", "s", "µs a decision", "ratio", "budget"),
        rows,
    )
    return within


def write_ledger(url: str, size: int) -> None:
    """A ledger of decisions as `policy check` records them, a year of them."""
    with create_ledger(url) as ledger:
        for start in range(0, size, BATCH):
            ledger.append([make_draft(number, size) for number in range(start, start + BATCH)])


def make_draft(number: int, size: int) -> Draft:
    """A decision; a fifth of its policies come out otherwise the next time."""
    project = f"project-{number % PROJECTS:04}"
    time = (START + timedelta(days=360) * number / size).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    outcomes = [make_outcome(policy, number) for policy in range(POLICIES)]
    missing = [one["policy"] for one in outcomes if one["outcome"] == "unknown"]
    claims = [["owner.team", f"team-{number % 7}", "declared"]]
    facts = store_json("facts", {"format": "policy-facts/1", "claims": claims})
    name, verdict = digest_bytes(str(number).encode()), ("allow", "allow", "flag", "block")[number % 4]
    decision = {
        "id": name,
        "project": project,
        "manifest": f"{project}/ml-manifest.yaml",
        "training_config": None,
        "gate": "ci",
        "time": time,
        "verdict": verdict,
        "mode": "enforce",
        "policy_set": SET,
        "evidence": digest_bytes(f"evidence {number % 5000}".encode()),
        "engine": "tunegate 0.1.0",
        "stake": None,
        "outcomes": outcomes,
        "contradictions": [],
        "not_assessed": [{"policy": policy, "missing": ["data.rows"], "settle": "count them"} for policy in missing],
    }
    inputs = {"facts": facts.digest, "waivers": WAIVERS.digest, "policy_set": digest_bytes(b"gone")}
    row = DecisionRow(name, project, "ci", verdict, time, SET, facts.digest, "")
    payload = {"format": "policy-decision-record/1", "decision": decision, "inputs": inputs}
    return Draft("decision", payload, (facts, WAIVERS), row)


def make_outcome(policy: int, number: int) -> dict[str, object]:
    """What one policy says."""
    result = RESULTS[(policy + number % PROJECTS + (number // PROJECTS if policy % 5 == 0 else 0)) % len(RESULTS)]
    return {
        "policy": f"policy-{policy:02}",
        "outcome": result,
        "effect": "flag" if result == "fail" else None,
        "would_be": None,
        "severity": "medium",
        "message": "data.rows is 12, at least 500 is required" if result == "fail" else "",
        "instead": [],
        "fix": "Collect more of them." if result == "fail" else "",
        "note": "",
        "location": None,
        "because": [],
    }


def read_rows(url: str) -> None:
    """What every report over these decisions has to do."""
    with open_ledger(url, create=False) as ledger:
        for _, body in ledger.read_payloads():
            json.loads(body or b"")


def gather(url: str) -> AuditReport:
    """The report, counted."""
    scope = Scope(read_period("2026-01-01", "2026-12-31", NOW), "2027-01-01")
    return gather_report(AuditRequest(scope, NOW, Place(url))).report


def render(url: str, form: str) -> None:
    """The report, written."""
    report = gather(url)
    pieces = write_document(report) if form == "json" else write_page(report, 200)
    for _ in pieces:
        pass


def measure_memory(url: str, folder: str) -> int:
    """The peak of the memory of one report, in bytes."""
    options = ("report", "--ledger", url, "--until", "2026-12-31", "--effective-time", "2027-01-01")
    return Command(
        (find_script("policy") or "policy", *options, "--output", "json=report.json"), folder
    ).measure_memory()
