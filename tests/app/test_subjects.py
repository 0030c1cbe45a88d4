from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from policy.app.workspace import open_workspace
from policy.engine.judge import judge
from policy.evidence.data import files as data_files
from policy.model.decision import Subject
from tests.app.conftest import AXOLOTL, MANIFEST

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ROWS = "{}\n" * 5
NAMING = f"{MANIFEST}training: {{config: train/a.yaml, epochs: 3, seed: 7}}\n"


def name(facts):
    return [item.subject for item in facts]


def outcomes(facts, gate="ci"):
    """Policy to outcome, by the whole catalogue."""
    decision = judge(open_workspace().policy_set, facts, gate=gate, now=NOW)
    return {outcome.policy: outcome.outcome for outcome in decision.outcomes}, decision


# Who is a subject


def test_a_project_without_training_config_is_one_subject(study):
    facts, problems = study({"ml-manifest.yaml": MANIFEST, "notes.yaml": "base_model: none\n"})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert problems == []
    assert facts[0].values["manifest.present"] is True
    assert "training.config" not in facts[0].values


def test_every_training_config_is_a_subject_of_its_project(study):
    files = {"ml-manifest.yaml": MANIFEST, "data/train.jsonl": ROWS, "train/a.yaml": AXOLOTL, "train/b.yaml": AXOLOTL}
    facts, problems = study(files)
    assert name(facts) == [
        Subject("reply-tone", "ml-manifest.yaml", "train/a.yaml"),
        Subject("reply-tone", "ml-manifest.yaml", "train/b.yaml"),
    ]
    assert problems == []
    assert [item.values["training.config"] for item in facts] == ["train/a.yaml", "train/b.yaml"]
    assert [item.judged["training.config"].origin for item in facts] == ["observed", "observed"]


def test_a_training_config_without_manifest_is_a_subject_that_fails(study):
    (facts,), _ = study({"train/a.yaml": AXOLOTL, "train/data/train.jsonl": ROWS})
    assert facts.subject == Subject("train/a.yaml", None, "train/a.yaml")
    assert facts.values["manifest.present"] is False
    # Without a manifest, paths are relative to the config's own folder.
    assert facts.values["training.config"] == "a.yaml"
    judged, decision = outcomes(facts)
    assert judged["undeclared-fine-tuning"] == "fail"
    assert decision.verdict == "block"


def test_each_manifest_has_the_configs_nearest_to_it(study):
    files = {
        "ml-manifest.yaml": MANIFEST,
        "a.yaml": AXOLOTL,
        "inner/ml-manifest.yaml": MANIFEST.replace("reply", "inner"),
        "inner/train/b.yaml": AXOLOTL,
    }
    facts, _ = study(files)
    assert name(facts) == [
        Subject("inner-tone", "inner/ml-manifest.yaml", "inner/train/b.yaml"),
        Subject("reply-tone", "ml-manifest.yaml", "a.yaml"),
    ]
    assert facts[0].values["training.config"] == "train/b.yaml"


def test_of_a_named_config_the_project_itself_is_not_judged(study):
    files = {"ml-manifest.yaml": MANIFEST, "a.yaml": AXOLOTL, "b.yaml": AXOLOTL}
    facts, _ = study(files, "b.yaml")
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", "b.yaml")]
    facts, _ = study({"ml-manifest.yaml": MANIFEST, "sub/none.yaml": "a: 1\n"}, "sub")
    assert facts == []


# Which claims count for whom


def test_what_is_said_of_the_training_is_said_of_the_config_that_is_named(study):
    files = {"ml-manifest.yaml": NAMING, "train/a.yaml": AXOLOTL, "train/b.yaml": AXOLOTL}
    facts, _ = study(files)
    named, other = facts
    assert name(facts) == [
        Subject("reply-tone", "ml-manifest.yaml", "train/a.yaml"),
        Subject("reply-tone", "ml-manifest.yaml", "train/b.yaml"),
    ]
    assert {item.path for item in named.contradictions} == {"training.epochs", "training.seed"}
    assert other.contradictions == ()
    assert (other.values["training.epochs"], other.values["training.seed"]) == (1.0, 42)
    assert named.judged["project"].value == other.judged["project"].value == "reply-tone"


@pytest.mark.parametrize("written", ["train/a.yaml", "./train/../train/a.yaml"])
def test_a_config_may_be_named_in_other_words(study, written):
    manifest = NAMING.replace("train/a.yaml", written)
    files = {"p/ml-manifest.yaml": manifest, "p/train/a.yaml": AXOLOTL, "p/data/train.jsonl": ROWS}
    facts, problems = study(files)
    assert name(facts) == [Subject("reply-tone", "p/ml-manifest.yaml", "p/train/a.yaml")]
    assert problems == []


def test_a_named_config_that_no_reader_knows_leaves_the_project_a_subject(study):
    files = {"ml-manifest.yaml": NAMING, "train/a.yaml": "recipe: ours\n", "train/b.yaml": AXOLOTL}
    facts, problems = study({**files, "data/train.jsonl": ROWS})
    assert name(facts) == [
        Subject("reply-tone", "ml-manifest.yaml", None),
        Subject("reply-tone", "ml-manifest.yaml", "train/b.yaml"),
    ]
    (problem,) = problems
    assert str(problem).startswith("ml-manifest.yaml:3:20: no reader knows the training config `train/a.yaml`")
    assert facts[0].values["training.epochs"] == 3.0
    assert facts[1].values["training.epochs"] == 1.0


def test_a_named_config_that_does_not_exist_is_said(study):
    facts, (problem,) = study({"ml-manifest.yaml": NAMING})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert problem.level == "error"
    assert str(problem) == (
        "ml-manifest.yaml:3:20: the manifest names the training config `train/a.yaml`, which does not exist\n"
        "  help: correct `training.config`, or add the file"
    )


def test_a_misspelt_config_is_said_with_the_one_that_may_be_meant(study):
    naming = NAMING.replace("train/a.yaml", "train/aa.yaml")
    facts, (problem,) = study({"ml-manifest.yaml": naming, "train/a.yaml": AXOLOTL, "data/train.jsonl": ROWS})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", "train/a.yaml")]
    assert (problem.level, problem.remedy) == ("error", "a file with a similar name exists: `train/a.yaml`")


def test_data_beside_the_manifest_comes_before_data_at_the_root(study):
    config = "stage: sft\nfinetuning_type: lora\ndo_train: true\nmodel_name_or_path: Qwen/Qwen3-4B\ndataset: mine\n"
    index = '{"mine": {"file_name": "train.jsonl"}}'
    facts, problems = study(
        {
            "a/ml-manifest.yaml": MANIFEST,
            "a/conf/sft.yaml": config,
            "a/data/dataset_info.json": index,
            "a/data/train.jsonl": '{"text": "a"}\n' * 3,
            "data/dataset_info.json": index,
            "data/train.jsonl": '{"text": "b"}\n' * 7,
        }
    )
    assert (facts[0].values["data.rows"], problems) == (3, [])


def test_results_that_nobody_can_look_at_are_said(study):
    tried = "{approach: rag, results: evals/rag.json}, {approach: few-shot, results: evals/shots.json}"
    text = f"{MANIFEST}tried: [{tried}]\n"
    _, (problem,) = study({"ml-manifest.yaml": text, "evals/rag.json": '{"accuracy": 0.5}'})
    assert problem.level == "warning"
    assert problem.message == "`tried[].results` names `evals/shots.json`, which does not exist"


def test_declared_and_observed_rows_that_differ_contradict(study):
    text = f"{MANIFEST}data: {{rows: 500, sources: [{{path: data/train.jsonl, split: train}}]}}\n"
    (facts,), _ = study({"ml-manifest.yaml": text, "data/train.jsonl": ROWS})
    assert facts.values["data.rows"] == 5
    assert facts.judged["data.rows"].origin == "observed"
    (contradiction,) = facts.contradictions
    assert (contradiction.path, contradiction.claim.value, contradiction.against.value) == ("data.rows", 5, 500)
    assert facts.values["evidence.contradictions"] == 1


@pytest.mark.parametrize(
    ("approach", "judged", "contradictions"),
    [("hybrid", "hybrid", 0), ("fine-tuning", "fine-tuning", 0), ("rag", "fine-tuning", 1)],
)
def test_a_config_shows_a_fine_tuning_with_which_hybrid_agrees(study, approach, judged, contradictions):
    files = {"ml-manifest.yaml": f"{MANIFEST}approach: {approach}\n", "a.yaml": AXOLOTL, "data/train.jsonl": ROWS}
    (facts,), _ = study(files)
    assert facts.values["approach"] == judged
    assert facts.values["evidence.contradictions"] == contradictions


def test_data_that_only_the_config_names_is_not_taken_for_declared(study, plant):
    make_link(plant({}), "/etc/hosts")
    (facts,), (problem,) = study({"ml-manifest.yaml": MANIFEST, "a.yaml": AXOLOTL})
    assert "data.rows" not in facts.values
    assert "leads outside the repository" in facts.unavailable["data.rows"]
    # The manifest speaks of its own repository; a config may name what is there only when it runs.
    assert problem.level == "warning"
    assert str(problem.location) == "a.yaml:3:12"


def test_subjects_of_one_project_share_what_is_read_of_a_file(study, monkeypatch):
    observed = []
    observe = data_files.observe_file

    def count(path, shown, wanted):
        observed.append(shown)
        return observe(path, shown, wanted)

    monkeypatch.setattr("policy.evidence.data.split_reader.observe_file", count)
    files = {"ml-manifest.yaml": MANIFEST, "data/train.jsonl": ROWS, "a.yaml": AXOLOTL, "b.yaml": AXOLOTL}
    facts, _ = study(
        {**files, "other/ml-manifest.yaml": f"{MANIFEST}data: {{sources: [{{path: ../data/train.jsonl}}]}}\n"}
    )
    assert [item.values["data.rows"] for item in facts] == [5, 5, 5]
    assert observed == ["data/train.jsonl"]


# Paths that lead astray


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("system: {documentation: ../secret.md}", "system.documentation"),
        ("system: {documentation: /etc/passwd}", "system.documentation"),
        ("system: {documentation: a/../../x}", "system.documentation"),
        ("system: {documentation: ..}", "system.documentation"),
        ("release: {model_card: ../../card.md}", "release.model_card"),
        ("training: {config: ../train.yaml}", "training.config"),
        ("tried: [{approach: rag, results: ../rag.json}]", "tried[].results"),
        ("data: {sources: [{path: data/a.jsonl}, {path: /srv/data.jsonl}]}", "data.sources[].path"),
        ("x: {card: ../card.md}", "x.card"),
        ("x: {cards: [card.md, ../card.md]}", "x.cards"),
    ],
)
def test_a_path_that_leads_out_of_the_repository_is_an_error(study, line, path):
    policy_set = (
        "fields: {x.card: {type: path}, x.cards: {type: path, list: true}}\npolicies: ['catalogue:alternatives']\n"
    )
    facts, problems = study({"policy.yaml": f"policy_set: 1\n{policy_set}", "ml-manifest.yaml": f"{MANIFEST}{line}\n"})
    assert facts == []
    (problem,) = problems
    assert problem.level == "error"
    assert problem.message.startswith(f"`{path}` leads out of the repository: ")
    assert problem.location is not None
    assert problem.location.line == 3


def test_a_path_may_lead_out_of_the_projects_folder(study):
    text = f"{MANIFEST}system: {{documentation: ../docs/system.md}}\n"
    facts, problems = study({"a/ml-manifest.yaml": text, "docs/system.md": "It answers."})
    assert (len(facts), problems) == (1, [])


def make_link(root, target):
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / "train.jsonl").symlink_to(target)


def make_pipe(root):
    (root / "data").mkdir()
    os.mkfifo(root / "data" / "train.jsonl")


@pytest.mark.parametrize(
    ("prepare", "level", "message"),
    [
        (lambda _: None, "warning", "`data/train.jsonl` does not exist"),
        (lambda root: make_link(root, "/etc/hosts"), "error", "`data/train.jsonl` leads outside the repository"),
        (lambda root: make_link(root, "../../outside.jsonl"), "error", "`data/train.jsonl` leads outside"),
        (lambda root: (root / "data" / "train.jsonl").mkdir(parents=True), "error", "`data/train.jsonl` is a folder"),
        (make_pipe, "error", "`data/train.jsonl` is a pipe"),
    ],
    ids=["missing", "link to a file outside", "link to nothing outside", "folder", "pipe"],
)
def test_data_that_cannot_be_read_leaves_its_facts_unknown(study, plant, prepare, level, message):
    prepare(plant({}))
    text = f"{MANIFEST}data: {{sources: [{{path: data/train.jsonl, split: train}}]}}\n"
    (facts,), (problem,) = study({"ml-manifest.yaml": text})
    assert problem.level == level
    assert message in problem.message
    assert str(problem.location) == "ml-manifest.yaml:3:25"
    assert "data.rows" not in facts.values
    assert message in facts.unavailable["data.rows"]


def test_data_that_may_not_be_read_is_a_warning(study, monkeypatch):
    # As it is for anyone but root, whom no permission stops.
    monkeypatch.setattr(os, "access", lambda path, _: not str(path).endswith(".jsonl"))
    text = f"{MANIFEST}data: {{sources: [{{path: data/train.jsonl, split: train}}]}}\n"
    (facts,), (problem,) = study({"ml-manifest.yaml": text, "data/train.jsonl": ROWS})
    assert (problem.level, problem.message) == ("warning", "`data/train.jsonl` may not be read")
    assert "may not be read" in facts.unavailable["data.rows"]


def test_a_manifest_that_links_to_a_file_outside_is_not_read(study, plant, tmp_path):
    (tmp_path / "secret.yaml").write_text("password: hunter2\n")
    root = plant({})
    (root / "ml-manifest.yaml").symlink_to("../secret.yaml")
    facts, (problem,) = study({})
    assert facts == []
    assert problem.level == "error"
    assert str(problem).startswith("ml-manifest.yaml:1:1: `ml-manifest.yaml` leads outside the repository")
    assert "hunter2" not in str(problem)


def test_a_manifest_that_links_to_a_file_inside_is_read(study, plant):
    (plant({"shared/manifest.txt": MANIFEST}) / "ml-manifest.yaml").symlink_to("shared/manifest.txt")
    facts, problems = study({})
    assert (name(facts), problems) == ([Subject("reply-tone", "ml-manifest.yaml", None)], [])


def test_a_manifest_that_is_a_dangling_link_is_an_error(study, plant):
    (plant({}) / "ml-manifest.yaml").symlink_to("nowhere.yaml")
    facts, (problem,) = study({})
    assert facts == []
    assert (problem.level, problem.message) == ("error", "`ml-manifest.yaml` does not exist")


def test_a_training_config_that_is_a_link_is_judged_where_it_stands(study, plant):
    (plant({"shared/a.yaml": AXOLOTL}) / "b.yaml").symlink_to("shared/a.yaml")
    facts, _ = study({})
    assert name(facts) == [Subject("shared/a.yaml", None, "shared/a.yaml")]


@pytest.mark.parametrize("file", ["ml-manifest.yaml", "a.yaml"])
def test_a_name_that_is_no_text_is_an_error(study, file):
    folder = os.fsdecode(b"caf\xe9")
    facts, problems = study({f"{folder}/{file}": MANIFEST if file.startswith("ml") else AXOLOTL})
    assert facts == []
    assert [(problem.level, problem.message) for problem in problems] == [
        ("error", "the name of this file is not UTF-8")
    ]


def test_a_name_that_is_no_text_matters_only_for_what_is_judged(study):
    assert study({os.fsdecode(b"caf\xe9.yaml"): "a: 1\n"}) == ([], [])


# What cannot be read


def test_a_broken_manifest_is_an_error_with_every_problem(study):
    facts, problems = study({"ml-manifest.yaml": "manifest: 2\nproject: a\nstage: never\n", "a.yaml": AXOLOTL})
    assert facts == []
    assert [(problem.level, str(problem.location)) for problem in problems] == [
        ("error", "ml-manifest.yaml:1:11"),
        ("error", "ml-manifest.yaml:3:8"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "base_model: [\n",
        "base_model: a\nbase_model: b\n",
        "{{ base_model }}: x\n",
        "base_model: a\nhook: !!python/name:os.system\n",
        "base_model: a\nname: \a\n",
        f"{AXOLOTL}---\nb: 1\n",
        "base_model: a\n".encode("utf-16"),
    ],
    ids=["not closed", "a key twice", "template", "tag", "odd character", "two documents", "UTF-16"],
)
def test_what_may_be_a_training_config_and_cannot_be_read_is_an_error(study, text):
    facts, (problem,) = study({"a.yaml": text})
    assert facts == []
    assert problem.level == "error"
    assert problem.message.startswith("this may be a training config and cannot be read: ")
    assert problem.remedy == "mend it, or let .gitignore name it if it is a template"
    assert problem.location is not None
    assert problem.location.file == "a.yaml"


def test_several_documents_of_which_none_trains_are_no_matter(study):
    assert study({"a.yaml": "kind: Job\nargs: [--base_model]\n---\nkind: Service\n"}) == ([], [])


@pytest.mark.parametrize("key", ['"base\\x5fmodel"', '"base\\u005fmodel"', '"\\U00000062ase_model"'])
def test_a_key_that_is_written_with_escapes_is_found(study, key):
    facts, problems = study({"a.yaml": AXOLOTL.replace("base_model", key), "data/train.jsonl": ROWS})
    assert (name(facts), problems) == ([Subject("a.yaml", None, "a.yaml")], [])


def test_what_has_escapes_and_no_mark_need_not_be_yaml(study):
    assert study({"a.yaml": '"\\x5f": [\n', "b.yaml": '"\\x5f": 1\n'}) == ([], [])


@pytest.mark.parametrize("place", [0, 1 << 20, (2 << 20) - 4, (2 << 20) - 5, 3 << 20], ids=str)
def test_what_is_too_large_is_an_error_where_it_has_a_mark(study, place):
    size = 4 << 20
    facts, (problem,) = study({"a.yaml": "#" * place + "base_model: a" + "#" * (size - place)})
    assert facts == []
    assert problem.level == "error"
    assert problem.message.startswith("this file is too large to be read as a training config")


def test_what_is_too_large_and_has_no_mark_is_no_matter(study):
    assert study({"a.yaml": "#" * (3 << 20)}) == ([], [])


def test_what_may_not_be_read_is_an_error(study, monkeypatch):
    def refuse(path, *_):
        if path.endswith("a.yaml"):
            raise PermissionError(13, "Permission denied", path)
        return open(path, *_)

    monkeypatch.setattr("policy.app.config_files.open", refuse, raising=False)
    facts, (problem,) = study({"a.yaml": AXOLOTL, "ml-manifest.yaml": MANIFEST})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert problem.level == "error"
    assert str(problem).startswith("a.yaml:1:1: this file cannot be read, and may be a training config: Permission den")


def test_a_link_to_a_file_inside_is_read(study, plant):
    (plant({"data/train.jsonl": ROWS, "ax.txt": AXOLOTL}) / "ax.yaml").symlink_to("ax.txt")
    facts, problems = study({})
    assert (name(facts), problems) == ([Subject("ax.yaml", None, "ax.yaml")], [])


@pytest.mark.parametrize(
    ("target", "message"),
    [("../out.txt", "`ax.yaml` leads outside the repository by a symbolic link"), ("gone", "`ax.yaml` does not exist")],
)
def test_a_link_that_leads_out_or_nowhere_is_a_warning(study, plant, tmp_path, target, message):
    (tmp_path / "out.txt").write_text(AXOLOTL)
    (plant({}) / "ax.yaml").symlink_to(target)
    facts, (problem,) = study({})
    assert facts == []
    assert (problem.level, problem.message, str(problem.location)) == ("warning", message, "ax.yaml:1:1")


# A named config that is no candidate

JSON = '{"base_model": "org/model", "datasets": [{"path": "data/train.jsonl", "type": "alpaca"}]}'


@pytest.mark.parametrize(
    ("file", "text"), [("train/a.json", JSON), ("train/a.conf", AXOLOTL), ("train/a.txt", AXOLOTL)]
)
def test_a_named_config_is_read_whatever_its_ending(study, file, text):
    facts, problems = study(
        {"ml-manifest.yaml": NAMING.replace("train/a.yaml", file), file: text, "data/train.jsonl": ROWS}
    )
    assert (name(facts), problems) == ([Subject("reply-tone", "ml-manifest.yaml", file)], [])
    assert facts[0].values["model.base"] == "org/model"


def test_a_named_config_that_git_ignores_is_read(study):
    files = {".gitignore": "train/\n", "ml-manifest.yaml": NAMING, "train/a.yaml": AXOLOTL, "data/train.jsonl": ROWS}
    facts, problems = study(files)
    assert (name(facts), problems) == ([Subject("reply-tone", "ml-manifest.yaml", "train/a.yaml")], [])


@pytest.mark.parametrize("text", ["base_model = [\n  'x'\n", "import os\n", "recipe: ours\n"])
def test_a_named_file_that_no_reader_knows_stays_a_warning(study, text):
    facts, (problem,) = study({"ml-manifest.yaml": NAMING.replace("a.yaml", "a.txt"), "train/a.txt": text})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert problem.level == "warning"
    assert problem.message.startswith("no reader knows the training config `train/a.txt`")


def test_a_named_json_file_that_is_broken_is_an_error(study):
    facts, problems = study({"ml-manifest.yaml": NAMING.replace("a.yaml", "a.json"), "train/a.json": JSON[:-1]})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert [problem.level for problem in problems] == ["error", "warning"]


def test_a_named_config_behind_a_link_out_of_the_root_is_not_read(study, plant, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.yaml").write_text(AXOLOTL)
    (plant({}) / "train").symlink_to("../out")
    facts, problems = study({"ml-manifest.yaml": NAMING})
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert [problem.level for problem in problems] == ["warning", "warning"]
    assert problems[0].message == "`train/a.yaml` leads outside the repository by a symbolic link"


def test_an_mlflow_project_whose_command_trains_is_a_subject(study):
    command = "trl sft --model_name_or_path a/b --dataset_name c/d --learning_rate {rate}"
    (facts,), problems = study({"tune/MLproject": f'name: tune\nentry_points: {{main: {{command: "{command}"}}}}\n'})
    assert facts.subject == Subject("tune/MLproject", None, "tune/MLproject")
    assert (facts.values["training.method"], problems) == ("sft", [])


LLAMA_FACTORY = (
    '{"model_name_or_path": "a/b", "stage": "sft", "do_train": true, "template": "qwen", "learning_rate": 1e-4}'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_small_json_file_that_says_that_it_trains_is_a_training_config(study, encoding):
    others = {
        "model/adapter_config.json": '{"base_model_name_or_path": "a/b", "peft_type": "LORA"}',
        "data.json": '[{"text": "model_name_or_path \\u00e9"}]',
        "run.json": '{"base_model": "a/b", "datasets": [{"path": "c/d"}]}',
        "broken.json": '{"model_name_or_path": [',
    }
    (facts,), problems = study({"train.json": LLAMA_FACTORY.encode(encoding), **others})
    assert facts.subject == Subject("train.json", None, "train.json")
    assert (facts.values["training.tool"], problems) == ("llama-factory", [])


@pytest.mark.parametrize("text", [LLAMA_FACTORY[:-1], LLAMA_FACTORY.encode("utf-16")])
def test_a_json_file_that_says_that_it_trains_and_cannot_be_read_is_an_error(study, text):
    facts, problems = study({"train.json": text})
    assert facts == []
    assert problems[0].message.startswith("this may be a training config and cannot be read: ")


def test_other_yaml_is_not_even_parsed(study):
    assert study({"a.yaml": "[[[", "b.yml": b"\xff\xfe", "c.yaml": "", "d.yaml": "- base_model\n"}) == ([], [])


# Plugins that break

COLLECTOR = """
    class Broken:
        name = "house"
        observes = ("evaluation.metrics", "evaluation.gain")
        def collect(self, project):
            {}
    @hookimpl
    def collectors(): return [Broken()]
"""
HOUSE = {"policy.yaml": "policy_set: 1\nplugins: [house]\n", "ml-manifest.yaml": MANIFEST}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("raise ValueError('s3cr3t')", "ValueError in house.py, line 8"),
        ("raise SystemExit(0)", "SystemExit in house.py, line 8"),
        ("return None", "TypeError in collector_worker.py, line "),
        ("return Evidence((Fact('data.rowz', 5, 'observed'),))", "`data.rowz` is no field"),
        ("return Evidence((Fact('data.rows', '5', 'observed'),))", "`data.rows` is a str, not a whole number"),
        ("return Evidence((Fact('data.rows', True, 'observed'),))", "`data.rows` is a bool, not a whole number"),
        ("return Evidence((Fact('purpose', ['style'], 'observed'),))", "`purpose` is a list, not a list (one of"),
        ("return Evidence((Fact('data.rows', 5, 'guessed'),))", "`data.rows` has the origin `guessed`, not one of"),
        ("return Evidence((Fact('tried', Members(({'score': 1},), True)),))", "`tried` is a Members, not a list of"),
        ("return Evidence((), ('a problem',))", "a problem is not one: str"),
        ("return Evidence((Fact('data.rows', 5, 'observed'),))", "it tells `data.rows`, which is not among what it"),
        ("return Evidence((), (), ['data.rows'])", "ValueError in collector_worker.py, line "),
        ("return Evidence(5)", "TypeError in value_kinds.py, line "),
    ],
)
def test_a_collector_that_breaks_leaves_what_it_observes_unknown(study, plugin, body, fault):
    plugin(COLLECTOR.format(body))
    (facts,), (problem,) = study(HOUSE)
    assert problem.level == "warning"
    assert problem.message.startswith(f"the collector house failed: {fault}")
    assert facts.unavailable == dict.fromkeys(("evaluation.metrics", "evaluation.gain"), problem.message)
    assert "s3cr3t" not in problem.message
    assert facts.values["project"] == "reply-tone"


def test_a_collector_that_breaks_takes_nothing_from_the_others(study, plugin):
    plugin(COLLECTOR.format("raise ValueError"))
    text = f"{MANIFEST}data: {{sources: [{{path: data/train.jsonl}}]}}\n"
    (facts,), _ = study({**HOUSE, "ml-manifest.yaml": text, "data/train.jsonl": ROWS})
    assert facts.values["data.rows"] == 5


def test_a_collector_is_told_what_is_declared_and_what_the_config_names(study, plugin):
    plugin(
        COLLECTOR.format(
            "told = (project.folder, *(fact.path for fact in project.declared))\n"
            "            told = (*told, *(reference.path for reference in project.datasets))\n"
            "            return Evidence((Fact('evaluation.metrics', Members(told, True), 'observed'),))"
        )
    )
    files = {"policy.yaml": HOUSE["policy.yaml"], "p/ml-manifest.yaml": MANIFEST, "p/a.yaml": AXOLOTL}
    (facts,), _ = study({**files, "p/data/train.jsonl": ROWS})
    assert sorted(facts.values["evaluation.metrics"].items) == ["p", "p/data/train.jsonl", "project"]
    assert facts.judged["data.sources"].origin == "observed"


READER = """
    class Broken:
        name = "house"
        marks = (b"house_model",)
        def recognise(self, root):
            {}
        def read(self, document, context):
            {}
    @hookimpl
    def training_config_readers(): return [Broken()]
"""
MARKED = {**HOUSE, "a.yaml": "house_model: a\n"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [("raise ValueError('s3cr3t')", "ValueError in house.py, line 8"), ("sys.exit()", "NameError in")],
)
def test_a_reader_that_breaks_in_recognising_is_an_error(study, plugin, body, fault):
    plugin(READER.format(body, "pass"))
    facts, (problem,) = study(MARKED)
    assert name(facts) == [Subject("reply-tone", "ml-manifest.yaml", None)]
    assert problem.level == "error"
    assert str(problem).startswith(f"a.yaml:1:1: the reader of house configs failed: {fault}")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("raise ValueError('s3cr3t')", "ValueError in house.py, line 10"),
        ("raise SystemExit(0)", "SystemExit in house.py, line 10"),
        ("return None", "AttributeError in training_configs.py, line "),
        ("return ConfigFacts((Fact('model.base', 5, 'observed'),))", "`model.base` is a int, not a string"),
    ],
)
def test_a_config_whose_reader_breaks_is_judged_and_what_it_tells_unknown(study, plugin, body, fault):
    plugin(READER.format("return True", body))
    (facts,), (problem,) = study({"policy.yaml": HOUSE["policy.yaml"], "a.yaml": MARKED["a.yaml"]})
    assert problem.level == "warning"
    assert str(problem).startswith(f"a.yaml:1:1: the reader of house configs failed: {fault}")
    assert facts.subject == Subject("a.yaml", None, "a.yaml")
    assert facts.values["training.config"] == "a.yaml"
    assert facts.unavailable["model.base"] == problem.message
    assert outcomes(facts)[0]["undeclared-fine-tuning"] == "fail"


def test_the_first_reader_that_recognises_a_config_reads_it(study, plugin):
    plugin(READER.format("return True", "return ConfigFacts()").replace("house_model", "base_model"))
    (facts,), _ = study({"policy.yaml": HOUSE["policy.yaml"], "a.yaml": AXOLOTL, "data/train.jsonl": ROWS})
    assert facts.values["training.tool"] == "axolotl"


def test_a_reader_that_breaks_in_recognising_keeps_no_other_from_it(study, plugin):
    plugin(
        READER.format("raise ValueError", "pass").replace("house_model", "base_model")
        + READER.format("return True", "return ConfigFacts()")
        .replace("house_model", "base_model")
        .replace("Broken", "Other")
        .replace(
            "def training_config_readers(): return [Other()]",
            "def training_config_readers(): return [Broken(), Other()]",
        )
    )
    text = "base_model: 5\n"
    facts, (problem,) = study({"policy.yaml": HOUSE["policy.yaml"], "a.yaml": text})
    assert name(facts) == [Subject("a.yaml", None, "a.yaml")]
    assert problem.level == "error"
