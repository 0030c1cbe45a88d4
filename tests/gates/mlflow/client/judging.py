"""A real server that judges: a policy refuses, another one holds, and in two experiments both only say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policy.records.ledger import create_ledger
from tests.enough_rows import GOOD, RULE
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Server, serve

USER = {"MLFLOW_TRACKING_USERNAME": ADMIN, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
POLICY_SET = """\
policy_set: 1
policies: [rules]
gates: {run: {mode: enforce}, release: {mode: enforce}}
ledger: {url: "sqlite:///ledger.db"}
approvals: {roles: {leads: [bob]}, rules: [{roles: [leads]}]}
mlflow:
  app: basic-auth
  experiments:
    - {name: observed, project: support, mode: observe}
    - {name: flagged, project: support, mode: flag}
    - {name: support-*, project: support}
"""
HOLDING = """\
policy: known-owner
title: Somebody answers for it
severity: high
when: {stage: {equals: production}}
require: {owner.team: {present: true}}
effect: hold
"""
HELD = GOOD + "stage: production\n"


@contextmanager
def serve_judging(folder: Path) -> Iterator[Server]:
    """Ada trains and Bob approves, beside the administrator."""
    (folder / "rules").mkdir()
    (folder / "rules" / "rows.yaml").write_text(RULE)
    (folder / "rules" / "owner.yaml").write_text(HOLDING)
    (folder / "policy.yaml").write_text(POLICY_SET)
    create_ledger(f"sqlite:///{folder}/ledger.db").close()
    with serve(folder, auth=True) as server:
        for name in ("observed", "flagged", "support-tone"):
            server.make_experiment(name, ADMIN)
        for name in ("ada", "bob"):
            server.make_user(name)
        yield server


def count_runs(server: Server) -> int:
    """All runs that the server has stored."""
    found = server.call("experiments/search", {"max_results": 10}, ADMIN).body["experiments"]
    ids = [one["experiment_id"] for one in found]
    return len(server.call("runs/search", {"experiment_ids": ids}, ADMIN).body.get("runs", []))
