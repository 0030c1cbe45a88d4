"""What a draft would be observed to be, beside what a check of the written manifest observes."""

from __future__ import annotations

from datetime import date

import pytest

from policy.app.drafts.findings import find_project
from policy.app.drafts.manifests import Answers, draft_manifest
from policy.app.drafts.observation import MOST_SUBJECTS, observe_draft
from policy.app.workspace import open_workspace
from tests.app.conftest import AXOLOTL
from tests.building import NOW

TODAY = date(2026, 11, 20)
ROWS = '{"instruction": "a", "output": "b"}\n'


@pytest.fixture
def observe(plant):
    """Path to value of what is observed of the draft for a folder of these files."""

    def look(files, folder="."):
        workspace = open_workspace(str(plant(files)))
        found = find_project(workspace, folder, [])
        draft = draft_manifest(found, Answers(), workspace.policy_set, NOW)
        return {fact.path: fact for fact in observe_draft(workspace, found, draft.text, TODAY)}

    return look


def test_data_that_the_config_names_is_read(observe):
    facts = observe({"a.yaml": AXOLOTL, "data/train.jsonl": ROWS * 3})
    assert (facts["data.rows"].value, facts["data.rows"].origin) == (3, "observed")
    assert facts["data.tokens"].origin == "estimated"
    assert facts["model.base"].value == "org/model"
    assert "project" not in facts


def test_of_a_folder_inside_the_repository_paths_are_its_own(observe):
    facts = observe({"bot/a.yaml": AXOLOTL, "bot/data/train.jsonl": ROWS}, "bot")
    assert facts["data.rows"].value == 1


def test_of_several_configs_only_what_they_share_is_told(observe):
    other = AXOLOTL.replace("org/model", "org/other")
    facts = observe({"a.yaml": AXOLOTL, "b.yaml": other, "data/train.jsonl": ROWS * 2})
    assert facts["data.rows"].value == 2
    assert "model.base" not in facts


def test_of_many_configs_nothing_is_asked(observe):
    assert observe({f"{number}.yaml": AXOLOTL for number in range(MOST_SUBJECTS + 1)}) == {}


def test_nothing_there_is_nothing_observed_of_it(observe):
    assert {"data.rows", "model.base", "approach"}.isdisjoint(observe({"README.md": ""}))


def test_what_is_broken_is_left_to_the_check(observe):
    facts = observe({"a.yaml": AXOLOTL, "data/train.jsonl": "{broken\n"})
    assert "data.rows" not in facts
    assert facts["approach"].value == "fine-tuning"


def test_the_order_is_that_of_the_schema(observe):
    paths = list(observe({"a.yaml": AXOLOTL, "data/train.jsonl": ROWS}))
    assert paths.index("approach") < paths.index("data.rows") < paths.index("model.base") < paths.index("training.tool")
