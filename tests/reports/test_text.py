"""The text report, as people see it."""

from __future__ import annotations

import pytest

from policy.errors import Problem
from policy.model.summary import Summary
from policy.reports.text import TextReporter
from policy.source.display import measure_width

from tests.reports.scenarios import SCENARIOS, Scenario, allow, block, flag, hostile, observe, waived

REPORTER = TextReporter()


def render(scenario: Scenario, *, colour: bool = False, problems: tuple[Problem, ...] = ()) -> str:
    """The whole report of one decision."""
    context = scenario.context(colour=colour)
    return "".join(
        (
            REPORTER.start(context),
            REPORTER.report_decision(scenario.decision, context),
            REPORTER.finish(scenario.summary(), problems, context),
        )
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_decision_looks_as_kept(name, snapshot):
    snapshot(f"reports/text/{name}.txt", render(SCENARIOS[name]()))
