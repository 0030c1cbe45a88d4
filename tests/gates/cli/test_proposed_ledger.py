"""A proposal that brings the ledger or its spool is judged by its base, and nothing is recorded in what it brought."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.records.ledger import create_ledger, open_ledger
from policy.records.spool import spool_decision
from tests.gates.cli.conftest import write_manifest
from tests.gates.cli.test_policies_from import STRICT, tree  # noqa: F401 - a fixture
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture
from tests.records.drafts import draft_decision

pytest.importorskip("sqlalchemy")

GOOD = write_manifest("good", "approach: rag\n")


@pytest.fixture
def propose(tree, tmp_path):  # noqa: F811
    """Commit what is in some files, which `bring` makes, on a branch; its base has a ledger and other settings."""

    def make(bring, ledger="sqlite:///ledger.db", settings=""):
        base = {**STRICT, "policy.yaml": f"{STRICT['policy.yaml']}ledger: {ledger}\n{settings}"}
        made = tree({**base, "a/ml-manifest.yaml": GOOD}, {})
        bring(tmp_path)
        git(tmp_path, "add", "--all", "--force")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=brought")
        return made

    return make


def bring_ledger(folder):
    create_ledger(f"sqlite:///{folder}/ledger.db").close()


def bring_link(folder):
    create_ledger(f"sqlite:///{folder}/../elsewhere.db").close()
    (folder / "ledger.db").symlink_to("../elsewhere.db")


def bring_spool(folder):
    spool_decision(f"{folder}/ledger-spool", draft_decision("forged"))


def bring_taken_spool(folder):
    spool_decision(f"{folder}/ledger-spool", draft_decision("forged"))
    (folder / "ledger-spool").rename(folder / "ledger-spool.0000.taken")


def bring_nothing(_):
    pass


@pytest.mark.parametrize("bring", [bring_ledger, bring_link, bring_spool, bring_taken_spool])
def test_nothing_is_recorded_and_the_gate_blocks(propose, bring, tmp_path):
    made = propose(bring)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("ledger*")}
    checked = made.check("--gate ci")
    assert checked.code == 1
    assert "1 decision is on no record: nothing is recorded" in checked.err
    assert "a link that a proposal can set" in checked.err or "so that a proposal can change it" in checked.err
    assert {path.name: path.read_bytes() for path in tmp_path.glob("ledger*")} == before


def test_where_the_gate_goes_on_they_wait(propose, tmp_path):
    made = propose(bring_ledger, settings="gates: {ci: {on_error: flag}}\n")
    checked = made.check("--gate ci --output json")
    assert checked.code == 0
    assert json.loads(checked.out)["ledger"]["spooled"] == 1
    assert (tmp_path / "ledger-spool").exists()


@pytest.mark.parametrize("bring", [bring_spool, bring_taken_spool])
def test_in_a_spool_that_it_brought_nothing_waits(propose, bring):
    made = propose(bring, settings="gates: {ci: {on_error: flag}}\n")
    checked = made.check("--gate ci --output json")
    assert checked.code == 1
    assert json.loads(checked.out)["ledger"]["lost"] == 1


@pytest.mark.parametrize("bring", [bring_spool, bring_taken_spool])
def test_a_ledger_elsewhere_records_nothing_by_way_of_it(propose, bring, tmp_path):
    place = f"sqlite:///{tmp_path.parent}/{tmp_path.name}-outside.db"
    made = propose(bring, ledger=place)
    assert made.check("--gate ci").code == 1
    assert not Path(place.removeprefix("sqlite:///")).exists()


def test_a_ledger_that_it_did_not_bring_records(propose, tmp_path):
    made = propose(bring_nothing)
    assert made.check("--gate ci").code == 0
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db", create=False) as ledger:
        ((origin, gate),) = ledger.read("SELECT origin, gate FROM policy_sets")
        assert len(list(ledger.read_decisions())) == 1
    assert (origin, gate) == ("revision", "ci")
