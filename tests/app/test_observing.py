from __future__ import annotations

from datetime import date

import pytest

from policy.app.observing import Observation, ObservationRequest
from policy.errors import PolicyError
from tests.app.conftest import AXOLOTL, MANIFEST

TODAY = date(2026, 11, 20)


def observe(*paths, **options):
    return Observation(ObservationRequest(paths or (".",), TODAY, **options))


def list_subjects(observation):
    return [(view.subject.project, view.subject.manifest, view.subject.training_config) for view in observation.run()]


def test_every_subject_below_a_path_in_the_order_of_the_files(plant):
    plant(
        {
            "a/ml-manifest.yaml": MANIFEST,
            "a/train/one.yaml": AXOLOTL,
            "a/train/two.yaml": AXOLOTL,
            "alone.yaml": AXOLOTL,
            "b/ml-manifest.yaml": MANIFEST.replace("reply-tone", "b"),
        }
    )
    observation = observe()
    assert list_subjects(observation) == [
        ("reply-tone", "a/ml-manifest.yaml", "a/train/one.yaml"),
        ("reply-tone", "a/ml-manifest.yaml", "a/train/two.yaml"),
        ("b", "b/ml-manifest.yaml", None),
        ("alone.yaml", None, "alone.yaml"),
    ]


def test_nothing_there_is_nothing_and_no_error(plant):
    plant({"README.md": ""})
    observation = observe()
    assert list_subjects(observation) == []
    assert observation.problems == []


def test_no_policy_is_needed(plant):
    plant({"policy.yaml": "policy_set: 1\npolicies: []\n", "ml-manifest.yaml": MANIFEST})
    (view,) = observe().run()
    assert view.unknown == ()
    assert view.unasked > 60


def test_subjects_come_one_by_one(plant):
    plant({f"{name}/ml-manifest.yaml": MANIFEST.replace("reply-tone", name) for name in "abc"})
    running = observe().run()
    assert next(running).subject.project == "a"
    # The next one is read when it is asked for.
    plant({"b/ml-manifest.yaml": MANIFEST.replace("reply-tone", "changed")})
    assert [view.subject.project for view in running] == ["changed", "c"]


def test_a_broken_manifest_is_a_problem_and_the_others_are_shown(plant):
    plant({"a/ml-manifest.yaml": "[]", "b/ml-manifest.yaml": MANIFEST})
    observation = observe()
    assert [subject[0] for subject in list_subjects(observation)] == ["reply-tone"]
    (problem,) = observation.problems
    assert (problem.level, problem.location.file) == ("error", "a/ml-manifest.yaml")


def test_a_path_at_which_nothing_is_known_is_said(plant):
    plant({"a/ml-manifest.yaml": MANIFEST, "empty/README.md": ""})
    observation = observe("a", "empty")
    list_subjects(observation)
    assert [problem.message for problem in observation.problems] == ["there is nothing to judge in `empty`"]


def test_two_projects_of_one_name_are_said(plant):
    plant({"a/ml-manifest.yaml": MANIFEST, "b/ml-manifest.yaml": MANIFEST})
    observation = observe()
    list_subjects(observation)
    (problem,) = observation.problems
    assert problem.message == "another manifest states the project `reply-tone` too"
    assert problem.level == "warning"
    assert (problem.location.file, problem.related[0][1].file) == ("b/ml-manifest.yaml", "a/ml-manifest.yaml")


@pytest.mark.parametrize(
    ("files", "paths", "options", "message"),
    [
        ({}, ("gone",), {}, "there is no `gone`"),
        ({"policy.yaml": "policy_set: 7\n"}, (".",), {}, "the policy set's format is `7`"),
        ({}, (".",), {"config": "gone.yaml"}, "the file does not exist"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_looked_at(files, paths, options, message, plant):
    plant(files)
    with pytest.raises(PolicyError) as caught:
        observe(*paths, **options)
    assert message in caught.value.problems[0].message


def test_files_are_named_from_the_working_folder(plant, monkeypatch):
    root = plant({".git/HEAD": "ref: refs/heads/main\n", "a/ml-manifest.yaml": MANIFEST})
    monkeypatch.chdir(root / "a")
    observation = observe()
    assert observation.show_path("a/ml-manifest.yaml") in ("ml-manifest.yaml", "a/ml-manifest.yaml")
