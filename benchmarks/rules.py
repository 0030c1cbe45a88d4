"""The rules that all compared engines judge, and generated facts to judge them on."""

from __future__ import annotations

import os
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

from policy.language.policies import read_policy
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import BooleanKind, DurationKind, EnumKind, ListKind
from policy.source.node import Document, Sequence
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.model.policy import Policy
    from policy.model.schema import Field

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.yaml")
TODAY = date(2026, 11, 20)
DAY = 86_400_000
# Values on both sides of every bound, for the fields that are no enumerations.
NUMBERS = {
    "data.rows": (40, 99, 100, 9_999, 10_000),
    "data.personal_data": (0, 1),
    "model.parameters": (8_000_000_000, 13_000_000_000, 70_000_000_000),
    "training.seed": (7,),
}
DURATIONS = {"data.change_interval": (DAY, 30 * DAY, 365 * DAY), "needs.latency_p95": (300, 500, 800)}
TEXTS = {"model.revision": ("a09a354",), "model.license": ("apache-2.0", "mit", "llama3.1")}


def read_rules() -> list[Policy]:
    """The rules as policies."""
    with open(RULES, "rb") as stream:
        root = read_yaml(stream.read(), "rules.yaml", documents="many").root
    parts = root.items if isinstance(root, Sequence) else [root]
    return [read_policy(Document("rules.yaml", "", part), SCHEMA) for part in parts]


def generate_facts(rules: list[Policy], count: int, known: float = 0.8) -> list[Facts]:
    """Random facts of the fields that the rules read, each known with this probability."""
    paths = sorted({path for rule in rules for path in rule.paths})
    return [make_facts(Random(number), paths, known) for number in range(count)]


def make_facts(random: Random, paths: list[str], known: float) -> Facts:
    """One set of facts."""
    return Facts(Fact(path, choose_value(random, SCHEMA.fields[path])) for path in paths if random.random() < known)


def choose_value(random: Random, field: Field) -> Any:
    """A value that the field can have."""
    kind = field.kind
    if isinstance(kind, BooleanKind):
        return random.random() < 0.5
    if isinstance(kind, EnumKind):
        return random.choice(kind.choices)
    if isinstance(kind, ListKind) and isinstance(kind.of, EnumKind):
        return Members(tuple(random.sample(kind.of.choices, random.randint(1, 2))), complete=True)
    if isinstance(kind, DurationKind):
        return random.choice(DURATIONS[field.path])
    return random.choice({**NUMBERS, **TEXTS}[field.path])


def as_json(facts: Facts) -> dict[str, Any]:
    """The facts as plain JSON by path, as other engines take them."""
    return {path: list(value.items) if isinstance(value, Members) else value for path, value in facts.values.items()}
