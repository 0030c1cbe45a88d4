from __future__ import annotations

import pytest

from policy.app.naming import find_named, gather_changed

CHANGED = gather_changed(["shared/data/train.jsonl", "a/b c/x.jsonl", "top.jsonl"])


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("p/ml-manifest.yaml", "path: ../shared/data/train.jsonl", "shared/data/train.jsonl"),
        ("p/ml-manifest.yaml", "  - {path: ../shared//data/./train.jsonl, license: x}", "shared/data/train.jsonl"),
        ("p/ml-manifest.yaml", "path: '../shared/data'", "shared/data"),
        ("p/ml-manifest.yaml", "path: ../shared/data/", "shared/data"),
        ("p/ml-manifest.yaml", 'path: "../shared/*/train.jsonl"', "shared"),
        ("p/ml-manifest.yaml", "path: ../shared/data/*.jsonl", "shared/data"),
        ("p/q/train.yaml", "data_files: shared/data/train.jsonl", "shared/data/train.jsonl"),
        ("p/q/train.yaml", "data_files: [json:shared/data/train.jsonl]", "shared/data/train.jsonl"),
        ("shared/p/train.yaml", "path: data/train.jsonl", "shared/data/train.jsonl"),
        ("shared/p/train.yaml", "path: data/other.jsonl", ""),
        ("p/ml-manifest.yaml", "path: data/train.jsonl", ""),
        ("p/ml-manifest.yaml", "path: ../shared/data/train.jsonl.gz", ""),
        ("p/ml-manifest.yaml", "project: shared-data", ""),
        ("p/ml-manifest.yaml", "path: ../a/b c/x.jsonl", "a/b c/x.jsonl"),
        ("p/ml-manifest.yaml", "- ../a/b c/x.jsonl", "a/b c/x.jsonl"),
        ("p/ml-manifest.yaml", "path: '../a/b c/x.jsonl' # here", "a/b c/x.jsonl"),
        ("ml-manifest.yaml", "path: top.jsonl", "top.jsonl"),
        ("p/ml-manifest.yaml", "path: ../../../../top.jsonl", ""),
        # Nobody unescapes this here.
        ("p/ml-manifest.yaml", 'path: "..\\x2fshared"', "what it writes with escapes"),
    ],
)
def test_what_a_text_names(file, text, named):
    assert find_named(file, text, CHANGED) == named


def test_nothing_is_named_where_nothing_is_changed():
    assert find_named("p/ml-manifest.yaml", "path: ../x", gather_changed([])) == ""
