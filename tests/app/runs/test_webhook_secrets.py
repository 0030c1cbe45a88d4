from __future__ import annotations

from base64 import b64encode

import pytest

from policy.app.runs.panel import check_panel, load_panel
from policy.app.runs.webhook_secrets import LONGEST, SHORTEST, check_secrets, read_secrets
from policy.errors import PolicyError
from policy.model.mlflow_settings import Webhook
from tests.gates.mlflow.server.conftest import SET, write_set

RAW = bytes(range(SHORTEST))
HOOK = Webhook("https://hooks.example.com", ("SECRET",))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("whsec_" + b64encode(RAW).decode(), RAW),
        ("x" * SHORTEST, b"x" * SHORTEST),
        ("x" * LONGEST + "\n", b"x" * LONGEST),
        ("ä" * 12, "ä".encode() * 12),
    ],
)
def test_what_is_a_secret(monkeypatch, text, secret):
    monkeypatch.setenv("SECRET", text)
    assert read_secrets(HOOK) == (secret,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not set"),
        (" \n", "is not set"),
        ("short", "has 5 bytes, and 24 to 64 are needed"),
        ("x" * (SHORTEST - 1), "has 23 bytes"),
        ("x" * (LONGEST + 1), "has 65 bytes"),
        ("whsec_", "has 0 bytes"),
        ("whsec_" + b64encode(RAW[1:]).decode(), "has 23 bytes"),
        ("whsec_this is no base64 at all, and long", "is not base64"),
        ("whsec_ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", "is not base64"),
    ],
)
def test_what_is_none_is_said_and_not_repeated(monkeypatch, text, said):
    monkeypatch.setenv("SECRET", text)
    with pytest.raises(PolicyError) as caught:
        read_secrets(HOOK)
    (problem,) = caught.value.problems
    assert said in problem.message
    assert "`SECRET`" in problem.message
    assert problem.remedy
    assert len(text.strip()) < 8 or text.strip() not in f"{problem.message}{problem.remedy}"


def test_all_that_are_missing_are_said_at_once(monkeypatch):
    for name in ("SECRET", "OLD", "OTHER"):
        monkeypatch.delenv(name, raising=False)
    hooks = [HOOK, Webhook("https://other.example.com", ("OLD", "OTHER"))]
    with pytest.raises(PolicyError) as caught:
        check_secrets(hooks)
    assert len(caught.value.problems) == 3
    check_secrets(())


def test_a_server_without_them_does_not_start_and_says_where_it_names_them(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET", raising=False)
    hook = "webhooks: [{url: 'https://hooks.example.com', secret_env: SECRET}]"
    write_set(tmp_path, SET.replace("  app: basic-auth\n", f"  app: basic-auth\n  {hook}\n"))
    panel = load_panel(str(tmp_path / "policy.yaml"), str(tmp_path))
    with pytest.raises(PolicyError) as caught:
        check_panel(panel)
    (problem,) = caught.value.problems
    assert str(problem.location).startswith("policy.yaml:13:14")
    monkeypatch.setenv("SECRET", "x" * 32)
    check_panel(panel)
