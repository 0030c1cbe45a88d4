from __future__ import annotations

import json

import pytest

from policy.app.diagnosing.findings import ERROR, OK, WARNING, Finding

# MLflow's stores use what a new SQLAlchemy is to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SET = "policy_set: 1\nname: a\npolicies: [catalogue]\nledger: sqlite:///ledger.db\n"
MLFLOW = "mlflow: {app: basic-auth, experiments: [{name: a-*, project: a}]}\n"


def list_levels(findings, what):
    return [finding.level for finding in findings if finding.what == what]


@pytest.fixture
def diagnosed(tmp_path, call, monkeypatch):
    """What `policy doctor` says in a folder with a policy set of this text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", "a-key-of-tests")

    def diagnose(text=SET):
        (tmp_path / "policy.yaml").write_text(text)
        result = call("doctor --output json")
        document = json.loads(result.out)
        assert document["format"] == "policy-diagnosis/1"
        return result, [Finding(**finding) for finding in document["findings"]]

    return diagnose


def test_what_is_wrong_with_a_policy_set_is_told_with_its_place(diagnosed):
    result, findings = diagnosed("policy_set: 1\nname: a\npolcies: [catalogue]\n")
    assert result.code == 1
    (found,) = [finding for finding in findings if finding.what == "policy set"]
    assert found.message.startswith("policy.yaml:3:1: ")


def test_a_ledger_that_is_not_there_yet_and_a_server_that_could_not_start_are_told(diagnosed):
    result, findings = diagnosed(SET + MLFLOW.replace("basic-auth", "none"))
    assert result.code == 1
    assert list_levels(findings, "mlflow server") == [ERROR]
    assert list_levels(findings, "ledger") == [ERROR]


@pytest.mark.parametrize(("key", "levels"), [(None, [ERROR]), ("a-key-of-tests", [])])
def test_what_basic_auth_needs_to_start_is_told(diagnosed, call, monkeypatch, key, levels):
    if not key:
        monkeypatch.delenv("MLFLOW_FLASK_SERVER_SECRET_KEY")
    diagnosed(SET)
    assert call("ledger init").code == 0
    result, findings = diagnosed(SET + MLFLOW)
    assert list_levels(findings, "basic-auth") == levels
    assert result.code == (1 if levels else 0)


def test_everything_in_order_is_no_error(diagnosed, call):
    diagnosed(SET + MLFLOW)
    assert call("ledger init").code == 0
    result, findings = diagnosed(SET + MLFLOW)
    assert result.code == 0
    assert list_levels(findings, "mlflow server") == [OK]
    assert ERROR not in {finding.level for finding in findings}
    shown = call("doctor")
    assert (shown.code, shown.out.splitlines()[0].split()[:2]) == (0, ["ok", "version"])


def test_a_ledger_that_is_only_down_keeps_no_server_from_starting(diagnosed):
    down = SET.replace("sqlite:///ledger.db", "postgresql://ada@127.0.0.1:1/ledger")
    result, findings = diagnosed(down + MLFLOW)
    assert (result.code, list_levels(findings, "ledger")) == (0, [WARNING])
    result, findings = diagnosed(down)
    assert (result.code, list_levels(findings, "ledger")) == (1, [ERROR])


def test_a_spool_key_that_is_not_the_pinned_one_is_told(diagnosed, call, monkeypatch, tmp_path):
    diagnosed(SET + MLFLOW)
    assert call("ledger init").code == 0
    assert call("ledger key spool --key spool.key").code == 0
    monkeypatch.setenv("POLICY_SPOOL_KEY", str(tmp_path / "spool.key"))
    result, findings = diagnosed(SET + MLFLOW)
    assert (result.code, list_levels(findings, "spool key")) == (1, [ERROR])
    (found,) = [finding for finding in findings if finding.what == "spool key"]
    key = found.remedy.partition("[")[2].partition("]")[0]
    result, findings = diagnosed(SET + MLFLOW.replace("app: basic-auth", f"app: basic-auth, spool_keys: [{key}]"))
    assert (result.code, list_levels(findings, "spool key")) == (0, [OK])
