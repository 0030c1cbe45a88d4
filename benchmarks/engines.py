"""The same rules in several engines, which must give the same verdicts before they are timed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.formulas import make_rule, tell_outcome
from benchmarks.rules import TODAY, as_json, generate_facts, read_rules
from benchmarks.table import print_table
from benchmarks.timing import Times, time_interleaved
from policy.language.compiler import compile_policy
from policy.language.interpreter import judge_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.model.policy import Policy

ROUNDS = 7
PEERS = {
    "json_schema": ("jsonschema-rs", "two schemas a rule"),
    "cel": ("cel-expr-python", "all rules as one expression"),
    "cedar": ("cedarpy", "two permits a rule, one request"),
    "rego": ("regopy", "one query of a compiled bundle"),
}


def compare_engines() -> None:
    """The common rules in every engine, after all gave the same verdicts."""
    rules = read_rules()
    subjects = generate_facts(rules, 200)
    documents = [as_json(facts) for facts in subjects]
    ours = [compile_policy(rule, {}) for rule in rules]
    arguments = [(facts.values, facts.proven_values, facts.unavailable, TODAY) for facts in subjects]
    expected = [tuple(tell_outcome(one(*each)) for one in ours) for each in arguments]
    candidates: dict[str, Callable[[], object]] = {
        "tunegate, compiled policies": lambda: [[one(*each) for one in ours] for each in arguments],
        "tunegate, reference interpreter": lambda: [
            [judge_policy(rule, {}, facts, TODAY) for rule in rules] for facts in subjects
        ],
    }
    for name, (package, way) in PEERS.items():
        peer = prepare_peer(name, package, rules, documents, expected)
        if peer is not None:
            candidates[f"{package}: {way}"] = peer
    times = time_interleaved(candidates, ROUNDS)
    base = times["tunegate, compiled policies"].median
    counts = {word: sum(row.count(word) for row in expected) for word in ("met", "failed", "unknown")}
    print_table(
        f"{len(rules)} rules in every engine",
        f"{len(documents)} generated sets of facts, the verdicts first compared and the same in all engines\n"
        f"({', '.join(f'{count} {word}' for word, count in counts.items())}). µs a rule; {ROUNDS} interleaved runs,\n"
        "rules prepared once. Verdicts only: nobody explains.",
        ("engine", "median", "least", "ratio"),
        [
            (name, *show_times(spent, len(rules) * len(documents)), f"{spent.median / base:.1f}")
            for name, spent in times.items()
        ],
    )


def prepare_peer(
    name: str,
    package: str,
    rules: Sequence[Policy],
    documents: list[dict[str, Any]],
    expected: list[tuple[str, ...]],
) -> Callable[[], object] | None:
    """The peer judging all documents, once it is shown that it gives the expected verdicts."""
    try:
        peer = import_module(f"benchmarks.peers.{name}")
    except ImportError:
        print(f"{package} is not installed and left out; install it with: pip install -e '.[bench]'")
        return None
    function = peer.prepare([make_rule(rule) for rule in rules])
    if [function(document) for document in documents] != expected:
        raise AssertionError(f"{package} gives other verdicts")
    return lambda: [function(document) for document in documents]


def show_times(times: Times, parts: int) -> tuple[str, str]:
    """Median and least of one of the equal parts, in microseconds."""
    scaled = times.scaled(1e6 / parts)
    return f"{scaled.median:.2f}", f"{scaled.least:.2f}"
