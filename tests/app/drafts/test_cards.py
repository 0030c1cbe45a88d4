"""What cards and licence files say of a project's data."""

from __future__ import annotations

import pytest

from policy.app.drafts.cards import CardFinder, FoundSource
from policy.errors import Problem

CROISSANT = (
    '{"@type": "Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0",'
    ' "license": "https://creativecommons.org/licenses/by/4.0/"}'
)
DATASET_CARD = "---\nlicense: cc-by-4.0\ntask_ids: [qa]\n---\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"data/README.md": "---\nlicense: mit\n---\n"}, ("mit", "data/README.md", "")),
        ({"README.md": DATASET_CARD}, ("cc-by-4.0", "README.md", "")),
        ({"README.md": DATASET_CARD, "data/README.md": "---\nlicense: mit\n---\n"}, ("mit", "data/README.md", "")),
        # In the project's folder a card may speak of anything, and a licence is that of the code.
        ({"README.md": "---\nlicense: mit\n---\n"}, ("", "", "")),
        ({"README.md": "---\nlicense: mit\nbase_model: a/b\n---\n"}, ("", "", "")),
        ({"LICENSE": "MIT License"}, ("", "", "")),
        ({"data/README.md": "---\nlicense: mit\nbase_model: a/b\n---\n"}, ("", "", "")),
        ({"data/LICENSE": "MIT License"}, ("", "", "data/LICENSE reads like mit")),
        ({"data/LICENSE": "Ask us."}, ("", "", "see data/LICENSE")),
        (
            {"data/README.md": "---\nlicense: [mit, cc0-1.0]\n---\n"},
            ("", "", "data/README.md names several licences: mit, cc0-1.0"),
        ),
        ({"data/croissant.json": CROISSANT}, ("cc-by-4.0", "data/croissant.json", "")),
        (
            {"data/croissant.json": CROISSANT, "data/README.md": "---\nlicense: unknown\n---\n"},
            ("cc-by-4.0", "data/croissant.json", ""),
        ),
        (
            {"data/croissant.json": CROISSANT, "data/README.md": "---\nlicense: mit\n---\n"},
            ("", "", "data/README.md and data/croissant.json name different licences: mit, cc-by-4.0"),
        ),
        (
            {"data/README.md": "---\nlicense: unknown\n---\n", "data/LICENSE": "MIT License"},
            ("", "", "data/LICENSE reads like mit"),
        ),
    ],
)
def test_what_is_said_of_the_datas_licence(plant, files, told):
    source = CardFinder(str(plant(files)), "", []).describe("data/train.jsonl", "", "train")
    assert (source.license, source.told_by, source.hint) == told


def test_files_are_named_as_from_the_projects_folder(plant):
    root = plant({"bots/tone/data/README.md": DATASET_CARD, "bots/LICENSE": "MIT License"})
    cards = CardFinder(str(root), "bots/tone", [])
    assert cards.describe("data/train.jsonl", "", "train").told_by == "data/README.md"
    assert cards.describe("../train.jsonl", "", "train").hint == "../LICENSE reads like mit"


def test_what_has_no_path_is_looked_for_nowhere(plant):
    root = plant({"README.md": DATASET_CARD})
    assert CardFinder(str(root), "", []).describe("", "org/data", "test") == FoundSource("", "org/data", "test")


def test_a_broken_card_is_noted_once(plant):
    root = plant({"data/README.md": "---\nlicense: [mit\n---\n"})
    problems: list[Problem] = []
    cards = CardFinder(str(root), "", problems)
    for name in ("train", "test"):
        assert cards.describe(f"data/{name}.jsonl", "", name).license == ""
    assert len(problems) == 1
