from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from policy.app.runs.panel import load_panel
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server import reloading
from policy.gates.mlflow.server.reloading import Reloader
from tests.gates.mlflow.server.api import open_api
from tests.gates.mlflow.server.conftest import SET, VOLATILE, write_set
from tests.gates.mlflow.server.test_metrics import read_values


@pytest.fixture
def folder(tmp_path):
    return write_set(tmp_path)


@pytest.fixture
def reloader(folder):
    return start(folder, lambda _: None)


def start(folder, check):
    config = str(folder / "policy.yaml")
    return Reloader(config, load_panel(config, str(folder)), check)


def list_policies(reloader):
    return sorted(policy.id for policy in reloader.get_panel().main.workspace.policy_set.policies)


def test_nothing_is_loaded_anew_while_nothing_changes(reloader):
    assert reloader.get_panel() is reloader.get_panel()


def test_a_policy_that_is_added_changed_or_taken_away_counts_at_once(folder, reloader):
    file = folder / "policies/another.yaml"
    file.write_text(VOLATILE.replace("volatile-data", "another"))
    assert list_policies(reloader) == ["another", "large-models", "volatile-data"]
    before = reloader.get_panel().main.digest
    file.write_text(VOLATILE.replace("volatile-data", "another").replace("30d", "31d"))
    assert reloader.get_panel().main.digest != before
    file.unlink()
    assert list_policies(reloader) == ["large-models", "volatile-data"]


def test_what_cannot_be_loaded_leaves_the_policies_in_force_and_is_counted_once(folder, reloader, caplog):
    before = reloader.get_panel()
    (folder / "policies/volatile-data.yaml").write_text("policy: [\n")
    assert reloader.get_panel() is before
    assert reloader.get_panel() is before
    assert reloader.faults == 1
    assert "volatile-data.yaml" in caplog.text
    (folder / "policies/volatile-data.yaml").write_text(VOLATILE.replace("30d", "60d"))
    assert reloader.get_panel().main.digest != before.main.digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sqlite:///ledger.db", "sqlite:///other.db", "ledger changed"),
        ("app: basic-auth", "app: none", "mlflow.app changed"),
        ("app: basic-auth", "app: basic-auth\n  server: other", "mlflow.server changed"),
    ],
)
def test_what_needs_another_server_is_not_taken_up(folder, reloader, caplog, old, new, said):
    before = reloader.get_panel()
    (folder / "policy.yaml").write_text(SET.replace(old, new))
    assert reloader.get_panel() is before
    assert said in caplog.text


def test_a_policy_set_that_could_not_be_started_with_is_not_taken_up(folder):
    def refuse(_panel):
        raise PolicyError(Problem("it may hold", "do otherwise"))

    reloader = start(folder, refuse)
    before = reloader.get_panel()
    (folder / "policy.yaml").write_text(SET.replace("leads: [bob]", "leads: [eve]"))
    assert reloader.get_panel() is before


def test_files_that_are_gone_leave_the_policies_in_force(folder, reloader):
    before = reloader.get_panel()
    os.rename(folder / "policies", folder / "away")
    assert reloader.get_panel() is before
    os.rename(folder / "away", folder / "policies")
    assert list_policies(reloader) == ["large-models", "volatile-data"]


ADDED = VOLATILE.replace("volatile-data", "another")


@pytest.mark.parametrize("name", ["team", "team/of/teams", "team.yaml"])
def test_a_folder_that_is_added_counts_at_once_and_what_comes_and_goes_in_it(folder, reloader, name):
    before = reloader.get_panel()
    deep = folder / "policies" / name
    deep.mkdir(parents=True)
    (deep / "notes.txt").write_text("no policy")
    assert reloader.get_panel().main.digest == before.main.digest
    (deep / "another.yaml").write_text(ADDED)
    assert "another" in list_policies(reloader)
    os.rename(deep / "another.yaml", deep / "other.YML")
    assert "another" in list_policies(reloader)
    os.rename(folder / "policies" / name.partition("/")[0], folder / "policies/.away")
    assert "another" not in list_policies(reloader)


def test_a_folder_that_is_linked_counts_once_and_a_circle_ends(folder, reloader, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    (folder / "policies/linked").symlink_to(away)
    (folder / "policies/circle").symlink_to(folder / "policies")
    assert "another" not in list_policies(reloader)
    (away / "another.yaml").write_text(ADDED)
    assert list_policies(reloader).count("another") == 1


def test_a_folder_of_a_team_counts_too(folder):
    bound = "{name: support-*, project: support-*, policy_set: teams/policy.yaml, "
    (folder / "teams/own").mkdir(parents=True)
    (folder / "teams/own/first.yaml").write_text(VOLATILE.replace("volatile-data", "first"))
    (folder / "teams/policy.yaml").write_text("policy_set: 1\nextends: [../policy.yaml]\npolicies: [./own]\n")
    (folder / "policy.yaml").write_text(SET.replace("{name: support-*, project: support-*, ", bound))
    reloader = start(folder, lambda _: None)
    (folder / "teams/own/deep").mkdir()
    (folder / "teams/own/deep/another.yaml").write_text(ADDED)
    judge = reloader.get_panel().teams["teams/policy.yaml"]
    assert {policy.id for policy in judge.workspace.policy_set.policies} >= {"first", "another"}


def test_what_has_not_changed_is_not_read_again(folder, reloader, monkeypatch):
    (folder / "policies/team").mkdir()
    for place in (folder, folder / "policies", folder / "policies/team"):
        os.utime(place, (1, 1))
    reloader.get_panel()
    read: list[str] = []
    monkeypatch.setattr(reloading, "read_folder", read.append)
    assert reloader.get_panel()
    assert read == []


def test_what_was_broken_where_nobody_looks_is_taken_up_once_it_is_mended(folder, reloader, caplog, monkeypatch):
    monkeypatch.setattr(reloading, "AGAIN", 0.0)
    before, config = reloader.get_panel(), folder / "policy.yaml"
    (folder / "more").mkdir()
    (folder / "more/strict.yaml").write_text("policy: [\n")
    config.write_text(config.read_text().replace("[./policies]", "[./policies, ./more]"))
    assert reloader.get_panel() is before
    assert reloader.get_panel() is before
    assert (reloader.faults, caplog.text.count("cannot be used")) == (1, 1)
    (folder / "more/strict.yaml").write_text("policy: {\n")
    reloader.get_panel()
    (folder / "more/strict.yaml").write_text(VOLATILE.replace("volatile-data", "strict"))
    assert list_policies(reloader) == ["large-models", "strict", "volatile-data"]
    loaded = reloader.get_panel()
    assert reloader.get_panel() is loaded


def test_what_cannot_be_loaded_is_not_tried_at_each_hearing(folder, reloader, monkeypatch):
    monkeypatch.setattr(reloading, "AGAIN", 1e9)
    (folder / "policies/volatile-data.yaml").write_text("policy: [\n")
    reloader.get_panel()
    monkeypatch.setattr(reloading, "load_panel", None)
    reloader.get_panel()


def test_a_fault_is_told_once_however_many_met_it(folder, reloader):
    (folder / "policies/volatile-data.yaml").write_text("policy: [\n")
    together = Barrier(8)

    def look(_):
        together.wait(60)
        reloader.get_panel()
        return reloader.take_faults()

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(look, range(8)))
    assert (sum(told), reloader.faults) == (1, 1)
    (folder / "policies/volatile-data.yaml").write_text("policy: 3\n")
    reloader.get_panel()
    assert [reloader.take_faults(), reloader.take_faults(), reloader.faults] == [1, 0, 2]


def test_the_server_counts_a_fault_once(tmp_path):
    with open_api(tmp_path) as api:
        (tmp_path / "policies/volatile-data.yaml").write_text("policy: [\n")
        together = Barrier(8)

        def refresh(_):
            together.wait(60)
            api.guard.refresh()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(refresh, range(8)))
        found = read_values(api.guard.keeper.metrics.render().decode())
    assert found["policy_reload_faults_total"] == 1
