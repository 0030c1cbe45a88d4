"""Results of evaluations that are found, and what else lies about and is none."""

from __future__ import annotations

import json

import pytest

from policy.app.drafts.result_candidates import LARGEST, MOST_FOUND, FoundResult, find_results, tell_approach

LM_EVAL = {
    "results": {"tone": {"alias": "tone", "f1,none": 0.75, "f1_stderr,none": 0.01}},
    "configs": {"tone": {"num_fewshot": 4}},
    "versions": {"tone": 1},
    "n-shot": {"tone": 4},
}


def find(plant, files):
    return find_results(str(plant(files)))


@pytest.mark.parametrize(
    ("name", "approach"),
    [
        ("evals/base.json", "base-model"),
        ("evals/prompt.json", "prompt-engineering"),
        ("evals/prompt-v2.json", "prompt-engineering"),
        ("evals/system-prompt.json", "system-prompt"),
        ("evals/system_prompt.json", "system-prompt"),
        ("evals/few-shot.json", "few-shot"),
        ("evals/FewShot-4.json", "few-shot"),
        ("evals/rag_hybrid.json", "hybrid"),
        ("evals/rag.json", "rag"),
        ("evals/lora-tuned.json", "fine-tuning"),
        ("few-shot/results.json", ""),
        ("evals/prompting.json", ""),
        ("evals/drag.json", ""),
    ],
)
def test_the_name_tells_what_was_tried(name, approach):
    assert tell_approach(name) == approach


def test_plain_results_and_those_of_a_harness_are_found(plant):
    files = {
        "evals/prompt.json": '{"f1": 0.5, "exact": 0.25}',
        "out/results_2026-01-01.json": json.dumps(LM_EVAL),
        "evals/deep/er/rag.json": '{"metrics": {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}}',
    }
    found = find(plant, files)
    assert found[0] == FoundResult("evals/deep/er/rag.json", "rag", "a 1, b 2, c 3, 2 more")
    assert found[1] == FoundResult("evals/prompt.json", "prompt-engineering", "f1 0.5, exact 0.25")
    assert (found[2].path, found[2].approach) == ("out/results_2026-01-01.json", "")
    assert "0.75" in found[2].said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", '{"version": 1}'),
        ("config/prompt.json", '{"f1": 0.5}'),
        ("evals/test.json", '{"f1": 0.5}'),
        ("evals/notes.json", '{"author": "me"}'),
        ("evals/list.json", "[0.5]"),
        ("evals/broken.json", '{"f1": 0.5'),
        ("evals/binary.json", b"\xff\xfe\x00"),
        ("evals/empty.json", ""),
        ("evals/deep.json", "[" * 100_000),
        ("evals/huge-number.json", '{"f1": 1e999}'),
        ("evals/pointer.json", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        (".hidden/evals/prompt.json", '{"f1": 0.5}'),
        ("other/ml-manifest.yaml", "manifest: 1\nproject: other\n"),
    ],
)
def test_what_is_none_is_passed_over(name, content, plant):
    assert find(plant, {name: content}) == []


def test_what_another_manifest_covers_is_its_own(plant):
    assert find(plant, {"b/ml-manifest.yaml": "manifest: 1\nproject: b\n", "b/evals/rag.json": '{"f1": 1}'}) == []


def test_what_is_too_large_is_not_read(plant):
    root = plant({"evals/rag.json": '{"f1": 1}'})
    with open(root / "evals/rag.json", "a", encoding="utf-8") as stream:
        stream.truncate(LARGEST + 1)
    assert find_results(str(root)) == []


def test_a_link_that_leads_elsewhere_is_not_followed(plant, tmp_path):
    root = plant({"evals/.keep": ""})
    (tmp_path / "outside.json").write_text('{"f1": 1}')
    (root / "evals/rag.json").symlink_to(tmp_path / "outside.json")
    assert find_results(str(root)) == []


def test_only_so_many_are_named(plant):
    assert len(find(plant, {f"evals/{number:03}.json": '{"f1": 1}' for number in range(MOST_FOUND + 5)})) == MOST_FOUND
