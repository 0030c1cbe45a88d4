"""Data files that are found by their names."""

from __future__ import annotations

import pytest

from policy.app.drafts.data_candidates import MOST_FOUND, find_data_files, tell_split


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("data/train.jsonl", "train"),
        ("train.json", "train"),
        ("TRAIN.JSONL", "train"),
        ("tickets_train_v2.jsonl", "train"),
        ("training-data.json", "train"),
        ("trainset.ndjson", "train"),
        ("valid.jsonl", "validation"),
        ("my.validation.jsonl", "validation"),
        ("dev.json", "validation"),
        ("test.json", "test"),
        ("test-00000-of-00001.jsonl", "test"),
        # Words that only hold such a word, several of them, and files of other kinds.
        ("trainer_state.json", ""),
        ("latest.json", ""),
        ("evaluation.json", ""),
        ("train_test.jsonl", ""),
        ("train.csv", ""),
        ("train.py", ""),
        ("train/data.jsonl", ""),
        ("train", ""),
        ("", ""),
    ],
)
def test_the_split_that_a_name_tells(path, split):
    assert tell_split(path) == split


def test_what_belongs_to_the_folder(plant):
    root = plant(
        {
            "b/test.jsonl": "",
            "a/train.jsonl": "",
            "a/notes.txt": "",
            ".cache/train.jsonl": "",
            "node_modules/train.json": "",
            "nested/ml-manifest.yaml": "",
            "nested/train.jsonl": "",
            "module/.git": "gitdir: elsewhere",
            "module/train.jsonl": "",
        }
    )
    (root / "a" / "test.jsonl").symlink_to("train.jsonl")
    (root / "c").symlink_to("a")
    assert find_data_files(str(root)) == [("a/train.jsonl", "train"), ("b/test.jsonl", "test")]


def test_only_so_many(plant):
    root = plant({f"{number}/train.jsonl": "" for number in range(MOST_FOUND + 5)})
    assert len(find_data_files(str(root))) == MOST_FOUND
