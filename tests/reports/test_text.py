"""The text report, as people see it."""

from __future__ import annotations

import re

import pytest

from policy.errors import Location, Problem
from policy.model.policy import Policy
from policy.model.summary import Summary
from policy.reports.layout import WIDTH
from policy.reports.text import TextReporter
from policy.source.display import measure_width
from tests.building import decide, make_facts, make_policy
from tests.reports.scenarios import MANIFEST, POLICIES, SCENARIOS, Scenario, allow, block, flag, hostile, observe

REPORTER = TextReporter()
ESCAPE = re.compile("\x1b\\[[0-9;]*m")
DIGEST = re.compile("sha256:[0-9a-f]{64}")


def render(scenario: Scenario, *, colour: bool = False) -> str:
    """The whole report of one decision."""
    context = scenario.context(colour=colour)
    return "".join(
        (
            REPORTER.start(context),
            REPORTER.report_decision(scenario.decision, context),
            REPORTER.finish(scenario.summary(), (), context),
        )
    )


def finish(summary: Summary, *problems: Problem, fail_on: str = "block") -> str:
    return REPORTER.finish(summary, problems, allow().context(fail_on=fail_on))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_decision_looks_as_kept(name, snapshot):
    snapshot(f"reports/text/{name}.txt", DIGEST.sub("sha256:<digest>", render(SCENARIOS[name]())))


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_line_is_wider_than_a_screen_or_ends_in_a_space(name):
    for line in render(SCENARIOS[name]()).splitlines():
        # A quoted line is as wide as it stands in its file.
        assert measure_width(line) <= WIDTH or re.match(r" +(\d+)? \|", line)
        assert line == line.rstrip()


def make_failing(count: int) -> tuple[Policy, ...]:
    text = "policy: rule-{0}\ntitle: Rule {0}\nseverity: high\nrequire: {{approach: rag}}\neffect: {1}\n"
    return tuple(make_policy(text.format(number, "flag" if number == 1 else "block")) for number in range(count))


@pytest.mark.parametrize(("count", "last"), [(3, None), (4, "  blocked by: rule-0, rule-2, rule-3")])
def test_after_many_findings_what_decides_is_said_again(count, last):
    decision = decide(make_failing(count), make_facts("approach: fine-tuning"))
    lines = REPORTER.report_decision(decision, allow().context()).splitlines()
    assert (lines[-1] == last) == (last is not None)
    assert ("blocked by" in "".join(lines)) == (last is not None)


def test_three_findings_fit_on_one_screen():
    assert render(block()).count("\n") <= 45


@pytest.mark.parametrize("name", SCENARIOS)
def test_colours_change_nothing_but_colours(name):
    scenario = SCENARIOS[name]()
    coloured = render(scenario, colour=True)
    assert "\x1b[" in coloured
    assert ESCAPE.sub("", coloured) == render(scenario)
    assert "\x1b" not in render(scenario)


def test_colours_are_as_kept(snapshot):
    snapshot("reports/text/colours.txt", render(block(), colour=True).replace("\x1b", "<esc>"))


@pytest.mark.parametrize("colour", [False, True])
def test_nothing_that_a_project_writes_steers_the_terminal(colour):
    text = ESCAPE.sub("", render(hostile(), colour=colour))
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    # A line break in a name starts no line of its own.
    assert not [line for line in text.splitlines() if line.startswith("block:")]


def test_an_endless_value_is_cut():
    manifest = f"project: p\nmodel: {{base: {'x' * 100_000}}}\n"
    policy = make_policy("require: {model.base: plain}\n")
    decision = decide(policy, make_facts(manifest, file=MANIFEST))
    assert len(render(Scenario(decision, {MANIFEST: manifest}, (policy,)))) < 4000


def test_a_line_that_cannot_be_read_is_named_with_what_is_required_there():
    scenario = flag()._replace(files={})
    assert f"--> {MANIFEST}:8:9 (required: at least 1000)\n" in render(scenario)


def test_a_requirement_that_does_not_fit_beside_the_caret_stands_below_it():
    manifest = f"project: p\npurpose: [{', '.join(['knowledge'] * 7)}]\n"
    policy = make_policy("require: {purpose: {contains_any: [style, latency]}}\n")
    text = render(Scenario(decide(policy, make_facts(manifest)), {"ml-manifest.yaml": manifest}, (policy,)))
    assert "^\n       | required: one of style, latency in the list\n" in text


def test_paths_are_shown_as_the_context_says():
    scenario = flag()
    context = scenario.context()._replace(show_path=lambda path: f"../{path}")
    text = REPORTER.report_decision(scenario.decision, context)
    assert f"flag  support-reply-tone  ../{MANIFEST}\n" in text
    assert f"--> ../{MANIFEST}:8:9\n" in text


def test_every_project_is_followed_by_its_counts_and_the_run_by_its_own():
    summary = Summary()
    for scenario in (block(), allow(), allow(), flag(), observe()):
        summary.count(scenario.decision)
    assert finish(summary) == (
        "\n1 blocked, 1 flagged, 3 allowed · held back: 1 would block, 2 would hold, 1 would flag\n"
    )


def test_a_flag_that_fails_the_run_is_called_that():
    assert "1 flagged (which fails: --fail-on flag)" in finish(flag().summary(), fail_on="flag")
    assert "which fails" not in finish(block().summary(), fail_on="flag")


def test_problems_with_the_input_are_counted_apart():
    problem = Problem("no such field", "leave it out", Location("a.yaml"))
    warning = problem._replace(level="warning")
    assert finish(Summary(), problem) == "nothing was judged · 1 problem with the input (on standard error)\n"
    assert finish(allow().summary(), problem, problem, warning) == (
        "\n1 allowed · 2 problems with the input (on standard error) · 1 warning (on standard error)\n"
    )


def test_a_gate_without_policies_is_not_silent():
    scenario = Scenario(decide((), make_facts("project: p\n", file=MANIFEST)), {}, ())
    assert "(no policy of the check gate applies to this project)" in render(scenario)


def test_the_same_decision_gives_the_same_bytes():
    context = block().context()
    assert REPORTER.report_decision(block().decision, context) == REPORTER.report_decision(block().decision, context)


def test_facts_that_many_policies_lack_are_told_once():
    decision = decide(POLICIES, make_facts("project: p\napproach: fine-tuning\n", file=MANIFEST))
    text = render(Scenario(decision, {}, POLICIES))
    lacking = [line for line in text.splitlines() if "purpose" in line or "data.rows" in line]
    assert lacking == ["  only advice waits for: data.rows, evaluation.style_metric, purpose"]
