from __future__ import annotations

import pytest

from policy.evidence.tools.config_reading import ConfigReading
from policy.evidence.tools.dataset_names import refer, refer_files
from policy.evidence.tools.readers import RepositoryContext
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml


@pytest.fixture
def reading(plant):
    root = plant({"data/a.jsonl": "{}", "data/b.csv": "a", "conf/c.json": "[]"})
    document = read_yaml(b"{source: data, files: [b.csv, data/a.jsonl], bad: {a: b}, none: ''}", "conf/x.yaml")
    assert isinstance(document.root, Mapping)
    return ConfigReading("tool", document.root, document, RepositoryContext(str(root), "conf"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("data/a.jsonl", ("data/a.jsonl", None, True)),
        ("c.json", ("conf/c.json", None, True)),
        ("later/x.jsonl", ("later/x.jsonl", None, True)),
        ("org/data", (None, "org/data", True)),
        ("data", (None, "data", False)),
        ("/data/a.jsonl", (None, "/data/a.jsonl", True)),
        ("../a.jsonl", (None, "../a.jsonl", True)),
        ("s3://bucket/a.jsonl", (None, "s3://bucket/a.jsonl", True)),
        ("data/*.jsonl", (None, "data/*.jsonl", False)),
        ("${data_dir}/a.jsonl", (None, "${data_dir}/a.jsonl", False)),
    ],
)
def test_a_file_of_the_repository_or_the_name_of_something_elsewhere(reading, written, expected):
    found = refer(reading, None, written, "train", "half")
    assert (found.path, found.name, found.resolved) == expected
    assert (found.split, found.portion) == ("train", "half")


def test_files_of_a_folder_or_a_format(reading):
    found = list(refer_files(reading, reading.text("source"), reading.texts("files"), "train"))
    assert [item.path for item in found] == ["data/b.csv", "data/a.jsonl"]


@pytest.mark.parametrize(("source", "files"), [("none", "files"), ("bad", "files"), ("source", "bad")])
def test_what_cannot_be_read_is_data_that_is_not_made_out(reading, source, files):
    [found] = refer_files(reading, reading.text(source), reading.texts(files), "validation")
    assert (found.path, found.name, found.split, found.resolved) == (None, None, "validation", False)
