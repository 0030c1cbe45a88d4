"""`policy preview`, through the real command line: what is recorded, judged again by another policy set."""

from __future__ import annotations

import json
import os

import pytest

from policy.records.ledger import open_ledger
from policy.reports.preview.contract import PreviewDocument
from tests.gates.cli.conftest import write_manifest, write_policy
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture

pytest.importorskip("sqlalchemy")

RAG = write_policy("rag-only", "require: {approach: rag}\neffect: {default: block}\n")
SET = "policy_set: 1\npolicies: [./rules]\nledger: sqlite:///ledger.db\n"
OBSERVE = f"{SET}modes: {{rag-only: observe}}\n"
BAD = write_manifest("bad", "approach: fine-tuning\nowner: {team: search-ml, contact: search@example.com}\n")
FILES = {
    "policy.yaml": OBSERVE,
    "rules/own/rag-only.yaml": RAG,
    "a/ml-manifest.yaml": BAD,
    "b/ml-manifest.yaml": write_manifest("good", "approach: rag\n"),
}
ALL = "--since 2026-01-01 --until 2027-01-01"


@pytest.fixture
def kept(plant, call):
    """Two projects judged at two gates while the policy observes, and the decisions in the ledger."""
    root = plant(FILES)
    for gate in ("ci", "run"):
        assert call(f"check --gate {gate} --effective-time 2026-11-20").code == 0
    return root


def report(call, line, code=0):
    result = call(f"preview {line} -o json")
    assert result.code == code, result.err
    document = json.loads(result.out)
    PreviewDocument.model_validate(document)
    return document


def enforce(root):
    (root / "policy.yaml").write_text(SET)


def test_in_words(kept, call):
    enforce(kept)
    result = call(f"preview . {ALL}")
    with open_ledger("sqlite:///ledger.db") as ledger:
        ids = {row.seq: row.decision_id for row in ledger.read_decisions()}
        name = ledger.id
    assert result.out == (
        "NEW_SET  the working tree, policy.yaml\n"
        f"ledger   ledger ({name}): decisions at every gate from\n"
        "         2026-01-01T00:00:00Z to 2027-01-02T00:00:00Z, each as at its own time\n"
        "\n"
        "newly blocked\n"
        "  bad, owned by search-ml (search@example.com)\n"
        "    allow → block  at ci\n"
        f"      latest of 1 decision (1 harder): entry 1, 2026-11-20T00:00:00Z,\n        {ids[1]}\n"
        "      rag-only: fail (would block) → fail (block)\n"
        "    allow → block  at run\n"
        f"      latest of 1 decision (1 harder): entry 3, 2026-11-20T00:00:00Z,\n        {ids[3]}\n"
        "      rag-only: fail (would block) → fail (block)\n"
        "\n"
        "by policy, projects by their latest decisions\n"
        "  rag-only: would have blocked 2 of 4 decisions, a harder verdict for 2, 1 of 2 projects, owned by\n"
        "    search-ml (1)\n"
        "\n"
        "4 of 4 recorded decisions judged again: 2 newly blocked, 0 newly held, 0 newly flagged, 0 freed, 2\n"
        "  unchanged\n"
        "2 projects, by the latest decisions: 1 newly blocked, 0 newly held, 0 newly flagged, 0 freed, 1\n"
        "  unchanged\n" + ("1 warning (on standard error)\n" if result.err else "")
    )
    assert result.code == 0


@pytest.mark.usefixtures("kept")
def test_what_observing_would_have_blocked(call):
    result = call(f"preview . {ALL} --gate ci")
    line = "  rag-only (observe): if enforced would have blocked 1 of 2 decisions, 1 of 2 projects, owned by"
    assert f"{line}\n    search-ml (1)\n" in result.out
    assert "2 of 2 recorded decisions judged again: 0 newly blocked" in result.out


def test_nothing_is_recorded_by_it(kept, call):
    enforce(kept)
    before = call("ledger list").out
    report(call, f". {ALL}")
    assert call("ledger list").out == before


def test_for_programs_with_the_newest_first(kept, call):
    enforce(kept)
    document = report(call, f". {ALL}")
    assert [change["entry"] for change in document["decisions"]] == [3, 1]
    assert document["decisions"][0]["policies"] == ["rag-only"]
    assert document["summary"]["newly_blocked"] == 2
    assert document["judged_as_at"] is None
    (policy,) = document["policies"]
    assert policy["owners"] == [{"owner": "search-ml", "projects": 1}]


def test_the_exit_code_tells_whether_anything_changes_if_asked(kept, call):
    assert call(f"preview . {ALL} --exit-code").code == 0
    enforce(kept)
    assert call(f"preview . {ALL}").code == 0
    assert call(f"preview . {ALL} --exit-code").code == 1
    assert call(f"preview . {ALL} --exit-code --project good").code == 0


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("options", ["--since 2027-01-01", "--project nobody", "--gate release"])
def test_nothing_to_judge_ends_with_three(call, options):
    result = call(f"preview . {ALL if 'since' not in options else '--until 2028-01-01'} {options}")
    assert result.code == 3
    assert "there is nothing to preview: no decision is recorded from 202" in result.err


def test_a_set_elsewhere_needs_no_ledger_of_its_own(kept, call):
    other = kept / "other"
    (other / "rules/own").mkdir(parents=True)
    (other / "policy.yaml").write_text("policy_set: 1\npolicies: [./rules]\n")
    (other / "rules/own/rag-only.yaml").write_text(RAG)
    for name in ("other", "other/policy.yaml", "./other"):
        document = report(call, f"{name} {ALL}")
        assert (document["summary"]["newly_blocked"], document["new"]["file"]) == (2, "other/policy.yaml")
    digest = call("bundle verify other").out.split()[0].removeprefix("sha256:")
    assert report(call, f"other#sha256={digest} {ALL}")["summary"]["newly_blocked"] == 2


@pytest.mark.usefixtures("_alone")
def test_a_revision(kept, call):
    enforce(kept)
    git(kept, "init", "--quiet", "--initial-branch=main")
    git(kept, "add", "policy.yaml", "rules")
    git(kept, "commit", "--quiet", "--message=enforced")
    (kept / "policy.yaml").write_text(OBSERVE)
    document = report(call, f"main {ALL}")
    assert (document["summary"]["newly_blocked"], len(document["new"]["commit"])) == (2, 40)
    assert report(call, f". {ALL}")["summary"]["newly_blocked"] == 0
    assert call(f"preview nowhere {ALL}").err.startswith("error: `NEW_SET`: ")


def test_a_ledger_can_be_named(kept, call):
    os.rename(kept / "ledger.db", kept / "else.db")
    assert call(f"preview . {ALL}").code == 2
    assert report(call, f". {ALL} --ledger sqlite:///else.db")["summary"]["judged"] == 4


def test_all_as_at_one_time(kept, call):
    (kept / "policy.yaml").write_text(f"{SET}from: {{rag-only: 2027-01-01}}\n")
    result = call(f"preview . {ALL}")
    assert "rag-only acts in full only later: add `--effective-time 2027-01-01` to see it\n" in result.out
    assert {change["new"] for change in report(call, f". {ALL}")["decisions"]} == {"flag"}
    document = report(call, f". {ALL} --effective-time 2027-01-01")
    assert {change["new"] for change in document["decisions"]} == {"block"}
    assert document["judged_as_at"] == "2027-01-01T00:00:00Z"


HOLDING = write_policy("held", "require: {approach: rag}\neffect: {default: hold}\n")


@pytest.mark.parametrize(
    ("settings", "policy", "warned"),
    [
        ("", HOLDING, True),
        ("ledger: sqlite:///other.db\n", HOLDING, False),
        ("", HOLDING.replace("hold}", "flag}"), False),
        # Of one that blocks, an unknown outcome holds.
        ("", HOLDING.replace("hold}", "block}"), True),
    ],
)
def test_that_holds_only_flag_without_a_ledger_is_said(kept, call, settings, policy, warned):
    (kept / "other" / "policies").mkdir(parents=True)
    (kept / "other" / "policies" / "held.yaml").write_text(policy)
    (kept / "other" / "policy.yaml").write_text(f"policy_set: 1\npolicies: [policies]\n{settings}")
    result = call(f"preview other {ALL}")
    said = "NEW_SET names no ledger, so what it holds at the gates `check`, `commit` and `ci` only flags there"
    assert (result.code, said in result.err) == (0, warned)
    told = [warning["message"] for warning in report(call, f"other {ALL}")["warnings"]]
    assert any(message.startswith(said) for message in told) is warned


def test_a_plugin_that_only_the_new_set_names_is_not_imported(kept, call):
    other = kept / "other"
    other.mkdir()
    (other / "policy.yaml").write_text("policy_set: 1\nplugins: [no_such_plugin]\n")
    result = call(f"preview other {ALL}")
    assert "only NEW_SET names the plugin `no_such_plugin`, which is not imported" in result.err
    assert result.code == 0


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (". --since yesterday", "`--since`: `yesterday` is neither a duration nor a time"),
        (". --until 5", "`--until`: `5` is neither a duration nor a time"),
        (". --since 1d --until 2d", "`--since 1d` is not before `--until 2d`"),
        (". --since 2999-01-01", "`--since 2999-01-01` is not before now"),
        (". --effective-time soon", "`--effective-time`: `soon` is not a time"),
        (". --output jsn", "there is no format `jsn`"),
        (". --gate comit", "there is no gate `comit`"),
        (". -o json=policy.yaml", "the report would overwrite `policy.yaml`, which this run reads"),
        (". -o json=ledger.db", "the report would overwrite `ledger.db`, which this run reads"),
        ("gone", "`NEW_SET`: "),
    ],
)
def test_what_is_wrong_is_said(call, line, said):
    result = call(f"preview {line}")
    assert result.code == 2
    assert f"error: {said}" in result.err
    assert result.out == ""


def test_a_broken_set_is_named_with_its_place(kept, call):
    (kept / "policy.yaml").write_text(f"{SET}modus: x\n")
    result = call(f"preview . {ALL} --ledger sqlite:///ledger.db")
    assert result.code == 2
    assert "policy.yaml:4:1: " in result.err
    assert "NEW_SET (the working tree): there is no key `modus`" in result.err


def test_without_a_ledger_it_is_said(plant, call):
    plant({"policy.yaml": "policy_set: 1\n"})
    result = call("preview .")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: the policy set has no ledger\n")


def test_texts_that_steer_a_terminal_are_shown(plant, call):
    team = "<b>\\u202e\\u001b[31m ::error::"
    root = plant({**FILES, "a/ml-manifest.yaml": BAD.replace("team: search-ml", f'team: "{team}"')})
    assert call("check --gate ci --effective-time 2026-11-20").code == 0
    enforce(root)
    for form in ("text", "markdown", "json"):
        result = call(f"preview . {ALL} -o {form}")
        assert (result.code, "31m" in result.out) == (0, True)
        assert not {"\x1b", "\u202e"} & set(result.out)
        assert "\n::error" not in result.out
