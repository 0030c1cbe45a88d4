"""One line a finding."""

from __future__ import annotations

import pytest

from policy.model.summary import Summary
from policy.reports.short import ShortReporter
from tests.reports.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_lines_are_as_kept(name, snapshot):
    scenario = SCENARIOS[name]()
    reporter, summary = ShortReporter(), Summary()
    summary.count(scenario.decision)
    parts = (
        reporter.start(scenario.context()),
        reporter.report_decision(scenario.decision, scenario.context()),
        reporter.finish(summary, (), scenario.context()),
    )
    text = "".join(parts)
    assert text.isprintable() or text.replace("\n", "").isprintable()
    snapshot(f"reports/short/{name}.txt", text)
