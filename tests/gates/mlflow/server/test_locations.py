"""Whether a location is one of what the server judges by, and where the server may keep what is sent to it."""

from __future__ import annotations

import os

import pytest

from policy.app.runs.panel import load_panel
from policy.errors import PolicyError
from policy.gates.mlflow.server import locations
from policy.gates.mlflow.server.locations import check_destination, list_own, list_paths, overlap
from policy.gates.mlflow.server.places import DESTINATION
from policy.loading.catalogue import catalogue_folder
from tests.gates.mlflow.server.conftest import write_set


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(write_set(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("policies", True),
        ("policies/deep/er", True),
        ("./none/../policies", True),
        (".", True),
        ("/", True),
        ("ledger.db", True),
        ("policy.yaml/x", True),
        ("file:policies", True),
        ("FILE:policies", True),
        ("file:%70olicies", True),
        ("file:%2570olicies", True),
        (" policies ", True),
        ("mlflow-artifacts:/../policies", True),
        ("mlflow-artifacts:/a/%2e%2e/../policies", True),
        ("c:policies", False),
        ("policies-of-mine", False),
        ("artifacts/1", False),
        ("mlflow-artifacts:/1", False),
        ("s3://policies", False),
        ("", True),
        ("a\0b", False),
    ],
)
def test_a_location_among_the_policies_is_one_however_it_is_written(folder, monkeypatch, location, found):
    monkeypatch.setenv(DESTINATION, "artifacts")
    own = [*list_own(load_panel("policy.yaml", str(folder)))]
    assert any(overlap(path, other) for path in list_paths(location) for other in own) is found


def test_what_ships_is_its_own_too(folder):
    own = [*list_own(load_panel("policy.yaml", str(folder)))]
    for path in (os.path.dirname(locations.__file__), catalogue_folder()):
        assert any(overlap(path, other) for other in own), path


def test_one_folder_under_two_names_is_one(folder, monkeypatch):
    (folder / "linked").symlink_to(folder / "policies")
    assert overlap("linked/new", "policies")
    assert overlap("policies/x", "linked")
    # As on a file system that does not tell small letters from large ones.
    real = locations.identify
    monkeypatch.setattr(locations, "identify", lambda path: real(path.replace("POLICIES", "policies")))
    assert overlap("POLICIES/new", "policies")
    assert overlap("policies/new", "POLICIES")
    assert not overlap("other/new", "policies")


@pytest.mark.parametrize(
    ("kept", "refused"),
    [
        (".", True),
        ("./policies/kept", True),
        ("..", True),
        ("file:.", True),
        ("./artifacts", False),
        ("s3://bucket/kept", False),
        ("", False),
    ],
)
def test_what_is_sent_to_the_server_is_not_kept_among_the_policies(folder, monkeypatch, kept, refused):
    monkeypatch.setenv(DESTINATION, kept)
    panel = load_panel("policy.yaml", str(folder))
    if not refused:
        check_destination(panel)
        return
    with pytest.raises(PolicyError) as raised:
        check_destination(panel)
    (problem,) = raised.value.problems
    assert f"`{kept}`" in problem.message
    assert "--artifacts-destination" in problem.remedy
