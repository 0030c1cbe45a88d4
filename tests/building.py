"""Policies, facts and decisions for tests, written as the YAML that a user would write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from policy.engine.judge import judge
from policy.language.policies import read_policy
from policy.model.decision import Decision, Subject
from policy.model.fact import ABSENT, Fact
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.policy import Policy, PolicySet
from policy.model.reading import FactReader
from policy.model.schema import Schema
from policy.source.node import Document
from policy.source.node import Mapping as MappingNode
from policy.source.yaml_reader import read_yaml

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MANIFEST = "ml-manifest.yaml"


def make_document(text: str, file: str = "policies/test.yaml") -> Document:
    """The document that a file of this text holds."""
    return read_yaml(text.encode(), file)


def make_policy(text: str, file: str = "policies/test.yaml", schema: Schema = SCHEMA) -> Policy:
    """The policy that a file of this text holds; title, severity and effect need not be written."""
    document = read_yaml(_complete(text).encode(), file)
    return read_policy(document, schema)


def _complete(text: str) -> str:
    defaults = {"policy": "test-policy", "title": "A policy for tests", "severity": "medium", "effect": "flag"}
    lines = {line.partition(":")[0] for line in text.splitlines()}
    # Behind the text, so that its own lines keep their numbers.
    added = [f"{key}: {value}\n" for key, value in defaults.items() if key not in lines]
    return "".join([text.rstrip("\n"), "\n", *added])


def make_claims(
    text: str, file: str = MANIFEST, *, origin: str = "declared", source: str = "", schema: Schema = SCHEMA
) -> tuple[Fact, ...]:
    """The facts that a file of this text states; what is observed is an open list."""
    problems: list[Any] = []
    document = read_yaml(text.encode(), file)
    reader = FactReader(
        schema,
        file,
        problems,
        origin=origin,
        source=source,
        dotted=True,
        only_writable=origin == "declared",
        complete=origin == "declared",
    )
    assert isinstance(document.root, MappingNode), "facts are a mapping"
    # In a manifest that key is the format's number, in evidence it opens `manifest.present`.
    claims = reader.read(document.root, skip=("manifest",) if origin == "declared" else ())
    assert not problems, problems
    return tuple(claims)


def make_facts(
    declared: str = "",
    *,
    observed: str = "",
    estimated: str = "",
    absent: tuple[str, ...] = (),
    file: str = MANIFEST,
    observed_file: str = "train/config.yaml",
    source: str = "training config",
    subject: Subject | None = None,
    unavailable: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> Facts:
    """Facts about one subject, with positions; the subject is named as the manifest names it."""
    claims = [
        *(make_claims(declared, file) if declared else ()),
        *(make_claims(observed, observed_file, origin="observed", source=source) if observed else ()),
        *(make_claims(estimated, observed_file, origin="estimated", source=source) if estimated else ()),
        *(Fact(path, ABSENT, "observed", source) for path in absent),
    ]
    project = next((fact.value for fact in claims if fact.path == "project"), "")
    return Facts(claims, SCHEMA, subject or Subject(project, file), unavailable, faults)


def decide(
    policies: Policy | tuple[Policy, ...],
    facts: Facts,
    *,
    gate: str = "check",
    now: datetime = NOW,
    waivers: tuple[Any, ...] = (),
    approvals: tuple[Any, ...] = (),
    **settings: Any,
) -> Decision:
    """The decision of a policy set of these policies; `settings` are those of PolicySet."""
    several = (policies,) if isinstance(policies, Policy) else policies
    policy_set = PolicySet(several, **settings)
    return judge(policy_set, facts, gate=gate, now=now, waivers=waivers, approvals=approvals)
