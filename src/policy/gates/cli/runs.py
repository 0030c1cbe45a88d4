"""`policy runs`: what the ledger says of runs, and what an MLflow server has that went past it."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

import click

from policy.errors import PolicyError
from policy.gates.cli.ledger_options import LedgerCommands, find_place, format_option, ledger_option, say_lines
from policy.gates.cli.usage import NameOf

if TYPE_CHECKING:
    from policy.records.ledger import Ledger

STATES = ("admitted", "held", "refused", "reopened", "unjudged")


@click.group("runs", cls=LedgerCommands)
def command() -> None:
    """List what the ledger says of the runs of MLflow servers, and compare a server with it.

    A guarded server records each run that it is asked for. What was written past it, into its database or from another
    server on that, is on no record, and `compare` finds it.
    """


@command.command("list")
@ledger_option
@click.option("--project", default="", metavar="NAME", help="Only those of a project.")
@click.option("--state", type=NameOf("state", STATES), default=None, help="Only those in a state.")
@format_option
def list_command(url: str | None, config: str | None, project: str, state: str | None, form: str) -> int:
    """List runs by their last step: state, verdict, activity, run, project, and who began it."""
    from policy.gates.cli.runs_text import write_runs, write_runs_json
    from policy.records.ledger import open_ledger
    from policy.records.runs.queries import list_runs

    place = find_place(url, config)
    with open_ledger(place.url, folder=place.folder, create=False) as ledger:
        rows = list_runs(ledger, project=project, state=state or "")
        find_effect = cache(partial(find_effect_of, ledger))
        say_lines(write_runs_json(rows) if form == "json" else write_runs(rows, find_effect))
    return 0


def find_effect_of(ledger: Ledger, decision: str) -> str:
    """What a decision would have done, had nobody only watched; nothing where that cannot be read."""
    from policy.records.runs.decisions import find_kept_back

    try:
        return find_kept_back(ledger, decision)
    except PolicyError:
        return ""


@command.command("compare")
@click.argument("address", metavar="URL")
@ledger_option
@format_option
def compare(address: str, url: str | None, config: str | None, form: str) -> int:
    """Compare the MLflow server at URL with the ledger: what never met the gate, or is not as it was judged.

    The section `mlflow` of the policy set says which experiments and models are meant. You are the user that MLflow's
    client is, by MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or ~/.mlflow/credentials: be one who may read
    everything, such as the server's administrator, for what a server does not show is not compared.

    Found are runs in governed experiments that are on no record; runs that run or have ended while they are held,
    refused or reopened; runs with other tags than the ledger says; runs on record that MLflow has no more; logged
    models and versions of bound models that come from no admitted run; and aliases and stages of these versions.

    Exit codes: 0 nothing contradicts the ledger, 1 something does, 2 the server or the input is wrong, 3 nothing was
    there to compare.
    """
    from policy.app.runs.comparing import KINDS
    from policy.app.runs.findings_store import open_store
    from policy.app.runs.remote_server import open_tracking
    from policy.app.runs.scanning import Scan, find_settings
    from policy.gates.cli.runs_text import write_findings, write_findings_json
    from policy.gates.cli.workspace import open_here
    from policy.records.ledger import open_ledger

    server = open_tracking(address, os.environ)
    settings = find_settings(open_here(config).policy_set)
    place = find_place(url, config)
    with open_ledger(place.url, folder=place.folder, create=False) as ledger, open_store() as store:
        scope = Scan(server, ledger, settings, store).run()
        found = store.count()
        counts: dict[str, int] = {kind: found[kind] for kind in KINDS if kind in found}
        findings = (finding for kind in KINDS for finding in store.iterate(kind))
        if form == "json":
            compared = {"address": server.service.address, "server": settings.server, "compared": scope._asdict()}
            say_lines(write_findings_json({**compared, "counts": counts}, findings))
        else:
            say_lines(write_findings(findings, counts, scope))
    return 1 if counts else 3 if scope.is_empty else 0
