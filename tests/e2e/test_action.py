"""The Action, run for real by act: what later steps, the log, the summary, code scanning and the pull request get."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.e2e.acting import ROOT, Acted, Repository, find_act, write_workflow
from tests.e2e.conftest import Policy
from tests.e2e.hooking import SET
from tests.gates.cli.conftest import STAGES, write_manifest, write_policy

TUNED = "approach: fine-tuning\nstage: {}\n"
NAME = "<script>alert(1)</script>\n::error::pwned\n::set-output name=verdict::allow\n##[error]pwned @all"
HOSTILE = write_manifest(json.dumps(NAME), TUNED.format("production"))
# Beside what is judged, under the names of what the tool imports; none of it is ever run.
TRAP = "import os\nopen(os.environ['RESULTS'] + '/trapped', 'w')\n"
TRAPS = dict.fromkeys(("policy.py", "tunegate.py", "yaml.py", "click.py", "pip.py", "venv.py", "json.py"), TRAP)
WAIVER = """\
waivers: 1
entries:
  - {policy: block, subject: blocked, reason: it moves in January, owner: ml, requested_by: jan,
     requested_on: 2026-01-01, approved_by: maria, approved_on: 2026-01-02, expires: 2099-01-01}
"""
RULES = "{approvers: {default: [maria]}, longest: 40000d}"
FILES = {
    "policy.yaml": SET,
    **{
        f"policies/own/{effect}.yaml": write_policy(
            effect, f"when: {{stage: {stage}}}\nrequire: {{approach: rag}}\neffect: {effect}\n"
        )
        for stage, effect in STAGES.items()
    },
    "observe.yaml": f"{SET}gates: {{ci: {{mode: observe}}}}\n",
    "waiving.yaml": f"{SET}waivers: [waivers.yaml]\nwaiver_rules: {RULES}\n",
    "waivers.yaml": WAIVER,
    "allowed/ml-manifest.yaml": write_manifest("allowed", "approach: rag\n"),
    "flagged/ml-manifest.yaml": write_manifest("flagged", TUNED.format("experiment")),
    "held/ml-manifest.yaml": write_manifest("held", TUNED.format("prototype")),
    "blocked/ml-manifest.yaml": write_manifest("blocked", TUNED.format("production")),
    "hostile/ml-manifest.yaml": HOSTILE,
    "broken/ml-manifest.yaml": "manifest: 1\nproject: broken\nflavour: sweet\n",
    "empty/README.md": "nothing\n",
}
# step: inputs, exit code, verdict, other outputs
CASES = {
    "allowed": ({"path": "allowed"}, 0, "allow", {"subjects": "1", "allowed": "1", "blocked": "0"}),
    "flagged": ({"path": "flagged"}, 0, "flag", {"flagged": "1"}),
    "strict": ({"path": "flagged", "fail-on": "flag"}, 1, "flag", {"flagged": "1"}),
    "held": ({"path": "held", "gate": "release"}, 4, "hold", {"held": "1"}),
    "held_at_ci": ({"path": "held"}, 0, "flag", {"held": "0", "flagged": "1", "kept-back": "1"}),
    "blocked": ({"path": "allowed\nblocked"}, 1, "block", {"subjects": "2", "blocked": "1", "allowed": "1"}),
    "observed": ({"path": "blocked", "config-file": "observe.yaml"}, 0, "allow", {"kept-back": "1", "allowed": "1"}),
    "waived": (
        {"path": "blocked", "config-file": "waiving.yaml", "policies-from": "main"}, 0, "allow", {"waived": "1"},
    ),
    "broken": ({"path": "broken"}, 2, "error", {"wrong-inputs": "1"}),
    "empty": ({"path": "empty"}, 3, "none", {"subjects": "0"}),
    "hostile": ({"path": "hostile"}, 1, "block", {"blocked": "1"}),
    "unsummed": ({"path": "flagged", "summary": "false", "output": "short"}, 0, "flag", {"flagged": "1"}),
    "known": (
        {"path": "blocked", "baseline": "known.json"}, 0, "allow", {"known": "1", "new": "0", "fixed": "0"},
    ),
    "misspelt": ({"gate": "deploy"}, 2, "error", {"subjects": "", "sarif-file": "", "decisions-file": ""}),
    "mistaken": ({"summary": "perhaps", "gate": "a\nb"}, 2, "error", {"subjects": ""}),
}  # fmt: skip
UNREPORTED = ("misspelt", "mistaken")


@pytest.fixture(scope="module")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Acted:
    """One job in which every case is a step."""
    find_act()
    repository = Repository(tmp_path_factory.mktemp("act"))
    # Where act takes it from the workspace it does not copy it for every step.
    shutil.copytree(repository.action, repository.folder / "tool")
    workflow = write_workflow({name: case[0] for name, case in CASES.items()}, action="./tool")
    repository.commit({**FILES, ".github/workflows/test.yml": workflow})
    recorded = Policy(repository.folder)("baseline", "--gate", "ci", "--file", "known.json", "blocked")
    assert recorded.code == 0, recorded.err
    repository.commit(TRAPS)
    acted = repository.act(".github/workflows/test.yml", PYTHONPATH=".")
    assert acted.code == 0, acted.entries[-5:]
    return acted


@pytest.mark.parametrize("name", CASES)
def test_the_step_ends_and_tells_as_the_check_does(acted, name):
    _, code, verdict, others = CASES[name]
    told = acted.tell(name)
    assert told.outcome == ("failure" if code else "success"), told.log
    wanted = {"exit-code": str(code), "verdict": verdict, **others}
    assert {key: told.outputs[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", [name for name in CASES if name not in UNREPORTED])
def test_reports_are_there_for_later_steps(acted, name):
    told = acted.tell(name)
    decisions = told.read(f"{name}.decisions.json")["decisions"]
    assert told.outputs["decision-ids"].split() == [decision["id"] for decision in decisions]
    assert told.outputs["subjects"] == str(len(decisions))
    if CASES[name][2] in ("none", "error"):
        # Code scanning would close what an earlier run has found.
        assert told.outputs["sarif-file"] == ""
        return
    sarif = told.read(f"{name}.sarif")
    assert (sarif["version"], len(sarif["runs"])) == ("2.1.0", 1)


def test_the_projects_own_workflow_tries_it(tmp_path):
    find_act()
    repository = Repository(tmp_path)
    shutil.copytree(repository.action, repository.folder, dirs_exist_ok=True)
    shutil.copytree(ROOT / "examples", repository.folder / "examples")
    shutil.copytree(ROOT / ".github/workflows", repository.folder / ".github/workflows")
    repository.commit({})
    acted = repository.act(".github/workflows/ci.yml", job="action")
    assert acted.code == 0, acted.entries[-5:]
    assert "allow  reply-tone" in acted.log


def test_nothing_beside_what_is_judged_is_run(acted):
    assert not (acted.results / "trapped").exists()


def test_tunegate_is_installed_once_in_a_job(acted):
    first, *others = (acted.read_log(name).partition("\n")[0] for name in CASES)
    assert first.startswith("tunegate is installed in ")
    assert set(others) == {"tunegate is there already: an earlier step of the job has installed it"}


def test_the_log_has_the_report(acted):
    assert "block  blocked  blocked/ml-manifest.yaml" in acted.read_log("blocked")
    assert "1 blocked, 1 allowed" in acted.read_log("blocked")
    assert "flagged/ml-manifest.yaml:3:11: flag[flag]: " in acted.read_log("unsummed")


def test_findings_are_annotations_of_the_lines(acted):
    ((kind, properties, message),) = acted.list_annotations("blocked")
    assert (kind, properties["title"]) == ("error", "block: block")
    assert (properties["file"], properties["line"]) == ("blocked/ml-manifest.yaml", "3")
    assert message.startswith("blocked: approach is fine-tuning")
    assert [kind for kind, *_ in acted.list_annotations("flagged")] == ["warning"]
    assert [kind for kind, *_ in acted.list_annotations("strict")] == ["error"]
    assert [kind for kind, *_ in acted.list_annotations("observed")] == ["notice"]
    assert acted.list_annotations("allowed") == []


def test_a_hold_that_nobody_can_approve_says_so_everywhere(acted):
    why = "nobody can approve here without a ledger, so the hold acts as a flag"
    told = acted.tell("held_at_ci")
    ((kind, _, message),) = told.annotations
    assert kind == "warning"
    assert why in message
    assert why in " ".join(told.log.split())
    assert why in told.summary


def test_what_keeps_a_run_from_a_verdict_is_annotated(acted):
    ((kind, properties, message),) = acted.list_annotations("broken")
    assert (kind, properties["file"], properties["line"]) == ("error", "broken/ml-manifest.yaml", "3")
    assert "flavour" in message
    ((kind, _, message),) = acted.list_annotations("empty")
    assert kind == "error"
    assert message.startswith(
        "there is nothing to judge in empty: no ml-manifest.yaml, and nothing that trains\nhelp: "
    )
    ((kind, _, message),) = acted.list_annotations("misspelt")
    assert (kind, message) == ("error", "there is no gate `deploy`\nhelp: there are check, commit, ci, run, release")
    assert [(kind, message.partition("\n")[0]) for kind, _, message in acted.list_annotations("mistaken")] == [
        ("error", "the input `gate` has several lines, and takes one value"),
        ("error", "the input `summary` is `perhaps`, which is neither true nor false"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("allowed", "## Policies: 1 allowed"),
        ("blocked", "### Blocked: `blocked`"),
        ("held", "### Held"),
        ("observed", "would block"),
        ("waived", "waived: `block`"),
        ("broken", "flavour"),
        ("empty", "there is nothing to judge in empty"),
        ("misspelt", "there is no gate `deploy`"),
    ],
)
def test_the_summary_shows_the_report(acted, name, said):
    assert said in acted.tell(name).summary


def test_no_summary_where_none_is_wanted(acted):
    assert acted.tell("unsummed").summary == ""


def test_a_hostile_name_is_shown_and_does_nothing(acted):
    told = acted.tell("hostile")
    ((kind, properties, message),) = told.annotations
    assert (kind, properties["title"]) == ("error", "block: block")
    assert "::error::pwned" in message
    assert "\n::" not in message
    assert told.outputs["verdict"] == "block"
    assert not re.search(r"^\s*(::|##\[)", told.log, re.MULTILINE)
    assert "<script" not in told.summary.replace("`<script", "")
    assert NAME.splitlines()[0] in told.summary
