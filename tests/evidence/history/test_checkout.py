"""The commit that is checked out, where it holds the project as it stands."""

from __future__ import annotations

import pytest

from policy.evidence.history.checkout import find_commit
from policy.evidence.history.collector import GitHistory
from policy.plugins.history import Checkout
from tests.evidence.history.conftest import COMMIT, Repository

FILES = {"p/ml-manifest.yaml": "manifest: 1\n", "p/train.jsonl": "1\n", "p/train.yaml": "a\n", "q/other.txt": "b\n"}


def read_commit(repository: Repository, **options: object) -> str:
    evidence = repository.collect(folder="p", config="train.yaml", **options)  # type: ignore[arg-type]
    fact = next((fact for fact in evidence.facts if fact.path == COMMIT), None)
    assert fact is None or fact.origin == "observed"
    return fact.value if fact else evidence.unavailable[COMMIT]


def test_what_is_committed(repository):
    commit = repository.commit(0, FILES)
    assert read_commit(repository) == commit
    # What lies elsewhere, or is nothing of the project's, is of no matter.
    repository.write({"q/other.txt": "c\n", "p/report.json": "{}", "loose.txt": ""})
    assert read_commit(repository) == commit


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"p/train.jsonl": "2\n"}, "there are uncommitted changes below `p`: `p/train.jsonl`"),
        ({"p/train.yaml": None}, "there are uncommitted changes below `p`: `p/train.yaml`"),
        (
            {"p/train.jsonl": "2\n", "p/train.yaml": "b\n"},
            "there are uncommitted changes below `p`: `p/train.jsonl` and 1 more",
        ),
    ],
)
def test_what_is_changed(repository, change, reason):
    repository.commit(0, FILES)
    repository.write(change)
    assert read_commit(repository) == reason
    repository.git("add", "--all")
    assert read_commit(repository) == reason


def test_what_no_commit_holds(repository):
    repository.commit(0, {"q/other.txt": "b\n"})
    repository.write(FILES)
    assert read_commit(repository) == "no commit holds `p/ml-manifest.yaml`"
    repository.git("add", "p/ml-manifest.yaml", "p/train.yaml")
    repository.git("commit", "--quiet", "-mmore")
    assert read_commit(repository) == "no commit holds `p/train.jsonl`"
    repository.write({".gitignore": "*.jsonl\n"})
    assert read_commit(repository) == repository.git("rev-parse", "HEAD").strip()


def test_a_project_inside_a_folder_that_git_does_not_know(repository):
    repository.commit(0, {"q/other.txt": "b\n"})
    inner = Repository(repository.root / "outer" / "inner")
    inner.write(FILES)
    assert read_commit(inner) == "no commit holds `p/ml-manifest.yaml`"


def test_data_elsewhere_in_the_repository(repository):
    repository.commit(0, {**FILES, "data/train.jsonl": "1\n"})
    repository.write({"data/train.jsonl": "2\n"})
    evidence = repository.collect("../data/train.jsonl", folder="p")
    assert evidence.unavailable[COMMIT] == "there are uncommitted changes in the project: `data/train.jsonl`"


@pytest.mark.parametrize("config", ["../../outside.yaml", "a\0b", "/etc/passwd"])
def test_a_config_elsewhere_is_no_part_of_the_commit(repository, config):
    commit = repository.commit(0, FILES)
    evidence = repository.collect(folder="p", config=config)
    assert [fact.value for fact in evidence.facts if fact.path == COMMIT] == [commit]


def test_many_subjects_see_the_same(repository):
    names = [f"p{number}" for number in range(9)]
    repository.commit(0, {f"{name}/train.jsonl": "1" for name in names})
    repository.write({"p3/train.jsonl": "2", "p8/train.jsonl": "3"})
    shared = GitHistory()
    told = [
        [COMMIT in repository.collect(folder=name, collector=collector).unavailable for name in names]
        for collector in (shared, None)
    ]
    assert told[0] == told[1]
    reasons = [repository.collect(folder=name, collector=shared).unavailable.get(COMMIT) for name in names]
    assert [name for name, reason in zip(names, reasons, strict=True) if reason] == ["p3", "p8"]


def test_a_branch_that_is_not_born_yet(repository):
    repository.write(FILES)
    assert read_commit(repository) == "the repository has no commit yet"


def test_in_the_middle_of_a_merge(repository):
    repository.commit(0, FILES)
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(1, {"p/train.jsonl": "2\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit(2, {"p/train.jsonl": "3\n"})
    with pytest.raises(Exception, match="merge"):
        repository.git("merge", "side")
    assert read_commit(repository) == "there are uncommitted changes below `p`: `p/train.jsonl`"


@pytest.mark.parametrize(
    ("checkout", "reason"),
    [
        (Checkout("c"), ""),
        (Checkout("c", ("pp/a", "a"), ("b", "pp/")), ""),
        (Checkout("c", ("q/data",)), "there are uncommitted changes in the project: `q/data`"),
        (Checkout("c", (), ("p/",)), "no commit holds `p/a`"),
        (Checkout("c", (), ("./",)), "no commit holds `p/a`"),
        (Checkout("c", (), ("q/data",)), "no commit holds `q/data`"),
        (Checkout("c", (), ("q/dat",)), ""),
        (Checkout(""), "the repository has no commit yet"),
    ],
)
def test_what_concerns_a_project(checkout, reason):
    found = find_commit(checkout, "p", ("p/a", "q/data"))
    assert found == (("", reason) if reason else ("c", ""))
