"""What a reader finds: the overview, findings, gaps, waivers, policies, and how to check it all."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase

import pytest

from policy.errors import Problem
from policy.gates.cli.main import main
from policy.model.decision import Subject
from policy.model.proposal import PoliciesFrom, Proposed, ProposedChanges
from policy.model.selection import Selection, Touched
from policy.reports.html.record import say_command
from tests.reports.html.rendering import (
    PROBLEMS,
    STANDINGS,
    WAIVER,
    Page,
    make_context,
    render,
    render_all,
)
from tests.reports.scenarios import (
    SCENARIOS,
    allow,
    block,
    contradiction,
    entries,
    error,
    none_applies,
    observe,
    undeclared,
    unknown,
    waived,
)


def rows_of(page: Page, caption: str) -> list[list[str]]:
    """The cells of the tables with this caption, heads left out."""
    rows: list[list[str]] = []
    inside = False
    for found in page.elements:
        if found.name == "caption":
            inside = found.said == caption
        if inside and found.name == "tr":
            rows.append([])
        if inside and (found.name == "td" or found.attributes.get("scope") == "row"):
            rows[-1].append(found.said)
    return [row for row in rows if row]


def terms_of(page: Page, class_: str) -> dict[str, str]:
    """The terms of the first list of a class."""
    (listed, *_) = page.find("dl", class_)
    start = page.elements.index(listed)
    names = [found.said for found in page.elements[start:] if found.name == "dt"]
    values = [found.said for found in page.elements[start:] if found.name == "dd"]
    count = "".join(listed.text)
    pairs = {}
    for name, value in zip(names, values, strict=True):
        if name not in pairs and name in count:
            pairs[name] = value
    return pairs


def test_the_first_screen_says_what_was_judged_and_by_what():
    page = Page(render([block(), allow()], PROBLEMS))
    scope = terms_of(page, "scope")
    assert scope["Scope"] == "2 projects, 1 problem with the input"
    assert scope["Gate"] == "check, mode enforce; the run fails on blocked projects"
    assert scope["Time"] == "2026-11-20 00:00:00 UTC"
    assert scope["Policy set"] == "acme from policy.yaml"
    assert scope["Its digest"].startswith("sha256:")
    assert scope["Policies"] == "5 of 6 judged at this gate"
    # One that has its policy's own value is none.
    assert scope["Parameters changed"] == "volatile-data.shortest_interval = 14d instead of 30d"
    assert page.text_of("p", "result") == [
        "2 projects judged: 1 blocked, 1 allowed; 1 problem with the input kept something from being judged."
    ]


def test_a_run_of_nothing_says_so():
    page = Page(render())
    assert page.text_of("p", "result") == ["Nothing was judged."]
    assert terms_of(page, "scope")["Time"] == "not judged"


def test_every_result_is_counted_and_the_whole_is_their_sum():
    page = Page(render_all())
    rows = rows_of(page, "Every policy of the gate on every project")
    counts = {row[0].partition(" ")[0] if "plicable" not in row[0] else "Not": int(row[1]) for row in rows}
    total = counts.pop("All")
    assert total == sum(counts.values()) == sum(len(make().decision.outcomes) for make in SCENARIOS.values())
    assert all(counts[word] for word in ("Fail", "Waived", "Errored", "Unknown", "Pass", "Not"))
    (rest,) = page.text_of("ul", "rest")
    assert "12 results not assessed" in rest
    assert "1 contradiction between" in rest
    assert "1 project to which no policy of the gate applies" in rest


def test_problems_with_the_input_come_before_warnings():
    rows = rows_of(Page(render([allow()], PROBLEMS)), "Problems with the input")
    assert rows == [
        ["Not judged", "aproach is no field", "write approach", "b/ml-manifest.yaml:3:1"],
        ["Warning", "odd.yaml is odd", "look at it", ""],
    ]
    assert rows_of(Page(render([allow()])), "Problems with the input") == []


@pytest.mark.parametrize(("number", "closed"), [(10, False), (11, True)])
def test_many_problems_do_not_hide_the_projects(number, closed):
    problems = [Problem(f"problem {count}", level="warning") for count in range(number)]
    page = Page(render([allow()], problems))
    assert (f"{number} problems with the input" in page.text_of("summary")) == closed
    assert len(rows_of(page, "Problems with the input")) == number


def test_a_finding_says_what_is_required_found_and_where():
    page = Page(render([block()]))
    assert rows_of(page, "What decided") == [
        ["data.change_interval", "at least 30d", "7d not met", "declared projects/tone/ml-manifest.yaml:7:20"],
        ["needs.citations", "one way: false", "true not met", "declared projects/tone/ml-manifest.yaml:5:20"],
        ["retrieval.planned", "one way: true", "false not met", "declared projects/tone/ml-manifest.yaml:9:22"],
        ["data.rows", "at least 1000", "400 not met", "declared projects/tone/ml-manifest.yaml:8:9"],
    ]
    assert page.text_of("h4") == [
        "Blocks Do not fine-tune on data that changes often",
        "Flags Retrieve documents where answers must cite their sources",
        "Flags Have enough examples before fine-tuning",
    ]
    remedy = terms_of(page, "remedy")
    assert remedy["What to do"].startswith("Serve the changing part from retrieval")
    assert remedy["Approaches instead"] == "rag"
    assert page.text_of("p", "note")[0].startswith("Would hold: nobody can approve here")


def test_what_is_observed_says_by_what():
    rows = rows_of(Page(render([undeclared()])), "What decided")
    assert rows[0][3] == "observed: training config projects/tone/train/axolotl.yaml:2:14"


def test_a_contradiction_shows_both_sides():
    rows = rows_of(Page(render([contradiction()])), "Claims that contradict each other")
    assert rows == [
        [
            "data.rows",
            "4000 projects/tone/ml-manifest.yaml:8:9",
            "380 projects/tone/train/axolotl.yaml:3:9",
            "training config",
        ]
    ]


def test_what_is_unknown_says_what_would_settle_it_and_who_needs_it():
    page = Page(render([unknown()]))
    rows = {row[0]: row[1:] for row in rows_of(page, "What is missing, and what would settle it")}
    settle, needed = rows["data.change_interval"]
    assert settle.startswith(
        "state data.change_interval in the manifest: typical time between changes of the training data"
    )
    assert needed == "volatile-data (hold)"
    assert set(rows) == {name for item in unknown().decision.not_assessed for name in item.missing}


def test_without_a_manifest_the_way_out_is_one():
    assert any("write ml-manifest.yaml" in text for text in Page(render([undeclared()])).text_of("p"))


def test_a_policy_that_broke_is_a_finding_and_no_pass():
    page = Page(render([error()]))
    assert "the predicate rows was ended after 10 seconds" in page.text_of("p", "message")
    assert terms_of(page, "record")["Errored"] == "few-examples"


def test_what_would_act_says_why_it_does_not():
    page = Page(render([observe()]))
    assert page.text_of("h4")[0].startswith("Would block")
    assert page.text_of("p", "note")[0] == "Note: the mode is observe"


def test_a_waived_outcome_names_who_answers_for_it_why_and_until_when():
    page = Page(render([waived()]))
    grounds = terms_of(page, "waiver")
    assert grounds["Owner"] == "support-ml"
    assert grounds["Reason"] == "the old data is kept"
    assert grounds["Compensating control"] == "a person reads every answer"
    assert grounds["Expires"] == "2026-12-31, at the end of the day (UTC)"
    assert "Waived Do not fine-tune on data that changes often" in page.text_of("h4")


def test_only_a_waiver_that_may_have_done_it_is_shown():
    assert fnmatchcase("support-reply-tone", WAIVER.subject)
    other = make_context()
    assert Page(render([block()], context=other)).find("dl", "waiver") == []


def test_a_waived_policy_that_is_unknown_shows_its_waiver_too():
    scenario = waived()
    changed = [
        one._replace(missing=("data.change_interval",)) if one.outcome == "waived" else one
        for one in scenario.decision.outcomes
    ]
    item = unknown().decision.not_assessed[0]._replace(policy="volatile-data")
    decision = scenario.decision._replace(outcomes=tuple(changed), not_assessed=(item,))
    assert terms_of(Page(render([scenario._replace(decision=decision)])), "waiver")["Owner"] == "support-ml"


def test_the_register_holds_every_waiver_also_those_that_do_not_count():
    rows = rows_of(Page(render([allow()], waivers=STANDINGS)), "Every waiver of the policy set, and how it stands")
    assert [row[2] for row in rows] == [
        "expiring, counts, needed here",
        "expired, does not count it ended on 2026-11-01: ask for a new one",
    ]
    assert [row[3] for row in rows] == ["support-ml", "not provided"]
    assert rows[0][4] == "the old data is kept Compensating control: a person reads every answer Ticket: OPS-12"
    assert [row[6] for row in rows] == ["2026-12-31 (1 day left)", "2026-11-01 (19 days ago)"]
    assert any("no waivers" in text for text in Page(render()).text_of("p"))


def test_policies_are_listed_with_what_the_set_makes_of_them():
    page = Page(render([block()]))
    judged = {row[0]: row[1] for row in rows_of(page, "Policies judged at the gate check")}
    assert len(judged) == 5
    assert "hold; in full from 2027-01-01" in judged.values()
    assert "flag; mode observe" in judged.values()
    ((idle, effect, why, controls),) = rows_of(page, "Not judged at this gate")
    assert idle == "Name an owner listed · low · policies/listed.yaml"
    assert effect == "not judged"
    assert why == "Somebody has to answer for it."
    assert "iso-42001: A.7.2" in controls
    assert "javascript:alert(1)" in controls
    assert rows_of(page, "Parameters that the policy set changes") == [
        ["volatile-data.shortest_interval", "14d", "30d", "policy.yaml:4:3"]
    ]


def test_every_digest_of_a_decision_is_there():
    decision = block().decision
    record = terms_of(Page(render([block()])), "record")
    for digest in (decision.id, decision.basis, decision.policy_set, decision.subject_digest, decision.evidence):
        assert digest in record.values()
    assert {decision.waivers, decision.approvals, decision.tables} <= set(record.values())
    assert record["Pass"] == "style-measured"


def test_a_project_without_policies_says_so():
    (tally,) = Page(render([none_applies()])).text_of("p", "tally")
    assert tally == "No policy of the gate check applies to this project."


def test_results_about_entries_show_each():
    assert len(rows_of(Page(render([entries()])), "What decided")) == 2


@pytest.mark.parametrize("file", ["a b/ml-manifest.yaml", "-rf", "$(x)/ml-manifest.yaml"])
def test_the_command_takes_any_path_as_it_is(file):
    decision = block().decision._replace(subject=Subject("p", file))
    words = shlex.split(say_command(decision, make_context()))
    assert words[2] in (file, f"./{file}")
    assert not words[2].startswith("-")
    assert words[-2:] == ["--output", "json"]


@pytest.mark.parametrize(("fail_on", "said"), [("hold", "blocked and held"), ("flag", "blocked, held and flagged")])
def test_the_first_screen_says_what_fails(fail_on, said):
    page = Page(render([allow()], context=make_context(fail_on)))
    assert f"the run fails on {said} projects" in terms_of(page, "scope")["Gate"]


def test_what_a_change_chose_is_told_with_the_reason():
    selection = Selection(
        "origin/main",
        "a" * 40,
        "b" * 40,
        direct=False,
        judged=(Touched("a/ml-manifest.yaml", "`a/x` is changed"),),
        skipped=("b/ml-manifest.yaml",),
        gone=(Touched("c/ml-manifest.yaml", "it is deleted"),),
        projects=2,
    )
    page = Page(render([allow()], context=make_context()._replace(selection=selection, paths=("a", "b"))))
    assert terms_of(page, "scope")["Scope"] == "1 project below a, b, 0 problems with the input"
    assert terms_of(page, "scope")["Chosen"].startswith("judged 1 of 2 projects: changed since origin/main")
    rows = rows_of(page, "Projects by what the change touches")
    assert [row[:2] for row in rows] == [
        ["a/ml-manifest.yaml", "judged"],
        ["c/ml-manifest.yaml", "gone"],
        ["b/ml-manifest.yaml", "not judged"],
    ]


def test_what_a_change_proposes_is_shown_apart_from_what_judges():
    source = PoliciesFrom("origin/main", "c" * 40, "base/policy.yaml", ProposedChanges(("volatile-data",)))
    scenario = block()
    decision = scenario.decision._replace(proposed=Proposed("allow", ("volatile-data",), "sha256:0"))
    context = make_context()._replace(policies_from=source)
    page = Page(render([scenario._replace(decision=decision)], context=context))
    named = terms_of(page, "scope")["Policy set"]
    assert "origin/main (cccccccccc)" in named
    assert "this change also changes volatile-data" in named
    assert page.text_of("p", "proposed") == [
        "proposed: this change also changes volatile-data: with it the verdict would be allow"
    ]
    assert page.text_of("h3") == ["Blocked support-reply-tone"]
    assert f"--policies-from {'c' * 40}" in terms_of(page, "record")["To judge it again"]
    assert Page(render([scenario])).find("p", "proposed") == []


def test_a_problem_of_every_sort_is_told_once():
    problems = (Problem("a"), Problem("b", level="warning"))
    assert len(rows_of(Page(render([allow()], problems)), "Problems with the input")) == 2


def test_the_command_writes_the_page_and_its_own_commands_give_the_same_decision(tmp_path, monkeypatch, capsys):
    import json

    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml-manifest.yaml").write_text("manifest: 1\nproject: p\napproach: fine-tuning\npurpose: [knowledge]\n")
    line = ["check", ".", "--effective-time", "2026-11-20", "--output"]
    assert main([*line, "html=report.html"]) == 1
    first = (tmp_path / "report.html").read_bytes()
    assert main([*line, "html=report.html", "--jobs", "1"]) == 1
    assert (tmp_path / "report.html").read_bytes() == first
    record = terms_of(Page(first.decode()), "record")
    capsys.readouterr()
    assert main(shlex.split(record["To judge it again"])[1:]) == 1
    (decision,) = json.loads(capsys.readouterr().out)["decisions"]
    assert decision["id"] == record["Decision id"]
    assert decision["basis"] == record["Basis"]
