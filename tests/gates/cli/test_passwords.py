"""Passwords in the addresses of a policy set and of a manifest: refused, or unknown, and shown by no report."""

from __future__ import annotations

import pytest

# MLflow's stores, at which `doctor` looks, use what a new SQLAlchemy is to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SET = "policy_set: 1\nname: a\npolicies: [catalogue]\n"
HOOK = "mlflow: {{app: basic-auth, experiments: [{{name: a, project: a}}], webhooks: [{{url: {}, secret_env: A}}]}}\n"


@pytest.mark.parametrize(
    "text",
    [
        HOOK.format("https://ada:s3cret@hooks.example.com/x"),
        HOOK.format('"https://ada:s3cret\\u0040hooks.example.com/x"'),
        HOOK.format('"https:\\/\\/ada:s3cret@hooks.example.com/x"'),
        HOOK.format("https:/ada:s3cret@hooks.example.com/x"),
        HOOK.format("https://ada:s3cret @hooks.example.com/x"),
        "mlflow: {server: 'https://ada:s3cret@h/'}\n",
        "ledger: postgresql://ada:s3cret@h/db\n",
        "ledger: postgresql://ada@h/db?password=s3cret\n",
        "ledger: mysql://ada:s3cret@h/db\n",
        "evidence: {mlflow: 'https://ada:s3cret@h'}\n",
        "extends: git+https://ada:s3cret@h/x.git\n",
        "gates: {run: {on_error: 'https://ada:s3cret@h/x'}}\n",
        "'https://ada:s3cret@h/x': 1\n",
        "waivers: 'https://ada:s3cret@h/x'\n",
    ],
)
@pytest.mark.parametrize(
    "command",
    ["check", "doctor --output json", "check --output json", "check --output sarif", "check --output markdown"],
)
def test_of_a_policy_set(tmp_path, monkeypatch, call, text, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(SET + text)
    (tmp_path / "ml-manifest.yaml").write_text("manifest: 1\nproject: a\n")
    result = call(command)
    assert result.code in (1, 2)
    assert "s3cret" not in result.out + result.err
