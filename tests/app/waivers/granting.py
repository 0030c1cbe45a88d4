"""A project that a policy blocks, and the waiver that somebody grants it in the ledger."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Final

from policy.app.approvals.desk import cast_vote
from policy.app.approvals.waiving import ask_for_waiver
from policy.app.workspace import open_workspace
from policy.model.waiver_entry import WaiverEntry
from policy.records.ledger import open_ledger

RULES: Final = "waiver_rules: {approvers: {default: [carol]}}\n"
PLAIN: Final = f"policy_set: 1\npolicies: [./rules]\n{RULES}"
SET: Final = f"{PLAIN}ledger: sqlite:///ledger.db\n"
RULE: Final = """\
policy: rows
title: Rows
severity: low
require: {data.rows: {at_least: 5}}
effect: {default: block}
"""
FILES: Final = {
    "policy.yaml": SET,
    "rules/own/rows.yaml": RULE,
    "bot/ml-manifest.yaml": "manifest: 1\nproject: bot\ndata: {rows: 3}\n",
}


def grant(*, days: int = 30, subject: str = "bot", name: str = "carol") -> str:
    """Have a waiver asked for and granted by the policy set of the working folder; its request."""
    policy_set = open_workspace(os.getcwd()).policy_set
    today = datetime.now(UTC).date()
    entry = WaiverEntry(
        policy="rows",
        subject=subject,
        reason="the rest comes in May",
        owner="data-team",
        requested_by="os:dave@desk",
        expires=today + timedelta(days=days),
        requested_on=today,
    )
    with open_ledger("sqlite:///ledger.db") as ledger:
        asked = ask_for_waiver(ledger, policy_set, entry, lasts=14 * 86_400_000)
        cast_vote(ledger, policy_set, asked.row.id, "approve", name=name, reason="")
    return asked.row.id
