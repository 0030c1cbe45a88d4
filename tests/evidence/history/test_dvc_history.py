"""Data and trainings that DVC keeps track of, over the history of its files."""

from __future__ import annotations

import pytest

from policy.evidence.history import chronicle
from policy.evidence.history.dvc_files import Stage, read_dvc_file
from tests.evidence.history.conftest import DAY, INTERVAL, TRAINING, read_days, read_source

LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - path: raw.csv
      md5: {raw}
    outs:
    - path: data/train.jsonl
      hash: md5
      md5: {data}
      size: 12
  train:
    cmd: accelerate launch -m axolotl.cli.train ./train/axolotl.yaml --debug
    deps:
    - path: data/train.jsonl
      md5: {data}
    outs:
    - path: models
      md5: {model}.dir
      nfiles: 3
"""
IGNORE = {".gitignore": "/data/\n/models/\n", "train/axolotl.yaml": "base_model: x\n"}


def write_lock(raw: object, data: object, model: object) -> dict[str, str | None]:
    return {"dvc.lock": LOCK.format(raw=raw, data=data, model=model)}


def pin(digest: object, path: str = "train.jsonl") -> str:
    return f"outs:\n- md5: {digest}\n  size: 12\n  path: {path}\n"


@pytest.mark.parametrize(
    ("file", "path", "source"),
    [
        ("data/train.jsonl.dvc", "train.jsonl", "data/train.jsonl"),
        ("data.dvc", "data", "data/train.jsonl"),
        ("data.dvc", "data", "data/a/b/train.jsonl"),
        ("data.dvc", "./data", "data"),
    ],
)
def test_a_file_beside_the_data(repository, file, path, source):
    for day in (0, 30, 60):
        repository.commit(day, {".gitignore": "train.jsonl\n", file: pin(f"a{day}", path)})
    # The file changes, and the data does not.
    repository.commit(70, {file: pin("a60", path) + "desc: the same data\n"})
    assert repository.estimate(source) == 30


def test_a_file_that_names_other_data_tells_nothing(repository):
    for day in (0, 30, 60):
        repository.commit(day, {**IGNORE, "data.dvc": pin(f"a{day}", "elsewhere")})
    assert repository.estimate("data/train.jsonl") == (
        "git ignores `data/train.jsonl`, and no file of DVC tells its changes"
    )


def test_data_that_a_stage_makes(repository):
    repository.commit(0, {**IGNORE, **write_lock(1, 1, 1)})
    repository.commit(5, write_lock(2, 1, 1))
    repository.commit(20, write_lock(3, 2, 1))
    repository.commit(25, write_lock(3, 2, 2))
    repository.commit(40, write_lock(4, 3, 2))
    evidence = repository.collect("data/train.jsonl", config="train/axolotl.yaml")
    assert read_days(evidence, INTERVAL) == 20
    assert "3 changes" in read_source(evidence, INTERVAL)


def test_data_that_a_stage_only_reads(repository):
    for day in (0, 10, 20, 30):
        repository.commit(day, {**IGNORE, **write_lock(day, 1, 1)})
    repository.write({".gitignore": "raw.csv\n"})
    assert repository.estimate("raw.csv") == 10
    # Where git has the data itself, the stage that reads it later changes nothing.
    repository.commit(31, {".gitignore": "", "raw.csv": "1"})
    repository.commit(51, {"raw.csv": "2"})
    repository.commit(52, write_lock(52, 1, 1))
    repository.commit(71, {"raw.csv": "3"})
    assert repository.estimate("raw.csv") == 20


def test_branches_are_compared_with_their_own_parents(repository):
    repository.commit(0, {**IGNORE, **write_lock(1, 1, 1), "other": "0"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(10, {"dvc.lock": LOCK.format(raw=1, data=1, model=2)})
    repository.commit(30, {"dvc.lock": LOCK.format(raw=1, data=1, model=3)})
    repository.git("checkout", "--quiet", "main")
    repository.commit(20, {"dvc.lock": LOCK.format(raw=1, data=2, model=1)})
    repository.git("merge", "--quiet", "--strategy=ours", "-mmerge", "side")
    assert repository.estimate("data/train.jsonl").startswith("git history shows only 2 changes")


def test_versions_that_cannot_be_read_are_left_out(repository, monkeypatch):
    monkeypatch.setattr(chronicle, "MOST_BYTES", 5000)
    broken = ["{", "a: &a [*a, *a]", "stages: [1]\nschema: '2.0'\nx: " + "y" * 6000, "\x07"]
    for day, lock in zip(range(0, 1000, 10), [None, None, None, *broken], strict=False):
        repository.commit(day, {**IGNORE, **({"dvc.lock": lock} if lock else write_lock(day, day, day))})
    repository.commit(80, write_lock(80, 80, 80))
    evidence = repository.collect("data/train.jsonl", config="train/axolotl.yaml")
    assert read_days(evidence, INTERVAL) == 10
    note = "(4 older or unreadable versions of DVC's files are left out)"
    assert read_source(evidence, INTERVAL).endswith(
        f"3 changes of the training data between 2026-01-01 and 2026-01-21 {note}"
    )
    assert note in read_source(evidence, TRAINING)


def test_only_the_latest_versions_are_read(repository, monkeypatch):
    monkeypatch.setattr(chronicle, "MOST_VERSIONS", 5)
    for day in range(0, 100, 10):
        repository.commit(day, {**IGNORE, **write_lock(day, day, day)})
    source = read_source(repository.collect("data/train.jsonl"), INTERVAL)
    assert "4 changes of the training data between 2026-03-02 and 2026-04-01 (5 older" in source


def test_a_shallow_clone(repository, tmp_path):
    for day in (0, 10, 20, 30, 40):
        repository.commit(day, {**IGNORE, **write_lock(day, day, day)})
    evidence = repository.clone(tmp_path / "clone", "--depth=4").collect(
        "data/train.jsonl", config="train/axolotl.yaml"
    )
    for path in (INTERVAL, TRAINING):
        assert read_days(evidence, path) == 10
        assert "(the clone is shallow and begins on 2026-01-11: " in read_source(evidence, path)
    few = repository.clone(tmp_path / "few", "--depth=2").collect("data/train.jsonl", config="train/axolotl.yaml")
    assert "the clone is shallow and begins on 2026-01-31" in few.unavailable[TRAINING]


def test_a_clone_without_older_contents_fetches_nothing(repository, tmp_path):
    for day in (0, 10, 20):
        repository.commit(day, {**IGNORE, **write_lock(day, day, day)})
    for key in ("allowFilter", "allowAnySHA1InWant"):
        repository.git("config", f"uploadpack.{key}", "true")
    clone = repository.clone(tmp_path / "clone", "--filter=blob:none")
    for allowed in ("user", "always"):
        clone.git("config", "protocol.file.allow", allowed)
        # What git answers depends on its version.
        assert isinstance(clone.estimate("data/train.jsonl"), str)
    missing = clone.git("rev-list", "--objects", "--missing=print", "HEAD").count("?")
    assert missing == 2


# Trainings


def test_the_stage_that_names_the_config_trains(repository):
    repository.commit(0, {**IGNORE, **write_lock(1, 1, 1)})
    repository.commit(10, write_lock(2, 2, 1))
    repository.commit(30, write_lock(2, 2, 2))
    repository.commit(60, write_lock(2, 2, 3))
    evidence = repository.collect("data/train.jsonl", config="train/axolotl.yaml")
    fact = next(fact for fact in evidence.facts if fact.path == TRAINING)
    assert (fact.value, fact.origin) == (30 * DAY * 1000, "estimated")
    assert fact.source == (
        "git history: 3 trainings by the stage `train` of `dvc.lock` between 2026-01-01 and 2026-03-02"
    )
    # Without a config it is the one stage that reads the data.
    assert read_days(repository.collect("data/train.jsonl"), TRAINING) == 30


def test_a_lock_near_the_project_counts_first(repository):
    for day in (0, 10, 20):
        near = LOCK.format(raw=day, data=day, model=day)
        far = LOCK.format(raw=1, data=1, model=1).replace("./train/", "p/train/").replace("data/", "p/data/")
        repository.commit(
            day, {"p/train/axolotl.yaml": "a", "p/dvc.lock": near, "dvc.lock": far, ".gitignore": "data/"}
        )
    evidence = repository.collect("data/train.jsonl", folder="p", config="train/axolotl.yaml")
    assert "of `p/dvc.lock`" in read_source(evidence, TRAINING)
    far = repository.collect("data/train.jsonl", folder="p", config="none.yaml").unavailable
    assert TRAINING not in far


SEVERAL = (
    LOCK.format(raw=1, data=1, model=1)
    + """\
  count:
    cmd: wc
    deps: [{path: data/train.jsonl, md5: a1}]
    outs: [{path: count.txt, md5: b1}]
"""
)


@pytest.mark.parametrize(
    ("lock", "config", "reason"),
    [
        (SEVERAL, "", "several stages of `dvc.lock` may be the training: `train` and `count`"),
        ("schema: '2.0'\n", "", "no stage of a `dvc.lock` is known to train this model"),
        ("schema: '2.0'\nstages: {a: {cmd: x train/axolotl.yaml}}\n", "train/axolotl.yaml", "no stage of a"),
        ("- nothing\n", "", "no stage of a `dvc.lock` is known to train this model"),
        (
            SEVERAL,
            "train/axolotl.yaml",
            "git history shows only one of the trainings by the stage `train` of `dvc.lock`",
        ),
    ],
)
def test_a_training_that_cannot_be_told(repository, lock, config, reason):
    repository.commit(0, {**IGNORE, "dvc.lock": lock})
    assert repository.collect("data/train.jsonl", config=config).unavailable[TRAINING].startswith(reason)


# The files


def test_what_a_lock_holds():
    stages = read_dvc_file(LOCK.format(raw="r", data="d", model="m").encode(), "p/dvc.lock")
    assert stages == (
        Stage("prepare", "python prepare.py", {"p/raw.csv": "r"}, {"p/data/train.jsonl": "d"}),
        Stage(
            "train",
            "accelerate launch -m axolotl.cli.train ./train/axolotl.yaml --debug",
            {"p/data/train.jsonl": "d"},
            {"p/models": "m.dir"},
        ),
    )


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        # The first format had no `stages`.
        ("a: {cmd: [x, y], outs: [{path: b, etag: 1}]}", "dvc.lock", (Stage("a", "x\ny", {}, {"b": "1"}),)),
        ("outs: [{path: b, md5: 1}]\nwdir: ..", "p/q/b.dvc", (Stage("", "", {}, {"p/b": "1"}),)),
        ("deps: [{path: b, md5: 1}]\nouts: [{path: c, checksum: 2}]", "c.dvc", (Stage("", "", {}, {"c": "2"}),)),
        (
            "outs: [{path: s3://b/c, etag: 1}, {path: a}, {md5: 2}, b, {path: [], md5: {}}]",
            "a.dvc",
            (Stage("", "", {}, {}),),
        ),
        ("outs: {path: b}", "a.dvc", (Stage("", "", {}, {}),)),
        ("schema: '2.0'\nstages: {a: b, c: {cmd: {}, deps: 1, outs: [[]]}}", "dvc.lock", (Stage("c", "", {}, {}),)),
        ("schema: '2.0'\nstages: [a]", "dvc.lock", ()),
        ("[]", "dvc.lock", None),
        ("a: [", "dvc.lock", None),
        ("", "a.dvc", None),
        ("\udcff", "a.dvc", None),
        ("a: 1\na: 2", "a.dvc", None),
        ("[" * 10_000, "a.dvc", None),
    ],
)
def test_a_file_of_any_form(text, path, expected):
    assert read_dvc_file(text.encode(errors="surrogateescape"), path) == expected
