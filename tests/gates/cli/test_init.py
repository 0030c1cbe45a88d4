"""`policy init`, through the real command line; a terminal is met in the end-to-end tests."""

from __future__ import annotations

import pytest
import yaml

from policy.gates.cli import init
from policy.gates.cli.main import main

AXOLOTL = "base_model: org/model\ndatasets:\n  - {path: data/train.jsonl, type: alpaca}\n"
HOUSE_SET = "policy_set: 1\npolicies: [house]\n"
BLOCKING = (
    "policy: no-tuning\ntitle: No tuning\nseverity: high\nrequire: {approach: [rag, few-shot]}\neffect: block\n"
    "on_unknown: same\n"
)


@pytest.fixture
def house(plant):
    """A policy set of one policy, which blocks a fine-tuning."""
    return plant({"policy.yaml": HOUSE_SET, "house/no-tuning.yaml": BLOCKING})


def load(folder):
    return yaml.safe_load((folder / "ml-manifest.yaml").read_text())


def test_it_writes_judges_and_says_what_is_next(house, plant, call):
    plant({"train/a.yaml": AXOLOTL, "data/train.jsonl": "{}\n"})
    result = call("init")
    assert result.code == 0
    first, *_, last = result.out.splitlines()
    assert first.startswith("wrote ml-manifest.yaml: found 1 training config and 1 data set; 5 lines stated, ")
    assert "block[no-tuning]: approach is fine-tuning (observed)" in result.out
    assert last == "next: state in ml-manifest.yaml what is commented out and known, then run `policy check`"
    assert result.err == ""
    stated = load(house)
    assert stated["training"] == {"config": "train/a.yaml"}
    assert stated["data"]["sources"] == [{"path": "data/train.jsonl", "split": "train"}]
    assert (stated["approach"], stated["model"]) == ("fine-tuning", {"base": "org/model"})
    assert "data.rows 1" in (house / "ml-manifest.yaml").read_text()


@pytest.mark.usefixtures("house")
def test_what_it_wrote_is_what_check_then_judges(plant, call):
    plant({"a.yaml": AXOLOTL, "data/train.jsonl": "{}\n"})
    shown = call("init").out
    judged = call("check").out
    assert judged
    assert judged in shown


def test_options_are_stated(house, call):
    result = call("init --project tone --team ml --approach rag --purpose style,latency --purpose other --stage pilot")
    assert result.code == 0
    stated = load(house)
    assert {key: stated[key] for key in ("project", "approach", "purpose", "stage")} == {
        "project": "tone",
        "approach": "rag",
        "purpose": ["style", "latency", "other"],
        "stage": "pilot",
    }
    assert stated["owner"] == {"team": "ml"}
    assert "allow  tone  ml-manifest.yaml" in result.out


def test_another_folder(house, plant, call):
    plant({"bots/tone/a.yaml": AXOLOTL})
    result = call("init bots/tone/")
    assert result.code == 0
    assert result.out.startswith("wrote bots/tone/ml-manifest.yaml: ")
    assert result.out.endswith("then run `policy check bots/tone`\n")
    assert load(house / "bots/tone")["project"] == "tone"


@pytest.mark.usefixtures("house")
def test_only_the_new_project_is_judged(plant, call):
    plant({"other/ml-manifest.yaml": "manifest: 1\nproject: other\n"})
    assert "other" not in call("init --project mine").out


def test_an_empty_folder_gets_a_manifest_to_begin_with(house, call):
    (house / "new").mkdir()
    assert call("init new").code == 0
    assert load(house / "new")["project"] == "new"


@pytest.mark.parametrize(
    ("line", "error", "remedy"),
    [
        ("init --approach finetuning", "there is no approach `finetuning`", "write `fine-tuning`"),
        ("init --purpose styl", "there is no purpose `styl`", "write `style`"),
        ("init --purpose style,fast", "there is no purpose `fast`", "there are style, domain-language"),
        ("init --stage produktion", "there is no stage `produktion`", "write `production`"),
        ("init --project=", "`--project`: the text is empty", "name it, or leave the option out"),
        ("init nowhere", "`nowhere` does not exist", "name the project's folder"),
        ("init policy.yaml", "`policy.yaml` is a file", "name the project's folder"),
        ("init --no-inputs", "`policy init` has no option `--no-inputs`", "write `--no-input`"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(house, call, line, error, remedy):
    result = call(line)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {error}\n  help: {remedy}")
    assert not (house / "ml-manifest.yaml").exists()


@pytest.mark.parametrize("name", ["ml-manifest.yaml", "ml-manifest.yml", "ml_manifest.yaml"])
def test_a_manifest_that_is_there_is_left_alone(house, plant, call, name):
    plant({name: "mine"})
    result = call("init --approach rag")
    assert (result.code, result.out) == (2, "")
    assert "exists and is left as it is" in result.err or "looks like the manifest of this folder" in result.err
    assert (house / name).read_text() == "mine"
    assert sorted(path.name for path in house.iterdir()) == sorted(["house", name, "policy.yaml"])


def test_a_link_that_leads_nowhere_is_left_alone(house, call):
    (house / "ml-manifest.yaml").symlink_to("elsewhere.yaml")
    assert call("init").code == 2
    assert not (house / "elsewhere.yaml").exists()


def test_a_broken_policy_set_is_said_before_anything_is_written(house, plant, call):
    plant({"policy.yaml": "policy_set: 7\n"})
    result = call("init")
    assert result.code == 2
    assert "policy.yaml:1:13" in result.err
    assert not (house / "ml-manifest.yaml").exists()


def test_a_broken_config_is_said_and_the_manifest_written(house, plant, call):
    plant({"a.yaml": "base_model: [\n"})
    result = call("init")
    assert result.code == 0
    assert load(house)["project"] == house.name
    assert result.err.count("this may be a training config and cannot be read") == 1


@pytest.mark.usefixtures("house")
def test_a_broken_card_is_said(plant, call):
    plant({"a.yaml": AXOLOTL, "data/train.jsonl": "{}\n", "data/README.md": "---\nlicense: [mit\n---\n"})
    result = call("init")
    assert result.code == 0
    assert "warning: data/README.md:" in result.err
    assert "the header of this card cannot be read" in result.err


def test_policies_that_cannot_be_judged_here_do_not_undo_what_was_written(house, plant, call):
    plant({"house/no-tuning.yaml": BLOCKING.replace("effect: block", "effect: {release: block}")})
    result = call("init")
    assert result.code == 0
    assert "no policy is judged at the gate `check`" in result.err
    assert load(house)["project"] == house.name


@pytest.mark.usefixtures("house")
def test_another_policy_set_can_be_named(plant, call):
    plant({"other.yaml": "policy_set: 1\npolicies: [house]\nmodes: {no-tuning: observe}\n", "a.yaml": AXOLOTL})
    result = call("init --config other.yaml")
    assert result.code == 0
    assert "would block" in result.out


class Person:
    """Somebody at a terminal, who answers from a list and leaves when it is at its end."""

    def __init__(self, monkeypatch, *answers):
        self.answers = list(answers)
        monkeypatch.setattr(init, "can_ask", lambda: True)
        monkeypatch.setattr("click.termui.visible_prompt_func", self.answer)

    def answer(self, _prompt):
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)


def test_three_questions_at_most(house, call, monkeypatch):
    person = Person(monkeypatch, "rag", "style, latency", "pilot")
    result = call("init")
    assert (result.code, person.answers) == (0, [])
    stated = load(house)
    assert (stated["approach"], stated["purpose"], stated["stage"]) == ("rag", ["style", "latency"], "pilot")
    assert "What does the project do?\n  fine-tuning | rag | prompt-engineering | few-shot | hybrid\n" in result.err


def test_what_an_option_says_is_not_asked(house, call, monkeypatch):
    Person(monkeypatch, "pilot")
    assert call("init --approach rag --purpose style").code == 0
    assert load(house)["stage"] == "pilot"


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("line", ["init --no-input", "init --approach rag --purpose style --stage pilot"])
def test_where_nothing_is_left_nothing_is_asked(call, monkeypatch, line):
    Person(monkeypatch)
    assert call(line).code == 0


def test_what_is_not_answered_is_not_stated(house, call, monkeypatch):
    Person(monkeypatch, "", " ", "")
    assert call("init").code == 0
    assert not {"approach", "purpose", "stage"} & set(load(house))


def test_a_wrong_answer_is_asked_again(house, call, monkeypatch):
    Person(monkeypatch, "finetuning", "fine-tuning", "style,speed", "style", "soon", "pilot")
    result = call("init")
    assert result.code == 0
    assert "error: `finetuning` is none of these\n  help: write `fine-tuning`" in result.err
    assert "error: `speed` is none of these" in result.err
    assert load(house)["purpose"] == ["style"]


@pytest.mark.parametrize("answers", [[], ["rag"], ["rag", "wrong"], ["rag", "style"]])
def test_who_leaves_midway_leaves_nothing_behind(house, call, monkeypatch, answers):
    Person(monkeypatch, *answers)
    result = call("init")
    assert (result.code, result.out) == (130, "")
    assert sorted(path.name for path in house.iterdir()) == ["house", "policy.yaml"]


@pytest.mark.usefixtures("house")
def test_the_help_says_what_the_exit_code_is(capsys):
    assert main(["init", "--help"]) == 0
    assert "0 the manifest is written, whatever `policy check` then says of it; 2 it is not" in " ".join(
        capsys.readouterr().out.split()
    )
