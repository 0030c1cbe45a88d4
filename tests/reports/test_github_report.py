"""Annotations for GitHub Actions, as its runner reads them."""

from __future__ import annotations

import pytest

from policy.errors import Location, Problem
from policy.model.decision import Outcome
from policy.reports.github_report import SHOWN, GithubReporter, write_command
from policy.reports.json_report import JsonReporter
from policy.reports.short import ShortReporter
from policy.reports.text import TextReporter
from tests.reports.runner import Command, obey
from tests.reports.scenarios import MANIFEST, SCENARIOS, Scenario, allow, block, flag, waived
from tests.reports.whole import HOSTILE, poison, poison_problems, propose, render, render_decisions, render_named

REPORTER = GithubReporter()


def annotate(*scenarios: Scenario, problems: tuple[Problem, ...] = ()) -> list[Command]:
    return obey(render(REPORTER, scenarios, problems))


def annotate_outcome(outcome: Outcome, fail_on: str = "block") -> list[Command]:
    decision = allow().decision._replace(outcomes=(outcome,))
    return obey(render_decisions(REPORTER, [decision], context=allow().context(fail_on=fail_on)))


@pytest.mark.parametrize("name", SCENARIOS)
def test_annotations_are_as_kept(name, snapshot):
    snapshot(f"reports/github/{name}.txt", render_named(REPORTER, name))


def test_a_finding_stands_at_its_line_with_what_to_do():
    first = annotate(block())[0]
    assert first.name == "error"
    assert first.properties == {
        "file": MANIFEST,
        "line": "7",
        "endLine": "7",
        "col": "20",
        "endColumn": "22",
        "title": "block: volatile-data",
    }
    assert first.data.splitlines() == [
        "support-reply-tone: data.change_interval is 7 days (declared), at least 30 days is required",
        "help: Serve the changing part from retrieval and train only on what stays valid for 30 days.",
        "instead: rag",
        "more: policy explain volatile-data",
    ]


@pytest.mark.parametrize("fail_on", ["block", "hold", "flag"])
@pytest.mark.parametrize("effect", ["advise", "flag", "hold", "block", None])
def test_an_error_is_what_ends_the_run(effect, fail_on):
    (found,) = annotate_outcome(Outcome("p", "fail", "low", effect, None if effect else "block", "m"), fail_on)
    kinds = {"advise": "notice", None: "notice", "flag": "error" if fail_on == "flag" else "warning"}
    assert found.name == kinds.get(effect, "error")


@pytest.mark.parametrize("would_be", [None, "flag"])
def test_a_policy_that_broke_is_never_only_noticed(would_be):
    (found,) = annotate_outcome(Outcome("p", "error", "low", None, would_be, "it broke"))
    assert found.name == "warning"
    assert "could not be judged: it broke" in found.data


def test_a_finding_without_a_position_stands_at_its_project_or_nowhere():
    outcome = Outcome("p", "fail", "low", "block", message="m")
    (found,) = annotate_outcome(outcome)
    assert (found.properties["file"], found.properties["line"]) == (MANIFEST, "1")
    nobody = allow().decision.subject._replace(manifest=None, training_config=None)
    decision = allow().decision._replace(outcomes=(outcome,), subject=nobody)
    (found,) = obey(render_decisions(REPORTER, [decision]))
    assert found.properties == {"title": "block: p"}


def test_a_place_of_several_lines_has_no_columns():
    assert write_command("error", Location("a", 2, 3, 4, 5), "t", "m") == "::error file=a,line=2,endLine=4,title=t::m"


def test_waived_and_unassessed_policies_are_noticed():
    (notice,) = [command for command in annotate(waived()) if command.name == "notice"]
    assert notice.properties["title"] == "waived: volatile-data"
    assert "waived until 2026-12-31" in notice.data
    (notice,) = annotate(SCENARIOS["allow-with-gaps"]())[-1:]
    assert "not assessed" in notice.properties["title"]


def test_what_a_change_proposes_is_noticed():
    (notice,) = [
        found for found in obey(render_decisions(REPORTER, [propose(block().decision)])) if found.name == "notice"
    ]
    assert notice.properties == {"file": MANIFEST, "line": "1", "title": "proposed"}
    assert notice.data.endswith("this change also changes volatile-data: with it the verdict would be allow")


def test_all_that_could_not_be_judged_is_one_annotation_as_hard_as_the_hardest():
    unknown = SCENARIOS["unknown"]()
    told = [command for command in annotate(unknown) if "not assessed" in command.properties["title"]]
    assert [command.name for command in told] == ["warning"]
    assert "citations-required" in told[0].data
    assert "state in the manifest: data.change_interval" in told[0].data


def test_problems_with_the_input_come_first():
    problems = (
        Problem("odd", "look", Location("b.yaml", 2, 1, 2, 3), level="warning"),
        Problem("wrong", "mend it", Location("a.yaml", 4, 2), (("the other", Location("c.yaml")),)),
    )
    commands = annotate(block(), flag(), problems=problems)
    kinds = [command.name for command in commands]
    assert kinds == sorted(kinds, key=("error", "warning", "notice").index)
    assert commands[0].properties == {"file": "a.yaml", "line": "4", "title": "wrong input"}
    assert commands[0].data == "wrong\nthe other: c.yaml:1:1\nhelp: mend it"
    assert commands[kinds.index("warning")].data == "odd\nhelp: look"


@pytest.mark.parametrize("count", [SHOWN - 1, SHOWN, SHOWN + 1, 5000])
def test_github_shows_ten_of_a_kind_and_the_last_says_how_many_more(count):
    text = render(REPORTER, [flag(), *[block()] * count])
    commands = obey(text)
    errors = [command for command in commands if command.name == "error"]
    assert len(errors) == min(count, SHOWN)
    assert all("more error" not in command.data for command in errors[:-1])
    more = count - SHOWN
    said = f"and {more:,} more {'error' if more == 1 else 'errors'}: GitHub shows 10"
    assert (said in errors[-1].data) == (more > 0)
    # Worst first: the flagged project's own warning is the last of all.
    assert len([command for command in commands if command.name == "warning"]) == min(2 * count + 1, SHOWN)
    assert text.splitlines()[-1].startswith(f"{count:,} blocked, 1 flagged")


def test_nothing_to_annotate_is_a_line_of_counts():
    assert render(REPORTER, [allow()]) == "1 allowed\n"
    assert render(REPORTER, []) == "nothing was judged\n"


# Hostile texts


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_a_command_or_changes_one(text):
    decision = poison(text)
    output = render_decisions(REPORTER, [decision], poison_problems(text))
    commands = obey(output)
    # One more line: the counts.
    assert len(commands) == output.count("\n") - 1
    assert {command.name for command in commands} == {"error", "warning", "notice"}
    places = {"file", "line", "endLine", "col", "endColumn", "title"}
    assert all(command.properties.keys() <= places for command in commands)
    assert all(character.isprintable() or character == "\n" for character in output)


@pytest.mark.parametrize("reporter", [TextReporter(), ShortReporter(), JsonReporter()])
@pytest.mark.parametrize("text", [*HOSTILE, " ::error::x", *(f"{'x' * width} ::error::x" for width in range(60, 120))])
def test_other_reports_in_a_log_hold_no_command(reporter, text):
    output = render_decisions(reporter, [poison(text)], poison_problems(text))
    assert obey(output) == []


def test_the_runner_of_these_tests_obeys():
    text = "a\n  ::error file=a%2Cb,line=1::c%0Ad\n::nothing::x\nsay ##[add-mask]x\n##[y]"
    assert obey(text) == [Command("error", {"file": "a,b", "line": "1"}, "c\nd"), Command("add-mask", {}, "")]
