"""How often training data changes, as repositories tell it."""

from __future__ import annotations

import os

import pytest

from policy.app.git_history import find_history
from policy.evidence.history.chronicle import FEW
from policy.evidence.history.collector import NO_REPOSITORY, GitHistory
from policy.loading.git import history
from policy.model.fact import Fact
from policy.plugins.contracts import Evidence, Project
from tests.evidence.history.conftest import (
    COMMIT,
    DAY,
    INTERVAL,
    NOW,
    START,
    TRAINING,
    Repository,
    read_source,
    refer,
)

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n"
MISSING = "git history shows only 2 changes of the training data (2026-01-01 and 2026-01-08), and an interval takes 3"


def test_weekly_changes(repository):
    repository.change(0, 7, 14, 21)
    evidence = repository.collect()
    fact = evidence.facts[0]
    assert fact[:4] == (
        INTERVAL,
        7 * DAY * 1000,
        "estimated",
        "git history: 4 changes of the training data between 2026-01-01 and 2026-01-22",
    )
    assert fact.location.line == 3
    assert evidence.unavailable == {TRAINING: "no `dvc.lock` tells when this model was trained"}


def test_commits_that_leave_the_data_alone_do_not_count(repository):
    repository.change(0, 10, 20)
    repository.commit(21, {"README.md": "text"})
    repository.commit(30)
    (repository.root / "train.jsonl").chmod(0o755)
    repository.commit(40)
    assert repository.estimate() == 10


def test_sources_together_change_when_one_of_them_does(repository):
    repository.change(0, 20, 40, path="p/a.jsonl")
    repository.change(10, 30, path="p/b.jsonl")
    assert repository.estimate("a.jsonl", "b.jsonl", folder="p") == 10
    assert repository.estimate("a.jsonl", folder="p") == 20


def test_one_commit_of_several_files_is_one_change(repository):
    for day in (0, 7, 14):
        repository.commit(day, {"a.jsonl": f"{day}", "b.jsonl": f"b {day}"})
    assert "3 changes" in read_source(repository.collect("a.jsonl", "b.jsonl"), INTERVAL)


def test_lfs_pointers_are_files_that_change(repository):
    for day in (0, 30, 60):
        repository.commit(day, {"train.jsonl": POINTER.format(f"{day:064}")})
    assert repository.estimate() == 30


def test_only_what_is_trained_on_counts(repository):
    repository.change(0, 30, 60)
    repository.change(*range(1, 20), path="test.jsonl")
    assert repository.estimate(datasets=(refer("train.jsonl"), refer("test.jsonl", "test"))) == 30
    # The config's own word on a file counts before the manifest's.
    assert repository.estimate("train.jsonl", "test.jsonl", datasets=(refer("test.jsonl", "test"),)) == 30


def test_a_folder_changes_with_what_is_in_it(repository):
    repository.change(0, 20, path="data/a.jsonl")
    repository.change(10, path="data/b/c.jsonl")
    repository.change(15, path="data.jsonl")
    assert repository.estimate("data") == 10


def test_a_file_that_was_gone_for_a_while_changed_when_it_came_back(repository):
    repository.change(0, 10)
    repository.commit(15, {"train.jsonl": None})
    repository.change(20)
    repository.commit(25, {"other": "text"})
    assert repository.estimate() == 10


def test_a_history_begins_with_the_name(repository):
    repository.change(0, 1, 2, 3, path="old.jsonl")
    (repository.root / "old.jsonl").rename(repository.root / "train.jsonl")
    repository.commit(10)
    assert repository.estimate() == (
        "git history shows only one of the changes of the training data (2026-01-11), and an interval takes 3"
    )


def test_a_merge_counts_nothing_twice(repository):
    repository.change(0)
    repository.git("checkout", "--quiet", "-b", "side")
    repository.change(10, 20)
    repository.git("checkout", "--quiet", "main")
    repository.commit(15, {"other": "text"})
    repository.git("merge", "--quiet", "--no-ff", "-mmerge", "side", GIT_AUTHOR_DATE=f"@{START + 25 * DAY} +0000")
    evidence = repository.collect()
    assert "3 changes" in read_source(evidence, INTERVAL)
    assert evidence.facts[0].value == 10 * DAY * 1000


def test_a_merge_that_writes_what_neither_side_had_is_a_change(repository):
    repository.change(0)
    repository.git("checkout", "--quiet", "-b", "side")
    repository.change(10)
    repository.git("checkout", "--quiet", "main")
    repository.change(20)
    repository.git("merge", "--quiet", "--no-commit", "-Xours", "side")
    repository.change(30)
    assert repository.git("log", "--merges", "--format=%H").strip()
    assert "4 changes" in read_source(repository.collect(), INTERVAL)


def test_a_rebase_keeps_the_days_on_which_the_data_was_written(repository):
    repository.change(0, 10, 20)
    head = repository.git("rev-parse", "HEAD")
    repository.git("rebase", "--quiet", "--root", "--force-rebase")
    assert repository.git("rev-parse", "HEAD") != head
    assert repository.estimate() == 10


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), "no commit holds `train.jsonl`"),
        ((0,), "git history shows only one of the changes of the training data (2026-01-01), and an interval takes 3"),
        ((0, 7), MISSING),
        ((0, 0.1, 0.2, 7), MISSING),
    ],
)
def test_few_changes_tell_nothing(repository, days, expected):
    repository.commit(0)
    repository.change(*days)
    assert repository.estimate() == expected


def test_a_repository_without_a_commit(repository):
    repository.write({"train.jsonl": "text"})
    evidence = repository.collect()
    assert evidence.facts == ()
    assert evidence.unavailable[INTERVAL] == "no commit holds `train.jsonl`"
    assert evidence.unavailable[COMMIT] == "the repository has no commit yet"


def test_data_that_git_ignores_or_does_not_know(repository):
    repository.commit(0, {".gitignore": "/data/\n"})
    repository.write({"data/train.jsonl": "text", "loose.jsonl": "text"})
    assert repository.estimate("data/train.jsonl") == (
        "git ignores `data/train.jsonl`, and no file of DVC tells its changes"
    )
    assert repository.estimate("loose.jsonl") == "no commit holds `loose.jsonl`"
    assert repository.estimate("nowhere.jsonl") == "no commit holds `nowhere.jsonl`"


def test_data_beside_what_git_knows_leaves_the_whole_unknown(repository):
    repository.change(0, 7, 14)
    repository.write({"loose.jsonl": "text"})
    assert repository.estimate("train.jsonl", "loose.jsonl") == "no commit holds `loose.jsonl`"
    hub = refer(None)
    assert repository.estimate(datasets=(hub,)) == "`acme/hub` is not a file of the repository"
    assert repository.estimate(datasets=(refer("train.jsonl", resolved=False),)) == (
        "what `train.jsonl` stands for could not be made out"
    )
    assert repository.estimate(datasets=(refer("train.jsonl", "test"),)) == "no source is for training"


@pytest.mark.parametrize("path", ["../train.jsonl", "..", "/train.jsonl", "a\0b"])
def test_a_path_outside(repository, path):
    repository.change(0, 7, 14)
    assert repository.estimate(path) == f"`{path}` is outside the repository"


def test_links(repository, tmp_path):
    repository.change(0, 7, 14, path="data/train.jsonl")
    (repository.root / "train.jsonl").symlink_to("data/train.jsonl")
    (tmp_path / "outside.jsonl").write_text("text")
    (repository.root / "outside.jsonl").symlink_to(tmp_path / "outside.jsonl")
    (repository.root / "inner").symlink_to("data")
    (repository.root / "round").symlink_to("round")
    repository.commit(21)
    # That the link was made is a change of its own.
    assert "4 changes" in read_source(repository.collect(), INTERVAL)
    assert repository.estimate("inner/train.jsonl") == 7
    assert repository.estimate("outside.jsonl") == "`outside.jsonl` leads outside the repository by a symbolic link"
    assert "shows only one" in repository.estimate("round")


def test_a_submodule_is_a_repository_of_its_own(repository, tmp_path):
    inner = Repository(tmp_path / "inner").init()
    inner.change(0, 7, 14)
    repository.git("submodule", "--quiet", "add", f"file://{inner.root}", "data/sub")
    repository.commit(20)
    assert repository.estimate("data/sub/train.jsonl") == (
        "`data/sub/train.jsonl` lies in `data/sub`, a repository of its own"
    )


def test_a_shallow_clone_says_what_it_cannot_know(repository, tmp_path):
    repository.change(0, 7, 14, 21, 28)
    few = repository.clone(tmp_path / "few", "--depth=3").estimate()
    assert few == (
        "git history shows only 2 changes of the training data (2026-01-22 and 2026-01-29), and an interval takes 3; "
        "the clone is shallow and begins on 2026-01-15: `git fetch --unshallow` brings the rest"
    )
    none = repository.clone(tmp_path / "none", "--depth=1").estimate()
    assert none.startswith("git history shows no changes of the training data with their dates; the clone is shallow")
    evidence = repository.clone(tmp_path / "enough", "--depth=4").collect()
    assert evidence.facts[0].value == 7 * DAY * 1000
    assert read_source(evidence, INTERVAL).endswith(
        ": 3 changes of the training data between 2026-01-15 and 2026-01-29 (the clone is shallow and begins on "
        "2026-01-08: `git fetch --unshallow` brings the rest)"
    )


def test_a_shallow_clone_that_shows_all_of_the_data_is_no_matter(repository, tmp_path):
    repository.commit(0, {"README.md": "text"})
    repository.commit(1)
    repository.change(2, 9, 16)
    clone = repository.clone(tmp_path / "clone", "--depth=4")
    assert read_source(clone.collect(), INTERVAL).endswith("2026-01-17")
    assert clone.git("rev-parse", "--is-shallow-repository").strip() == "true"


def test_no_repository(tmp_path):
    evidence = Repository(tmp_path / "plain").collect()
    assert evidence == Evidence(unavailable={INTERVAL: NO_REPOSITORY, TRAINING: NO_REPOSITORY})


def test_a_project_below_the_repository_s_own_folder(repository):
    repository.change(0, 7, 14, path="outer/p/train.jsonl")
    repository.change(0, 1, 2, path="train.jsonl")
    inner = Repository(repository.root / "outer")
    evidence = inner.collect(folder="p")
    assert [fact.path for fact in evidence.facts] == [INTERVAL, COMMIT]
    assert evidence.facts[0].value == 7 * DAY * 1000


def test_what_the_manifest_states_is_not_asked(repository, monkeypatch):
    repository.change(0, 7, 14)
    monkeypatch.setenv("PATH", "/nowhere")
    stated = {INTERVAL: 1, TRAINING: 1, COMMIT: "4f1e2c9"}
    assert repository.collect(stated=stated) == Evidence()
    assert repository.collect(stated={INTERVAL: 1, TRAINING: 1}).unavailable == {
        COMMIT: "git cannot be asked: git is not installed"
    }


def test_what_names_neither_data_nor_config_is_not_asked(repository):
    project = Project(str(repository.root), "", (Fact("approach", "fine-tuning"),))
    assert GitHistory().collect(project) == Evidence()


def test_git_that_cannot_answer_is_said(repository, monkeypatch):
    repository.change(0, 7, 14)
    (repository.root / ".git" / "HEAD").write_text("nonsense")
    evidence = repository.collect()
    assert evidence.facts == ()
    assert set(evidence.unavailable) == {INTERVAL, TRAINING, COMMIT}
    assert evidence.unavailable[INTERVAL].startswith("git cannot be asked: ")
    monkeypatch.setenv("PATH", os.devnull)
    assert repository.collect().unavailable[INTERVAL] == "git cannot be asked: git is not installed"


def test_a_config_alone_is_a_subject(repository):
    repository.change(0, 7, 14)
    told = (Fact("training.config", "train.yaml", "observed"),)
    project = Project(str(repository.root), "", (), (refer("train.jsonl"),), told, find_history(str(repository.root)))
    assert {fact.path for fact in GitHistory().collect(project).facts} == {INTERVAL, COMMIT}


def test_a_wrong_clock_gives_no_nonsense(repository):
    for number, when in enumerate((START, START + 7 * DAY, 0, START + 14 * DAY, 4_102_444_800, 1)):
        repository.write({"train.jsonl": str(number)})
        repository.git("add", "--all")
        repository.git(
            "commit", "--quiet", "-mx", GIT_AUTHOR_DATE=f"@{when} +0000", GIT_COMMITTER_DATE=f"@{when} +0000"
        )
    evidence = repository.collect()
    assert evidence.facts[0].value == 7 * DAY * 1000
    assert read_source(evidence, INTERVAL).endswith("(3 more without a date that can be right)")


@pytest.mark.parametrize(
    "date", ["-5 +0000", "99999999999999999999999 +0000", "nonsense", "", "18446744073709551615 +0000"]
)
def test_a_commit_with_a_broken_date(repository, date):
    repository.change(0, 7, 14)
    broken = repository.git("cat-file", "commit", "HEAD").replace(f"{START + 14 * DAY} +0000", date)
    (repository.root / "commit").write_text(broken)
    name = repository.git("hash-object", "-t", "commit", "-w", "--literally", "commit").strip()
    (repository.root / "commit").unlink()
    repository.git("update-ref", "HEAD", name)
    assert "only 2 changes" in repository.estimate()
    repository.change(21)
    assert repository.estimate() == 11


HOSTILE = (
    "-rf.jsonl",
    ":(exclude)train.jsonl",
    "*.jsonl",
    "a\nb.jsonl",
    "[a].jsonl",
    "--output=x",
    " ",
    "ä\udcff.jsonl",
    "a b",
)


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_is_a_path(repository, path):
    repository.change(0, 1, 2, 3, path="other.jsonl")
    (repository.root / path).write_text("text")
    repository.commit(10)
    for day in (20, 30):
        (repository.root / path).write_text(f"{day}")
        repository.commit(day)
    assert repository.estimate(path) == 10
    assert not (repository.root / "x").exists()


def test_many_subjects_ask_no_more_than_a_few_questions(repository, monkeypatch):
    names = [f"p{number}/train.jsonl" for number in range(12)]
    for day in (0, 7, 14):
        repository.commit(day, dict.fromkeys(names, f"{day}"))
    alone = [repository.collect(name) for name in names]
    asked = []
    listed = history.list_changes

    def list_changes(repository, paths):
        asked.append(paths)
        return listed(repository, paths)

    monkeypatch.setattr(history, "list_changes", list_changes)
    collector = GitHistory(lambda: NOW)
    together = [repository.collect(name, collector=collector) for name in names]
    assert together == alone
    assert together[0].facts[0].value == 7 * DAY * 1000
    assert len(asked) == FEW + 1
    assert asked[-1] is None
    assert [repository.collect(name, collector=collector) for name in names] == alone
    assert len(asked) == FEW + 1


def test_where_everything_is_too_much_each_subject_is_asked_for_by_itself(repository, monkeypatch):
    names = [f"p{number}/train.jsonl" for number in range(FEW + 3)]
    for day in (0, 7, 14):
        repository.commit(day, dict.fromkeys(names, f"{day}"))
    # All of a commit's files take more than this, one of them less.
    monkeypatch.setattr(history, "MOST_BYTES", 1000)
    collector = GitHistory(lambda: NOW)
    evidences = [repository.collect(name, collector=collector) for name in names]
    assert {evidence.facts[0].value for evidence in evidences} == {7 * DAY * 1000}
    assert len({read_source(evidence, INTERVAL) for evidence in evidences}) == 1


def test_a_history_that_is_too_long_is_read_in_part(repository, monkeypatch):
    repository.change(*range(0, 300, 10))
    monkeypatch.setattr(history, "MOST_BYTES", 1000)
    evidence = repository.collect()
    assert evidence.facts[0].value == 10 * DAY * 1000
    assert read_source(evidence, INTERVAL).endswith("(there are more commits than were read)")
    monkeypatch.setattr(history, "MOST_BYTES", 100)
    assert repository.estimate() == "git history lists more commits than are read"


def test_data_files_without_number(repository):
    names = [f"data/{number}.jsonl" for number in range(600)]
    for day in (0, 7, 14):
        repository.commit(day, {names[0]: f"{day}", names[-1]: "text"})
    repository.commit(15, dict.fromkeys(names, "text"))
    assert repository.estimate(*names) == 7
