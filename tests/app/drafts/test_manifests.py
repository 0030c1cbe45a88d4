"""A manifest that is drafted: it can be read, and states nothing that nobody stated."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.app.drafts.cards import FoundSource
from policy.app.drafts.findings import Findings, find_project
from policy.app.drafts.manifests import Answers, draft_manifest
from policy.app.drafts.result_candidates import FoundResult
from policy.app.workspace import open_workspace
from policy.model.fact import Fact, Members
from policy.model.fields import APPROACHES, SCHEMA
from policy.model.kinds import STRING, enum
from policy.model.manifest import read_manifest
from policy.model.manifest_model import manifest_json_schema
from policy.model.money import Money
from policy.model.policy import PolicySet
from policy.model.schema import Field
from policy.source.yaml_reader import read_yaml
from tests.app.conftest import AXOLOTL
from tests.building import NOW, make_policy
from tests.editor import Editor, see

ASKING = make_policy("effect: block\nrequire: {needs.citations: false, data.change_interval: {at_least: 1d}}\n")
HINTING = make_policy("policy: b\neffect: flag\nrequire: {budget.per_run: {at_most: 1 USD}}\n")
POLICIES = PolicySet((ASKING, HINTING))
NOTHING_FOUND = Findings("", "tone", "the folder's name")
NOTHING_SAID = Answers()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
PURPOSES = ("style", "domain-language", "task-pattern", "latency", "knowledge", "other")


def draft(found=NOTHING_FOUND, answers=NOTHING_SAID, policy_set=POLICIES):
    return draft_manifest(found, answers, policy_set, NOW)


def read(text, schema=SCHEMA):
    """What a manifest of this text states: path to plain value."""
    manifest = read_manifest(read_yaml(text.encode(), "ml-manifest.yaml"), schema)
    return {claim.path: plain(claim.value) for claim in manifest.claims}


def join_comments(text):
    """The text on one line, without the marks of comments, which may be wrapped anywhere."""
    return " ".join(text.replace("#", " ").split())


def plain(value):
    if isinstance(value, Members):
        return [
            {name: fact.value for name, fact in item.items()} if isinstance(item, dict) else item
            for item in value.items
        ]
    return value


def test_of_an_empty_folder_it_states_the_name_alone():
    made = draft()
    assert read(made.text) == {"project": "tone"}
    assert (made.stated, made.waiting) == (1, 8)
    for line in ("# approach:", "# purpose:", "# stage:", "  # team:", "  # citations:", "  # change_interval:"):
        assert f"\n{line} " in made.text
    assert "# Asked by policies that flag or advise: budget.per_run.\n" in made.text
    assert "No training config was found here" in made.text


def test_what_was_said_is_stated_and_nothing_else():
    answers = Answers("Tone: a 'bot'", "no", "fine-tuning", ("style", "latency"), "pilot")
    assert read(draft(answers=answers).text) == {
        "project": "Tone: a 'bot'",
        "owner.team": "no",
        "approach": "fine-tuning",
        "purpose": ["style", "latency"],
        "stage": "pilot",
    }


def test_each_open_key_says_what_can_be_written():
    text = join_comments(draft().text)
    assert "approach: fine-tuning | rag | prompt-engineering | few-shot | hybrid: what the project does" in text
    assert "citations: true or false: answers must cite their sources" in text
    assert "change_interval: a duration, such as 30d: typical time between changes of the training data" in text
    assert "purpose: a list of style | domain-language" in text
    assert "team: the team that answers for the project" in text


def test_the_address_that_git_knows_is_a_suggestion_only():
    made = draft(Findings("", "tone", email="ml@example.com"))
    assert "owner.contact" not in read(made.text)
    assert "git's user.email is ml@example.com" in join_comments(made.text)


def test_data_is_stated_where_a_config_names_it():
    named = FoundSource("data/train.jsonl", "", "train", "cc-by-4.0", "data/README.md")
    elsewhere = FoundSource("", "org/no", "validation")
    extra = FoundSource("data/test.jsonl", "", "test", hint="data/LICENSE reads like mit")
    made = draft(Findings("", "tone", sources=(named, elsewhere), unnamed=(extra,)))
    assert read(made.text)["data.sources"] == [
        {"path": "data/train.jsonl", "license": "cc-by-4.0", "split": "train"},
        {"name": "org/no", "split": "validation"},
    ]
    assert "# licence from data/README.md" in made.text
    assert "# - {path: data/test.jsonl, split: test}" in made.text
    assert "no training config names it; add its licence, `license: …`; data/LICENSE reads like mit" in join_comments(
        made.text
    )


def test_data_that_nobody_names_is_not_stated():
    made = draft(Findings("", "tone", unnamed=(FoundSource("train.jsonl", "", "train"),)))
    assert read(made.text) == {"project": "tone"}
    uncommented = made.text.replace("# - {path", "- {path")
    assert read(uncommented)["data.sources"] == [{"path": "train.jsonl", "split": "train"}]


@pytest.fixture
def draft_files(plant):
    def write(files, answers=NOTHING_SAID):
        workspace = open_workspace(str(plant(files)))
        return draft_manifest(find_project(workspace, ".", []), answers, workspace.policy_set, NOW).text

    return write


def test_one_config_is_named_and_what_it_tells_is_stated_or_a_comment(draft_files):
    text = draft_files({"train/a.yaml": f"seed: 7\nadapter: lora\n{AXOLOTL}", "data/train.jsonl": "{}\n"})
    stated = read(text)
    assert {path: stated[path] for path in ("training.config", "approach", "model.base")} == {
        "training.config": "train/a.yaml",
        "approach": "fine-tuning",
        "model.base": "org/model",
    }
    assert not {"training.seed", "training.adapter"} & set(stated)
    observed = join_comments(text)
    for told in ("training.seed 7", "training.adapter lora", "model.revision none"):
        assert told in observed
    assert "model.base org/model" not in observed


def test_what_was_said_comes_before_what_a_config_tells(draft_files):
    text = draft_files({"a.yaml": AXOLOTL}, Answers(approach="hybrid"))
    assert read(text)["approach"] == "hybrid"


def test_configs_that_differ_state_only_what_they_share(draft_files):
    stated = read(draft_files({"a.yaml": AXOLOTL, "b.yaml": AXOLOTL.replace("org/model", "org/other")}))
    assert stated["approach"] == "fine-tuning"
    assert "model.base" not in stated


# What a check would observe


def test_what_evidence_tells_of_the_data_is_a_comment():
    found = Findings("", "tone", sources=(FoundSource("data/train.jsonl", "", "train"),))
    evidence = [
        Fact("data.rows", 934, "observed", "data files"),
        Fact("data.tokens", 4000, "estimated", "data files"),
        Fact("data.change_interval", 9 * 86_400_000, "estimated", "git history: the median of 4 gaps"),
        Fact("data.sources", Members((), complete=False), "observed", "data files"),
        Fact("training.seed", 7, "observed", "axolotl config"),
    ]
    made = draft_manifest(found, NOTHING_SAID, POLICIES, NOW, evidence)
    said = join_comments(made.text)
    assert "observed, and need not be stated: data.rows 934, data.tokens about 4,000 -" in said
    assert "typical time between changes of the training data; git history suggests about 9 days" in said
    assert not {"data.rows", "data.tokens", "data.change_interval"} & set(read(made.text))


def test_another_estimate_is_a_hint_too():
    asking = PolicySet((make_policy("effect: block\nrequire: {cost.run: {at_most: 9 USD}}\n"),))
    evidence = [Fact("cost.run", Money(4.0, "USD"), "estimated", "derived from data.tokens")]
    made = draft_manifest(NOTHING_FOUND, NOTHING_SAID, asking, NOW, evidence)
    assert "cost of one training run, an estimate; estimated at 4 USD" in join_comments(made.text)


def test_a_hostile_value_that_a_config_tells_stays_a_text():
    evidence = [Fact("model.base", "yes\n# \x1b[2J: [", "observed", "axolotl config")]
    made = draft_manifest(NOTHING_FOUND, NOTHING_SAID, POLICIES, NOW, evidence)
    assert read(made.text)["model.base"] == "yes\n# \x1b[2J: ["
    assert all(character == "\n" or character.isprintable() for character in made.text)


def test_results_that_were_found_wait_to_be_uncommented():
    results = (FoundResult("evals/few-shot.json", "few-shot", "f1 0.5"), FoundResult("evals/x.json", "", "f1 0.6"))
    made = draft(Findings("", "tone", results=results))
    assert "tried" not in read(made.text)
    uncommented = made.text.replace("# - {", "- {")
    assert read(uncommented)["tried"] == [
        {"approach": "few-shot", "results": "evals/few-shot.json"},
        {"results": "evals/x.json"},
    ]
    assert "f1 0.6; say what was tried, `approach: …`" in join_comments(made.text)


def test_of_several_configs_none_is_named(draft_files):
    text = draft_files({f"{name}.yaml": AXOLOTL for name in "abcdefg"})
    assert "training.config" not in read(text)
    assert "a.yaml, b.yaml, c.yaml, d.yaml, e.yaml and 2 more" in join_comments(text)


def test_what_a_config_tells_decides_what_is_asked(draft_files):
    assert "# change_interval:" not in draft_files({}, Answers(approach="rag"))
    assert "# change_interval:" in draft_files({"a.yaml": AXOLOTL})


def test_a_schema_is_named_only_where_it_is():
    assert not draft().text.startswith("# yaml-language-server")
    made = draft(Findings("", "tone", schema_file="../ml-manifest.schema.json"))
    assert made.text.startswith("# yaml-language-server: $schema=../ml-manifest.schema.json\n")


def test_the_model_card_is_a_hint(draft_files):
    text = draft_files({"README.md": "---\nlicense: mit\nbase_model: a/b\n---\n"})
    assert "release.license" not in read(text)
    assert "README.md, a model card, says mit" in text


def test_the_licence_of_a_base_model_in_the_repository_is_stated(draft_files):
    config = AXOLOTL.replace("org/model", "models/base")
    text = draft_files({"a.yaml": config, "models/base/README.md": "---\nlicense: mit\n---\n"})
    assert read(text)["model.license"] == "mit"
    assert "# from models/base/README.md" in text


def test_an_editor_has_nothing_to_underline(draft_files):
    text = draft_files({"a.yaml": AXOLOTL, "data/test.jsonl": "{}\n"}, Answers("tone", purpose=("style",)))
    assert Editor(manifest_json_schema(SCHEMA)).underlines(see(text)) == []


def test_an_organisations_fields_are_asked():
    fields = (Field("x.tier", enum("gold", "silver"), "service level"), Field("x.team.lead", STRING, "who leads"))
    schema = SCHEMA.extended(fields)
    text = draft(policy_set=PolicySet((ASKING,), schema=schema)).text
    assert "\nx:\n  # tier:                       # gold | silver: service level\n  team:\n    # lead:" in text
    assert read(text, schema) == {"project": "tone"}


def test_a_manifest_above_is_mentioned():
    assert "covered by ml-manifest.yaml" in draft(Findings("a", "tone", covered_by="ml-manifest.yaml")).text


SOURCES = st.builds(
    FoundSource,
    TEXTS.filter(lambda text: "\0" not in text),
    st.just(""),
    st.sampled_from(["train", "test"]),
    TEXTS,
    TEXTS,
)


FINDINGS = st.builds(
    Findings,
    st.just(""),
    TEXTS,
    TEXTS,
    TEXTS,
    sources=st.lists(SOURCES, max_size=3).map(tuple),
    unnamed=st.lists(SOURCES, max_size=2).map(tuple),
)
ANSWERS = st.builds(
    Answers,
    TEXTS,
    TEXTS,
    st.sampled_from(["", *APPROACHES]),
    st.lists(st.sampled_from(PURPOSES), unique=True).map(tuple),
    st.sampled_from(["", "pilot"]),
)


@given(FINDINGS, ANSWERS)
def test_whatever_is_found_and_said_is_read_back(found, answers):
    text = draft(found, answers).text
    stated = yaml.safe_load(text)
    assert stated["project"] == answers.project
    assert stated["owner"]["team"] == answers.team
    assert stated.get("approach", "") == answers.approach
    assert tuple(stated.get("purpose", ())) == answers.purpose
    told = read(text)
    assert told["project"] == answers.project
    assert [source["license"] for source in told.get("data.sources", [])] == [
        source.license for source in found.sources
    ]
