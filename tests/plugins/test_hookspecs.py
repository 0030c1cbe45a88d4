"""The page on plugins: every hook and argument is on it, and its examples work."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from policy.gates.cli.main import main
from policy.plugins import contracts, hookspecs
from policy.reports.reporter import Composer, ReportContext, Reporter

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
HOOKS = [name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "policy_spec")]
CONTRACTS = [
    value for value in vars(contracts).values() if inspect.isclass(value) and value.__module__ == contracts.__name__
]


def read_sections() -> dict[str, str]:
    """The text under each heading of the page."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return {title.strip("`"): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def read_table(contract: str) -> str:
    """The left column of the table that describes a contract."""
    table = re.search(rf"^\| `{contract}` \|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table, f"no table for {contract}"
    return "\n".join(line.split("|")[1] for line in table[1].splitlines())


def list_parts(contract: type) -> list[str]:
    """The fields of a record, or the attributes and methods of a protocol, methods with their arguments."""
    if hasattr(contract, "_fields"):
        return list(contract._fields)
    names = [name for name in (*vars(contract), *contract.__annotations__) if not name.startswith("_")]
    return [write_part(name, getattr(contract, name, None)) for name in dict.fromkeys(names)]


def write_part(name: str, member: object) -> str:
    if not inspect.isfunction(member):
        return name
    return f"{name}({', '.join(list(inspect.signature(member).parameters)[1:])})"


def test_every_hook_has_its_section():
    assert HOOKS == [
        "policy_sources",
        "collectors",
        "training_config_readers",
        "training_calls",
        "predicates",
        "reporters",
    ]
    sections = read_sections()
    for hook in HOOKS:
        assert re.search(rf"^@hookimpl\ndef {hook}\(\):", sections[hook], re.MULTILINE)
        assert f"[`{hook}`](#{hook})" in PAGE


def test_no_hook_takes_arguments():
    assert all(not inspect.signature(getattr(hookspecs, hook)).parameters for hook in HOOKS)


@pytest.mark.parametrize("contract", [*CONTRACTS, Reporter], ids=lambda contract: contract.__name__)
def test_every_part_of_a_contract_is_described(contract):
    described = read_table(contract.__name__)
    # What a reporter may have beside.
    parts = [*list_parts(contract), *(list_parts(Composer) if contract is Reporter else ())]
    assert parts
    assert [part for part in parts if f"`{part}`" not in described] == []
    assert set(re.findall(r"`([a-z_]+)[`(]", described)) == {part.partition("(")[0] for part in parts}


def test_what_reports_may_look_at_is_named():
    assert [name for name in ReportContext._fields if f"`{name}`" not in read_sections()["reporters"]] == []


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The examples of the page as installed plugins, a policy set that names them, and a project to judge."""
    for name, text in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "project" / "evals").mkdir(parents=True)
    (tmp_path / "project" / "evals" / "metrics.txt").write_text("accuracy\ntone\n")
    (tmp_path / "project" / "train.yaml").write_text("acme_model: org/model\ndata: rows.jsonl\n")
    (tmp_path / "project" / "rows.jsonl").write_text("{}\n" * 7)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "project"


def write_manifest(project: Path, contact: str) -> None:
    text = f"manifest: 1\nproject: reply-tone\nowner: {{contact: {contact}}}\napproach: hybrid\n"
    (project / "ml-manifest.yaml").write_text(text)


@pytest.mark.parametrize(
    ("contact", "verdict", "code"), [("ml@acme.example", "allow", 0), ("ml@elsewhere.example", "block", 1)]
)
def test_the_examples_work_together(project, capfd, contact, verdict, code):
    write_manifest(project, contact)
    assert main(["check", "--config", "policy.yaml", "--output", "lines", "project"]) == code
    out, err = capfd.readouterr()
    assert out == f"at check:\n{verdict} reply-tone\n1 judged, 0 problems\n"
    assert err == ""


def test_the_calls_of_the_examples_are_found(project):
    from policy.app.subjects import build_subjects
    from policy.app.workspace import open_workspace
    from policy.loading.discovery import discover

    (project / "align.py").write_text("import acme_train as a\nsession = a.Session()\nsession.align(rows)\n")
    workspace = open_workspace(None, "policy.yaml")
    (item,) = discover(["project/align.py"])[0].items
    (facts,) = build_subjects(workspace, item).facts
    assert facts.judged["training.method"][:2] == ("training.method", "dpo")
    assert facts.judged["training.method"].source == "call of acme_train.Session().align (line 3)"


def test_the_examples_observe_what_they_say(project):
    from policy import Members
    from policy.app.subjects import build_subjects
    from policy.app.workspace import open_workspace
    from policy.loading.discovery import discover

    write_manifest(project, "ml@acme.example")
    workspace = open_workspace(None, "policy.yaml")
    (item,) = discover(["project"])[0].items
    (facts,) = build_subjects(workspace, item).facts
    assert facts.subject.training_config == "project/train.yaml"
    assert facts.values["evaluation.metrics"] == Members(("accuracy", "tone"), complete=True)
    assert facts.values["model.base"] == "org/model"
    assert facts.values["data.rows"] == 7
    assert facts.values["approach"] == "hybrid"
    assert facts.judged["evaluation.metrics"].location == ("project/evals/metrics.txt", 1, 1, 0, 0)
    assert facts.judged["x.our_contact"][:4] == ("x.our_contact", True, "declared", "predicate is_our_contact")
    ids = [policy.id for policy in workspace.policy_set.policies]
    assert ids == ["contact-stated", "contact-ours"]
