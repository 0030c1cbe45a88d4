"""`policy baseline` and `policy check --baseline`, through the real command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from policy.app import checking
from policy.gates.cli.main import main
from tests.gates.cli.conftest import SET, Call, Plant, write_manifest, write_policy
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture

FILE = ".policy-baseline.json"
ROWS = write_policy("rows", "require: {data.rows: {at_least: 1000}}\neffect: block\n")
STYLE = write_policy("style", "require: {evaluation.style_metric: true}\neffect: {ci: block, default: flag}\n")
POLICIES = {"policy.yaml": SET, "policies/own/rows.yaml": ROWS, "policies/own/style.yaml": STYLE}


def write(rows: int, style: str = "true", name: str = "a") -> str:
    return write_manifest(name, f"data: {{rows: {rows}}}\nevaluation: {{style_metric: {style}}}\n")


@pytest.fixture
def known(plant: Plant, call: Call, _alone: None) -> Path:  # noqa: F811
    """Two projects that are blocked, and a baseline that knows it."""
    root = plant({**POLICIES, "a/ml-manifest.yaml": write(5), "b/ml-manifest.yaml": write(5, "false", "b")})
    assert call("check").code == 1
    result = call("baseline --effective-time 2026-11-20")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"{FILE}: 3 known findings (3 new at the gate check)",
        f"next: commit it; `policy check --gate check --baseline {FILE}` then fails only for what is new or worse",
    ]
    return root


def read(root: Path, file: str = FILE) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads((root / file).read_bytes())["findings"]
    return findings


def name(root: Path) -> list[tuple[str, str]]:
    return [(found["project"], found["policy"]) for found in read(root)]


@pytest.mark.usefixtures("known")
def test_what_is_known_fails_nothing(call):
    result = call(f"check --baseline {FILE}")
    assert result.code == 0
    assert "2 blocked · beyond the baseline: 2 allowed (3 known)" in result.out
    assert call("check").code == 1
    assert call(f"check --baseline {FILE} --fail-on flag").code == 0


def test_a_new_violation_fails_among_all_that_is_known(known, plant, call):
    plant({"a/ml-manifest.yaml": write(5, "false"), "c/ml-manifest.yaml": write(5, name="c")})
    result = call(f"check --baseline {FILE}")
    assert result.code == 1
    assert "3 blocked · beyond the baseline: 1 blocked, 1 flagged, 1 allowed (3 known, 2 new)" in result.out
    (known / "c/ml-manifest.yaml").unlink()
    assert call(f"check --baseline {FILE}").code == 0
    assert call(f"check --baseline {FILE} --fail-on flag").code == 1


@pytest.mark.parametrize(
    ("rows", "code", "said"), [(4, 1, "worse than in the baseline: data.rows was 5, is 4"), (6, 0, "better now")]
)
@pytest.mark.usefixtures("known")
def test_a_value_that_falls_fails_and_one_that_rises_passes(plant, call, rows, code, said):
    plant({"a/ml-manifest.yaml": write(rows)})
    result = call(f"check --baseline {FILE}")
    assert (result.code, said in result.out) == (code, True)


def test_again_on_the_same_state_it_is_the_same_file_and_is_not_touched(known, call):
    before = (known / FILE).stat()
    content = (known / FILE).read_bytes()
    assert call("baseline --effective-time 2027-01-01").out == f"{FILE}: 3 known findings (3 known at the gate check)\n"
    assert (known / FILE).read_bytes() == content
    assert (known / FILE).stat().st_mtime_ns == before.st_mtime_ns


def test_moved_projects_are_known(known, call):
    (known / "a").rename(known / "moved")
    (known / "moved/ml-manifest.yaml").write_text("# moved\n\n" + write(5))
    assert call(f"check --baseline {FILE}").code == 0


def test_fixed_entries_are_said_and_taken_out_and_only_they(known, plant, call):
    plant({"b/ml-manifest.yaml": write(2000, "false", "b"), "c/ml-manifest.yaml": write(5, name="c")})
    result = call(f"check --baseline {FILE}")
    assert result.code == 1
    assert "1 finding of the baseline fixed: rows (b)" in result.out
    assert "take it out: policy baseline --prune --gate check\n" in result.out
    shutil.copy(known / FILE, known / "other.json")
    assert "--prune --gate check --file other.json" in " ".join(call("check --baseline other.json").out.split())
    result = call("baseline --prune")
    assert result.out.splitlines() == [
        f"{FILE}: 2 known findings (2 known, 1 fixed at the gate check)",
        "not added: 1 finding that is new or worse: rows (c)",
    ]
    assert name(known) == [("a", "rows"), ("b", "style")]
    result = call("baseline")
    assert (result.code, result.out.splitlines()[1:]) == (
        0,
        ["known from now on: 1 finding that is new or worse: rows (c)"],
    )
    assert name(known) == [("a", "rows"), ("b", "style"), ("c", "rows")]


def test_of_a_part_only_that_part_changes(known, plant, call):
    plant({"a/ml-manifest.yaml": write(2000), "b/ml-manifest.yaml": write(2000, name="b")})
    assert "1 fixed" in call(f"check a --baseline {FILE}").out
    assert call("baseline a --prune").code == 0
    assert name(known) == [("b", "rows"), ("b", "style")]
    shutil.rmtree(known / "b")
    assert "fixed" not in call(f"check a --baseline {FILE}").out
    assert call("baseline a").code == 0
    assert len(read(known)) == 2
    # A project that is gone from all of it.
    assert "2 fixed" in call(f"check --baseline {FILE}").out
    assert call("baseline").code == 0
    assert read(known) == []


@pytest.mark.usefixtures("known")
def test_a_training_config_alone_does_not_speak_for_its_project(plant, call):
    plant({"a/axolotl.yaml": "base_model: org/base\nadapter: lora\ndatasets:\n  - {path: d, type: alpaca}\n"})
    assert "fixed" not in call(f"check a/axolotl.yaml --baseline {FILE}").out


@pytest.mark.parametrize(
    "broken",
    [{"c/ml-manifest.yaml": "manifest: 1\n"}, {"b/ml-manifest.yaml": "{"}, {"c/ml-manifest.yml": "manifest: 1\n"}],
)
def test_what_could_not_be_judged_is_not_fixed(known, plant, call, broken):
    shutil.rmtree(known / "b")
    plant(broken)
    assert "fixed" not in call(f"check --baseline {FILE}").out


def test_wrong_input_is_never_recorded_and_always_fails(known, plant, call):
    before = (known / FILE).read_bytes()
    plant({"c/ml-manifest.yaml": "manifest: 1\n"})
    result = call("baseline")
    assert result.code == 2
    assert "the manifest names no project" in result.err
    assert "nothing is recorded: 1 problem with the input" in result.err
    assert (known / FILE).read_bytes() == before
    assert call(f"check --baseline {FILE}").code == 2


@pytest.mark.usefixtures("_alone")
def test_where_there_is_nothing_nothing_is_recorded(plant, call):
    root = plant(POLICIES)
    assert call("baseline").code == 3
    assert not (root / FILE).exists()


@pytest.mark.parametrize(("mode", "told"), [("observe", True), ("flag", True), ("enforce", False)])
@pytest.mark.usefixtures("known")
def test_what_a_gate_does_not_do_yet_is_not_covered_and_that_is_said(plant, call, mode, told):
    plant({"policy.yaml": f"{POLICIES['policy.yaml']}gates: {{check: {{mode: {mode}}}}}\n"})
    note = f"note: the gate `check` is in the mode {mode}; what it does when it goes further is not covered by this\n"
    assert (note in call("baseline").out) is told
    assert note not in call("baseline --prune").out


@pytest.mark.parametrize("line", ["check --gate ci --baseline x/o.json", "baseline --prune --gate ci --file x/o.json"])
@pytest.mark.usefixtures("known")
def test_a_file_that_is_not_there_is_named_with_the_command_that_writes_it(plant, call, line):
    plant({"x/README.md": "nothing"})
    result = call(line)
    assert result.code == 2
    assert "there is no baseline `x/o.json`" in result.err
    assert "record one with `policy baseline --gate ci --file x/o.json`, or correct the path" in result.err


@pytest.mark.parametrize("gate", ["run", "release"])
@pytest.mark.usefixtures("known")
def test_it_opens_no_gate_at_which_something_waits(call, gate):
    for line in (f"check --gate {gate} --baseline {FILE}", f"baseline --gate {gate}"):
        result = call(line)
        assert result.code == 2
        assert f"a baseline does not count at the gate `{gate}`" in result.err
        assert "a baseline is for the gates check, commit and ci; here ask for an exception" in result.err


def test_what_is_known_at_one_gate_is_not_at_another(known, call):
    result = call(f"check --gate ci --baseline {FILE}")
    assert result.code == 1
    assert "the baseline holds nothing of the gate `ci`: it was recorded at check" in result.err
    assert call("baseline --gate ci").code == 0
    assert {found["gate"] for found in read(known)} == {"check", "ci"}
    assert [call(f"check --gate {gate} --baseline {FILE}").code for gate in ("check", "ci", "commit")] == [0, 0, 1]


@pytest.mark.usefixtures("known")
def test_a_policy_that_blocks_now_is_not_covered_by_one_that_flagged(plant, call):
    plant({"policies/own/style.yaml": STYLE.replace("default: flag", "default: block")})
    result = call(f"check --baseline {FILE}")
    assert result.code == 1
    assert "its effect was flag, and is block" in result.out
    plant({"policies/own/style.yaml": STYLE.replace("severity: low", "severity: critical")})
    assert "its severity was low, and is critical" in call(f"check --baseline {FILE} --fail-on flag").out


@pytest.mark.usefixtures("_alone")
def test_what_was_observed_only_is_new_when_it_is_enforced(plant, call):
    plant({**POLICIES, "policy.yaml": f"{SET}gates: {{check: {{mode: observe}}}}\n", "ml-manifest.yaml": write(5)})
    assert call("baseline").code == 0
    assert call(f"check --baseline {FILE}").code == 0
    plant({"policy.yaml": SET})
    assert call(f"check --baseline {FILE}").code == 1


def test_several_processes_find_the_same(known, plant, call, monkeypatch):
    plant({f"p{number}/ml-manifest.yaml": write(5, name=f"p{number % 7}") for number in range(14)})
    assert call("baseline").code == 0
    (known / "p0/ml-manifest.yaml").write_text(write(4, name="p0"))
    plant({f"q{number}/ml-manifest.yaml": write(5, name="p3") for number in range(3)})
    plant({f"c{number}/axolotl.yaml": "base_model: org/base\nadapter: lora\n" for number in range(3)})
    alone = call(f"check --jobs 1 --baseline {FILE} -o json")
    monkeypatch.setattr(checking, "CHUNK", 2)
    several = call(f"check --jobs 2 --baseline {FILE} -o json --effective-time 2026-11-20")
    alone = call(f"check --jobs 1 --baseline {FILE} -o json --effective-time 2026-11-20")
    assert several == alone
    assert json.loads(alone.out)["baseline"]["findings"] == {"known": 16, "improved": 0, "worsened": 1, "new": 3}


# The file


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nonsense", f"error: {FILE}:1:1: the baseline is not JSON"),
        ('{"format": "policy-baseline/9"}', "the format of the baseline is `policy-baseline/9`"),
        ("", f"{FILE}:1:1: the baseline is not JSON"),
    ],
)
def test_a_broken_file_is_refused_before_anything_is_judged_and_never_replaced(known, call, content, said):
    (known / FILE).write_text(content)
    result = call(f"check --baseline {FILE}")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    result = call("baseline")
    assert result.code == 2
    assert f"`{FILE}` is left as it is" in result.err
    assert (known / FILE).read_text() == content


def test_an_entry_that_is_edited_by_hand_is_shown_where_it_stands(known, call):
    text = (known / FILE).read_text()
    (known / FILE).write_text(text.replace('["data.rows", "5"]', '["data.rows", "4"]', 1))
    result = call(f"check --baseline {FILE}")
    assert result.code == 2
    line = next(number for number, line in enumerate(text.splitlines(), 1) if '"data.rows"' in line)
    assert f"error: {FILE}:{line}:" in result.err
    assert "the fingerprint does not belong to what the entry says of `rows`" in result.err


def test_what_is_no_file_is_refused(known, call):
    (known / "folder").mkdir()
    os.mkfifo(known / "pipe")
    for path, said in (
        ("gone/gone.json", "gone/gone.json:1:1: the file does not exist"),
        ("folder", "this is a directory, not a file"),
        ("pipe", "this is a named pipe, not a file"),
        ("policy.yaml/x", "the file does not exist: its path leads through a file"),
    ):
        result = call(f"check --baseline {path}")
        assert (result.code, result.out) == (2, "")
        assert said in result.err
    for path in ("folder", "pipe"):
        assert call(f"baseline --file {path}").code == 2
    assert call("baseline --prune --file gone.json").code == 2


def test_a_link_in_the_repository_is_followed_and_one_out_of_it_is_not_written_to(known, call, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (known / "kept").mkdir()
    (known / FILE).rename(known / "kept/baseline.json")
    (known / FILE).symlink_to("kept/baseline.json")
    assert call(f"check --baseline {FILE}").code == 0
    (known / "a/ml-manifest.yaml").write_text(write(2000))
    assert call("baseline").code == 0
    assert (known / FILE).is_symlink()
    assert len(read(known, "kept/baseline.json")) == 2
    (outside / "elsewhere.json").write_bytes((known / "kept/baseline.json").read_bytes())
    (known / FILE).unlink()
    (known / FILE).symlink_to(outside / "elsewhere.json")
    (known / "b/ml-manifest.yaml").write_text(write(2000, name="b"))
    result = call("baseline")
    assert result.code == 2
    assert "leads out of the repository through a link" in result.err


def test_it_takes_the_place_of_nothing_that_is_read(known, call):
    before = (known / "policy.yaml").read_bytes()
    result = call("baseline --file policy.yaml")
    assert result.code == 2
    assert (known / "policy.yaml").read_bytes() == before
    result = call(f"check --baseline {FILE} -o json={FILE}")
    assert result.code == 2
    assert "the report would overwrite" in result.err


def test_it_is_looked_for_where_whoever_calls_stands_and_recorded_at_the_root(known, monkeypatch):
    git(known, "init", "--quiet")
    (known / FILE).unlink()
    monkeypatch.chdir(known / "a")
    assert main(["baseline"]) == 0
    assert {found["subject"] for found in read(known)} == {"a/ml-manifest.yaml"}
    assert main(["check", "--baseline", f"../{FILE}"]) == 0
    assert main(["check", "--baseline", FILE]) == 2


@pytest.mark.usefixtures("known")
def test_a_folder_that_cannot_be_written_is_said(call):
    result = call("baseline --file gone/b.json")
    assert result.code == 2
    assert "cannot be written to `gone/b.json`" in result.err


@pytest.mark.usefixtures("_alone")
def test_a_project_whose_name_is_a_command_stays_a_name(plant, call):
    plant({**POLICIES, "ml-manifest.yaml": write(5, name='"::error::x\\n<script>\\e[31m"')})
    assert call("baseline").code == 0
    plant({"ml-manifest.yaml": write(2000, name='"::error::x\\n<script>\\e[31m"')})
    result = call(f"check --baseline {FILE}")
    assert "1 fixed" in result.out
    assert "\x1b" not in result.out
    assert not any(line.startswith("::") for line in result.out.splitlines())
