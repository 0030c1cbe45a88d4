"""That a large file keeps a provider's rules is remembered between runs."""

from __future__ import annotations

import json
import os

import pytest

from policy.evidence.data import cache as cache_module
from policy.evidence.data import contents
from policy.evidence.job_files import kept
from policy.evidence.job_files.judging import Task, judge_file
from policy.evidence.job_files.kept import judge_once
from policy.evidence.job_files.providers import AZURE, OPENAI

CHAT = Task(OPENAI, "chat")
ROW = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "s3cr3t"}]}\n'


@pytest.fixture
def folder(tmp_path_factory, monkeypatch):
    """Where entries are kept, also those of small files."""
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    monkeypatch.setenv("POLICY_CACHE_DIR", str(folder))
    monkeypatch.delenv("POLICY_CACHE", raising=False)
    monkeypatch.setattr(contents, "WORTH_KEEPING", 0)
    monkeypatch.setattr(cache_module, "SETTLED_SECONDS", 0)
    return folder / "data"


@pytest.fixture
def judged(monkeypatch):
    """The files that are really judged."""
    names = []

    def note(path, shown, task):
        names.append(shown)
        return judge_file(path, shown, task)

    monkeypatch.setattr(kept, "judge_file", note)
    return names


@pytest.fixture
def judge(tmp_path):
    def run(name="a.jsonl", task=CHAT):
        return judge_once(str(tmp_path), str(tmp_path / name), name, task)

    return run


@pytest.mark.usefixtures("folder")
def test_a_sound_content_is_judged_once(judge, judged, tmp_path):
    (tmp_path / "a.jsonl").write_text(ROW * 20)
    first = judge()
    assert first.valid
    assert judge() == first._replace(notes=())
    (tmp_path / "b.jsonl").write_text(ROW * 20)
    assert judge("b.jsonl") == first._replace(file="b.jsonl", notes=())
    assert judged == ["a.jsonl"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("task", [Task(AZURE, "chat"), Task(OPENAI, "preference"), Task(OPENAI)])
def test_by_other_rules_it_is_judged_again(judge, judged, tmp_path, task):
    (tmp_path / "a.jsonl").write_text(ROW * 20)
    judge()
    judge(task=task)
    assert judged == ["a.jsonl", "a.jsonl"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", [ROW * 3, ROW * 20 + "{}\n", ROW * 20 + "\n", "", "\ufeff" + ROW * 20])
def test_one_of_which_anything_is_to_be_said_is_judged_again(judge, judged, tmp_path, text):
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    assert judge() == judge()
    assert judged == ["a.jsonl", "a.jsonl"]


def test_entries_hold_counts_only(judge, folder, tmp_path):
    (tmp_path / "a.jsonl").write_text(ROW * 20)
    judge()
    entries = [json.loads(file.read_text()) for file in folder.iterdir()]
    assert {"kind": "chat", "rows": 20, "bytes": len(ROW) * 20}.items() <= max(entries, key=len).items()
    assert "s3cr3t" not in str(entries)


@pytest.mark.parametrize(
    "changes",
    [{"kind": "odd"}, {"rows": 0}, {"rows": True}, {"rows": 10**9}, {"bytes": "20"}, {"kind": None}],
)
def test_an_entry_that_nobody_can_have_written_is_passed_over(judge, judged, folder, tmp_path, changes):
    (tmp_path / "a.jsonl").write_text(ROW * 20)
    first = judge()
    for file in folder.iterdir():
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    assert judge() == first
    assert judged == ["a.jsonl", "a.jsonl"]


@pytest.mark.usefixtures("folder")
def test_a_file_that_cannot_be_read_is_an_error_of_the_system(judge, tmp_path):
    with pytest.raises(FileNotFoundError):
        judge("none.jsonl")
    os.mkdir(tmp_path / "a.jsonl")
    with pytest.raises(OSError, match="not a regular file"):
        judge()
