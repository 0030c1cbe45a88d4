"""What the page tells of webhooks, tried."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from policy.app.runs.webhook_secrets import read_secrets
from policy.app.workspace import open_workspace
from policy.gates.mlflow.server.webhooks.rounds import OUTCOMES, Round
from policy.gates.mlflow.server.webhooks.signing import sign
from policy.model.canonical import canonical_json
from policy.model.mlflow_settings import Webhook
from policy.reports.contracts.webhooks import WebhookDocument
from tests.gates.mlflow.server.webhooks.conftest import VARIABLE, hold
from tests.gates.mlflow.server.webhooks.receiver import SECRET

PAGE = Path(__file__).parents[5] / "docs/how-to/guard-an-mlflow-server.md"
SECTION = PAGE.read_text().partition("## Be told of requests")[2].partition("\n## ")[0]
BODY = b'{"format":"policy-webhook/1"}'


def find_block(language):
    (block,) = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    return block


@pytest.fixture(scope="module")
def verify():
    """The verifier of the page."""
    namespace: dict[str, Any] = {}
    exec(find_block("python"), namespace)
    return namespace["verify"]


def make_headers(secret, sent=None):
    return sign([secret], "n-1", int(time.time()) if sent is None else sent, BODY)


def test_the_settings_are_what_they_are_said_to_be(tmp_path):
    head = "policy_set: 1\n" + find_block("yaml").replace(
        "mlflow:\n", "mlflow:\n  experiments: [{name: a, project: b}]\n"
    )
    (tmp_path / "policy.yaml").write_text(head)
    settings = open_workspace(str(tmp_path)).policy_set.mlflow
    assert settings is not None
    (webhook,) = settings.webhooks
    assert webhook == Webhook("https://hooks.example.com/policy", (VARIABLE,), server_url="https://mlflow.example.com")


def test_the_body_is_one():
    body = json.loads(find_block("json").replace("n-…", "n-" + "0" * 32))
    assert list(body) == sorted(body)
    WebhookDocument.model_validate(body)


def test_the_verifier_has_ten_lines():
    assert len(find_block("python").partition("\n\n")[2].strip().splitlines()) <= 10


def test_the_verifier_takes_what_is_really_sent(api, receiver, verify):
    made = Round(api.guard)
    made.begin()
    hold(api)
    made.run()
    (got,) = receiver.got
    assert verify(got.headers, got.body, SECRET)
    assert not verify(got.headers, got.body + b" ", SECRET)
    assert not verify(got.headers, got.body, SECRET + "x")
    assert not verify({**got.headers, "webhook-id": "n-2"}, got.body, SECRET)
    assert canonical_json(json.loads(got.body)) == got.body


@pytest.mark.parametrize("secret", ["a text of 24 bytes at least", "whsec_" + b64encode(bytes(32)).decode()])
def test_both_writings_of_a_secret_are_verified(monkeypatch, verify, secret):
    monkeypatch.setenv(VARIABLE, secret)
    (key,) = read_secrets(Webhook("https://hooks.example.com", (VARIABLE,)))
    assert verify(make_headers(key), BODY, secret)
    both = make_headers(b"o" * 24)["webhook-signature"] + " " + make_headers(key)["webhook-signature"]
    assert verify({**make_headers(key), "webhook-signature": both}, BODY, secret)


@pytest.mark.parametrize("away", [-301, 3600, 10**6])
def test_what_is_sent_again_later_by_somebody_else_is_not_taken(verify, away):
    headers = make_headers(SECRET.encode(), int(time.time()) - away)
    assert not verify(headers, BODY, SECRET)


def test_all_outcomes_are_named():
    assert all(f"`{outcome}`" in SECTION or f'"{outcome}"' in SECTION for outcome in OUTCOMES.values())
