"""`policy schema`: JSON Schemas of what people write, and of the JSON that other commands write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from policy.gates.cli.options import config_option
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf
from policy.gates.cli.workspace import open_here

if TYPE_CHECKING:
    from policy.model.policy import PolicySet

# Where the model of a document is, or what makes its schema.
REPORTS = {
    "decisions": ("contract", "Decisions"),
    "evidence": ("evidence.contract", "EvidenceDocument"),
    "advice": ("advice.contract", "AdviceReport"),
    "baseline": ("baseline_contract", "baseline_json_schema"),
    "diff": ("diff.contract", "DiffDocument"),
    "preview": ("preview.contract", "PreviewDocument"),
    "audit": ("contracts.audit", "audit_json_schema"),
    "requests": ("contracts.requests", "RequestsDocument"),
    "waiver-list": ("contracts.policy_sets", "WaiverListDocument"),
    "set-view": ("contracts.policy_sets", "SetViewDocument"),
    "tests": ("contracts.policy_sets", "TestsDocument"),
    "verification": ("contracts.ledger", "VerificationDocument"),
    "proof": ("contracts.ledger", "ProofDocument"),
    "consistency-proof": ("contracts.ledger", "ConsistencyDocument"),
    "replay": ("contracts.ledger", "ReplayDocument"),
    "entry": ("contracts.ledger", "EntryDocument"),
    "entries": ("contracts.ledger", "EntriesDocument"),
    "runs": ("contracts.runs", "RunsDocument"),
    "runs-comparison": ("contracts.runs", "RunsComparisonDocument"),
    "webhook": ("contracts.webhooks", "WebhookDocument"),
}
KINDS = ("manifest", "policy", "policy-set", "waivers", *REPORTS)


@click.command("schema")
@click.argument("kind", type=NameOf("kind of schema", KINDS), default="manifest", metavar="[KIND]")
@config_option
def command(kind: str, config: str | None) -> int:
    """Print the JSON Schema of a KIND of file: manifest (the default), policy, policy-set, waivers; or of a report.

    With it an editor completes and explains the fields of an ml-manifest.yaml, and underlines what is wrong,
    while it is written. The fields that the policy set declares (`x.`) are part of it.

    \b
    policy schema manifest > ml-manifest.schema.json
    policy schema policy > policy.schema.json
    policy schema policy-set > policy-set.schema.json
    policy schema waivers > waivers.schema.json

    Then make this the first line of the YAML file, with the path to the schema from there:

    \b
    # yaml-language-server: $schema=ml-manifest.schema.json

    The YAML support of VS Code, Neovim, Helix and Zed reads that line; in others, assign the schema to
    ml-manifest.yaml in the settings.

    Of what commands write as JSON: decisions (`policy check`), evidence, advice (`policy advise`), baseline, diff,
    preview, audit (`policy report`), requests (`policy approvals list` and `show`), waiver-list (`policy waivers`),
    set-view (`policy set show`), tests (`policy test`), runs (`policy runs list`), runs-comparison (`policy runs
    compare`); and of `policy ledger`: verification (`verify`), proof and consistency-proof (`prove`), replay, entry
    (`show`), entries (`list`). And webhook, of what a server tells of requests.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    schema = describe_report(kind) if kind in REPORTS else describe(kind, open_here(config).policy_set)
    # In ASCII: the same bytes wherever standard output goes.
    say(json.dumps(schema, indent=2))
    return 0


def describe_report(kind: str) -> dict[str, Any]:
    """The schema of what a command writes as JSON, which no policy set changes."""
    from importlib import import_module

    from policy.reports.contract import json_schema

    module, name = REPORTS[kind]
    found = getattr(import_module(f"policy.reports.{module}"), name)
    schema: dict[str, Any] = json_schema(found) if isinstance(found, type) else found()
    return schema


def describe(kind: str, policy_set: PolicySet) -> dict[str, Any]:
    """The schema of a kind of file, with what the policy set declares."""
    if kind == "policy":
        from policy.language.policy_schema import policy_json_schema

        return policy_json_schema(policy_set.schema)
    if kind == "policy-set":
        from policy.loading.policy_sets.schema import policy_set_json_schema

        return policy_set_json_schema(policy_set.policies)
    if kind == "waivers":
        from policy.loading.waivers.schema import waivers_json_schema

        return waivers_json_schema(policy_set.policies)
    from policy.model.manifest_model import manifest_json_schema

    return manifest_json_schema(policy_set.schema)
