"""An entry is about what it was found in, for as long as that is there."""

from __future__ import annotations

import pytest

from policy.app.baselines.places import Places
from policy.model.baseline import BaselineEntry
from policy.model.decision import Subject
from tests.app.baselines.building import DAY

NEW = Subject("legacy", "new/ml-manifest.yaml")


def entry(subject: str | None, project: str | None = "legacy") -> BaselineEntry:
    return BaselineEntry("p", project, subject, "ci", "fail", "block", "high", (), (), "0" * 64, DAY)


@pytest.fixture
def places(tmp_path):
    def make(**files: str) -> Places:
        for name, text in files.items():
            folder = tmp_path / name
            folder.mkdir()
            (folder / "ml-manifest.yaml").write_text(text)
            (folder / "train.yaml").write_text("base_model: x\n")
        return Places(str(tmp_path))

    return make


@pytest.mark.parametrize("file", ["old/ml-manifest.yaml", "old/train.yaml"])
@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("manifest: 1\nproject: legacy\n", True),
        ("manifest: 1\nproject: another\n", False),
        # What cannot be read may be anybody's.
        ("{", True),
        ("[]", True),
        ("project: [legacy]", True),
    ],
)
def test_a_project_is_there_where_its_manifest_names_it(file, text, held, places):
    assert places(old=text).holds(entry(file), NEW) is held


def test_what_is_gone_may_have_moved(places):
    assert not places().holds(entry("old/ml-manifest.yaml"), NEW)
    assert not places().holds(entry("old/train.yaml", None), Subject("new/train.yaml", None, "new/train.yaml"))


def test_what_no_manifest_names_is_known_by_its_file_alone(places):
    made = places(old="manifest: 1\nproject: declared\n")
    for subject in ("old/train.yaml", "new/train.yaml"):
        own = subject == "old/train.yaml"
        assert made.holds(entry("old/train.yaml", None), Subject(subject, None, subject)) is not own


def test_a_config_may_take_the_place_of_another_one_of_its_project(places):
    made = places(old="manifest: 1\nproject: legacy\n")
    assert not made.holds(entry("old/train.yaml"), Subject("legacy", "old/ml-manifest.yaml", "old/other.yaml"))


@pytest.mark.parametrize("file", [None, "/etc/passwd", "../old/ml-manifest.yaml", "a\0b", "x" * 5000])
def test_an_entry_may_name_anything(file, places):
    assert not places().holds(entry(file), NEW)


def test_a_link_that_leads_out_is_not_followed(places, tmp_path):
    made = places(old="")
    (tmp_path / "old/ml-manifest.yaml").unlink()
    (tmp_path / "old/ml-manifest.yaml").symlink_to("/etc/hostname")
    assert made.holds(entry("old/train.yaml"), NEW)
