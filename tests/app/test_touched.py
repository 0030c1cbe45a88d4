from __future__ import annotations

import pytest

from policy.app.touched import Situation, find_touched, list_left, list_words

A, B, NESTED = "a/ml-manifest.yaml", "b/ml-manifest.yaml", "a/inner/ml-manifest.yaml"


def touch(changed, *, manifests=(A, B), gone=(), below=(), texts=None):
    asked = []

    def search(words):
        asked.append(words)
        return texts or {}

    situation = Situation(frozenset({*changed, *gone}), frozenset(changed), frozenset(manifests))
    return find_touched(situation, search, lambda folders: below if folders else ()), asked


@pytest.mark.parametrize(
    ("changed", "touched"),
    [
        ([], {}),
        ([A], {A: "its manifest is changed or new"}),
        (["a/train.yaml"], {A: "a/train.yaml is changed or new"}),
        (["a/deep/er/data.jsonl"], {A: "a/deep/er/data.jsonl is changed or new"}),
        (["README.md"], {}),
        (["alone.yaml"], {"alone.yaml": "it is changed or new, and no manifest covers it"}),
        (["tools/train.py"], {"tools/train.py": "it is changed or new, and no manifest covers it"}),
        (["tests/test_x.py"], {}),
        (["a/x", "b/x"], {A: "a/x is changed or new", B: "b/x is changed or new"}),
    ],
)
def test_what_a_path_touches_by_where_it_is(changed, touched):
    assert touch(changed)[0] == touched


def test_a_nested_project_and_the_one_around_it():
    manifests = (A, B, NESTED)
    assert touch(["a/inner/x"], manifests=manifests)[0] == {NESTED: "a/inner/x is changed or new"}
    assert touch([NESTED], manifests=manifests)[0] == {
        NESTED: "its manifest is changed or new",
        A: f"what it covers is changed by {NESTED}",
    }


def test_a_file_that_is_gone_touches_its_project():
    assert touch([], gone=["a/train.yaml"])[0] == {A: "a/train.yaml is gone"}
    assert touch([], gone=["alone.yaml"])[0] == {}


def test_files_whose_manifest_is_gone_are_subjects():
    found, _ = touch([], manifests=[B], gone=[A], below=["a/train.yaml", "a/data.jsonl", "a/run.py"])
    reason = f"the manifest that covered it is gone: {A}"
    assert found == {"a/train.yaml": reason, "a/run.py": reason}


def test_a_manifest_above_takes_over():
    found, _ = touch([], manifests=[A], gone=[NESTED], below=["a/inner/train.yaml"])
    assert found == {
        A: f"what it covers is changed by {NESTED}",
        "a/inner/train.yaml": f"the manifest that covered it is gone: {NESTED}",
    }


def test_a_moved_manifest():
    moved = "c/ml-manifest.yaml"
    found, _ = touch([moved], manifests=[B, moved], gone=[A], below=["a/train.yaml"])
    assert set(found) == {moved, "a/train.yaml"}


def test_a_project_that_names_what_is_changed_elsewhere():
    texts = {B: "path: ../shared/x.jsonl", "b/train.yaml": "path: x.jsonl", "lone.yaml": "path: shared/x.jsonl"}
    found, asked = touch(["shared/x.jsonl"], texts=texts)
    assert found == {
        B: f"{B} names shared/x.jsonl, which is changed",
        "lone.yaml": "lone.yaml names shared/x.jsonl, which is changed",
    }
    assert asked == [sorted(["../", "\\", "shared", "x.jsonl"])]


def test_no_file_is_looked_into_for_a_manifest():
    assert touch([A, B])[1] == []


@pytest.mark.parametrize(
    ("path", "manifests", "words"),
    [
        ("teams/x/p/data/train.jsonl", ["teams/x/p/ml-manifest.yaml"], ["p", "x", "teams"]),
        ("teams/x/p/data/train.jsonl", [], ["data", "p", "x", "teams", "train.jsonl"]),
        (
            "teams/x/p/data/train.jsonl",
            ["teams/x/p/ml-manifest.yaml", "teams/x/p/q/ml-manifest.yaml"],
            ["data", "p", "x", "teams", "train.jsonl"],
        ),
        ("x.jsonl", ["ml-manifest.yaml"], []),
        ("x.jsonl", ["ml-manifest.yaml", "p/ml-manifest.yaml"], ["x.jsonl"]),
    ],
)
def test_words_without_which_nothing_names_a_path(path, manifests, words):
    situation = Situation(frozenset([path]), frozenset([path]), frozenset(manifests))
    assert list_words(path, situation) == ["../", "\\", *words]


def test_too_many_words_are_not_asked_for():
    _, asked = touch([f"{number}/x" for number in range(2100)])
    assert asked == [[]]


def test_only_what_lost_its_manifest_is_left():
    files = ["a/train.yaml", "a/ml-manifest.yaml", "a/inner/train.yaml", "b/x.yaml", "c.yaml"]
    assert list_left(files, {NESTED, B}, [A]) == {"a/train.yaml": A}
    assert list_left(files, {A, B}, [NESTED]) == {"a/inner/train.yaml": NESTED}
