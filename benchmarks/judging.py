"""Judging in process: the shipped catalogue on real examples, and a common set of rules beside other engines."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.closures import compile_closures
from benchmarks.engines import compare_engines, show_times
from benchmarks.rules import TODAY
from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved
from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.engine.judge import judge
from policy.engine.judges import WALKS
from policy.engine.plan import make_plan
from policy.language.compiler import compile_policies, compile_policy
from policy.language.explanation import Explainer
from policy.language.interpreter import judge_policy
from policy.loading.discovery import discover
from policy.model.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.language.compiler import Judge
    from policy.model.policy import PolicySet

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES = ("reply-tone", "pricing-answers", "ticket-triage")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
ROUNDS = 15
REPEATS = 20
BUDGET = Budget(1.0, " µs")


class Subject(NamedTuple):
    """An example: its name, and the facts about it."""

    name: str
    facts: Facts


def run() -> bool:
    """Print the tables; whether the budget is kept."""
    within = run_catalogue()
    run_compilers()
    compare_engines()
    return within


def read_examples() -> tuple[PolicySet, list[Subject]]:
    """The whole catalogue, and the facts about the examples as `policy check` gathers them."""
    subjects = []
    # Outside this repository, whose own policy set is not the one to measure.
    with tempfile.TemporaryDirectory() as folder:
        for name in EXAMPLES:
            place = shutil.copytree(os.path.join(ROOT, "examples", name), os.path.join(folder, name))
            found = discover([place])[0]
            workspace = open_workspace(found.root)
            subjects.append(Subject(name, build_subjects(workspace, found.items[0]).facts[0]))
    return workspace.policy_set, subjects


def run_catalogue() -> bool:
    """The shipped catalogue on the examples."""
    policy_set, subjects = read_examples()
    steps = make_plan(policy_set, "check").steps
    judges = compile_policies([(step.policy, step.explainer.params) for step in steps])
    rows, within = [], True
    for name, facts in subjects:
        each = [time_call(one, view(facts)) for one in judges]
        middle, high = median(each) * 1e6, quantiles(each, n=10)[-1] * 1e6
        within &= BUDGET.is_met(middle)
        times = time_interleaved(list_ways(policy_set, facts), ROUNDS)
        count = len(steps)
        unmet = sum(one(*view(facts)) in ("fail", "unknown") for one in judges)
        rows.append((f"{name}: compiled, median policy", f"{middle:.2f}", "", BUDGET.say(middle)))
        rows.append((f"{name}: compiled, 90th percentile", f"{high:.2f}", "", ""))
        rows += [
            (f"{name}: {way}", *show_times(spent, REPEATS * (unmet if way.startswith("explanation") else count)), "")
            for way, spent in times.items()
        ]
    print_table(
        f"Judging the catalogue of {len(steps)} policies",
        f"In process, µs a policy (explanations: µs an explained policy). Facts as `policy check` gathers them.\n"
        f"The first two rows are over single policies; the others are {ROUNDS} interleaved runs of the whole\n"
        "catalogue, median and least.",
        ("way", "median", "least", "budget"),
        rows,
    )
    return within


def view(facts: Facts) -> tuple[Any, ...]:
    """What a compiled policy is called with."""
    return facts.values, facts.proven_values, facts.unavailable, TODAY


def time_call(function: Judge, arguments: tuple[Any, ...], calls: int = 2000, repeats: int = 7) -> float:
    """The seconds of one call: the median of several series."""
    series = []
    for _ in range(repeats):
        start = perf_counter()
        for _ in range(calls):
            function(*arguments)
        series.append((perf_counter() - start) / calls)
    return median(series)


def list_ways(policy_set: PolicySet, facts: Facts) -> dict[str, Callable[[], object]]:
    """The ways to judge all policies, each repeated 20 times for the clock's sake."""
    steps = make_plan(policy_set, "check").steps
    pairs = [(step.policy, step.explainer.params) for step in steps]
    compiled = compile_policies(pairs)
    closures = [compile_closures(policy, params) for policy, params in pairs]
    arguments = view(facts)
    outcomes = [judge_policy(*pair, facts, TODAY) for pair in pairs]
    if any([one(*arguments) for one in way] != outcomes for way in (compiled, closures)):
        raise AssertionError("the compiled policies say something else than the interpreter")
    unmet = [pair for pair, outcome in zip(pairs, outcomes, strict=True) if outcome in ("fail", "unknown")]
    ways: dict[str, Callable[[], object]] = {
        "compiled, whole catalogue": lambda: [one(*arguments) for one in compiled],
        "closures": lambda: [one(*arguments) for one in closures],
        "reference interpreter": lambda: [judge_policy(*pair, facts, TODAY) for pair in pairs],
        "judge(), facts resolved, reasons and digests": lambda: judge_anew(policy_set, facts),
    }
    if unmet:
        explainers = [Explainer(*pair) for pair in unmet]
        ways[f"explanation of {len(unmet)} not passed"] = lambda: [one.explain(facts, TODAY) for one in explainers]
    return {name: repeat(way) for name, way in ways.items()}


def judge_anew(policy_set: PolicySet, facts: Facts) -> object:
    """The complete judgement of claims that nobody has looked at."""
    fresh = Facts(facts.claims, facts.schema, facts.subject, facts.unavailable)
    return judge(policy_set, fresh, gate="check", now=NOW)


def repeat(function: Callable[[], object]) -> Callable[[], object]:
    """The function, so often that one run is long enough for the clock."""
    return lambda: [function() for _ in range(REPEATS)]


def run_compilers() -> None:
    """Generated code against closures: what each costs to make and to run."""
    policy_set, subjects = read_examples()
    pairs = [(policy, policy_set.values_for(policy)) for policy in policy_set.policies]
    facts = [view(subject.facts) for subject in subjects]
    generated = compile_policies(pairs)
    closures = [compile_closures(policy, params) for policy, params in pairs]
    making = time_interleaved(
        {
            "generated": lambda: compile_policies(pairs),
            "generated, one by one": lambda: [compile_policy(*pair) for pair in pairs],
            "closures": lambda: [compile_closures(*pair) for pair in pairs],
        },
        ROUNDS,
    )
    running = time_interleaved(
        {
            "generated": repeat(lambda: [[one(*each) for one in generated] for each in facts]),
            "closures": repeat(lambda: [[one(*each) for one in closures] for each in facts]),
        },
        ROUNDS,
    )
    cost = {name: times.median * 1e6 / len(pairs) for name, times in making.items()}
    calls = REPEATS * len(facts) * len(pairs)
    speed = {name: times.median * 1e6 / calls for name, times in running.items()}
    even = (cost["generated"] - cost["closures"]) / (speed["closures"] - speed["generated"])
    print_table(
        "Generated code against closures",
        f"The catalogue on {len(facts)} examples, µs a policy, medians of {ROUNDS} interleaved runs. Generated code\n"
        f"is ahead of closures once a policy has been judged {even:.0f} times. A plan starts with the interpreter,\n"
        f"which needs nothing made, and compiles after {WALKS} judgements a policy.",
        ("way", "to make", "to judge", "ratio"),
        [
            (name, f"{cost[name]:.1f}", *show_speed(speed, name))
            for name in ("generated", "generated, one by one", "closures")
        ],
    )


def show_speed(speed: dict[str, float], name: str) -> tuple[str, str]:
    """The cost of judging and its ratio to generated code; nothing where it was not measured apart."""
    if name not in speed:
        return "", ""
    return f"{speed[name]:.2f}", f"{speed[name] / speed['generated']:.2f}"
