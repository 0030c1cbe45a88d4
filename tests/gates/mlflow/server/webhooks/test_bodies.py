"""What is told: held against its contract, its schema, and what nobody shall be told."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from policy.gates.cli.schema import REPORTS, describe_report
from policy.gates.mlflow.server.webhooks.bodies import LONGEST, Writer, shorten
from policy.model.canonical import canonical_json
from policy.records.notices.rows import Happening
from policy.records.requests.closing import withdraw
from policy.records.requests.overriding import break_glass
from policy.records.requests.queries import find_row
from tests.gates.mlflow.server.webhooks.conftest import hold
from tests.records.requests.asked import NOW, SETTINGS, SINGLE, ask_one, say
from tests.records.requests.asked import STAKE as ONE

# Every later version must send these, with more keys at most.
GOLDEN = Path(__file__).resolve().parents[4] / "golden" / "policy-webhook-1.json"


@pytest.fixture
def write(api):
    """The body of what happened to a request."""

    def write_one(event, request, seq=7):
        row = find_row(api.guard.ledger, request)
        assert row is not None
        (webhook,) = api.guard.panel.settings.webhooks
        happening = Happening(event, seq, "2026-11-20T10:00:00.000Z", row)
        made = Writer(api.guard.panel, webhook, api.guard.ledger.id).write(api.guard.ledger, happening)
        body = json.loads(made.body)
        assert made.body.encode() == canonical_json(body)
        assert (made.id, made.request, made.event) == (body["id"], body["request"], body["event"])
        return body

    return write_one


def write_all(ledger, write):
    """Every event, kind and state, once at least."""
    first = ask_one(ledger, document={"holding": ["large-models"], "decision": "d-one"})
    opened = [write("opened", first.id), write("expiring", first.id)]
    say(ledger, first.id, "bob", settings=SINGLE)
    others = [ask_one(ledger, stake=ONE[:-1] + str(number)) for number in range(2, 5)]
    say(ledger, others[0].id, "bob", "reject", settings=SINGLE)
    withdraw(ledger, others[1].id, "os:dave@laptop", "", SETTINGS, now=NOW)
    break_glass(ledger, others[2].id, "olga", "it burns", SETTINGS, now=NOW)
    decided = [write("decided", row.id) for row in (first, *others)]
    waiver = ask_one(ledger, kind="waiver", gate="", subject="large-models", project="support-*")
    return [*opened, *decided, write("opened", waiver.id)]


def test_what_is_told_is_what_the_first_edition_told(api, write):
    said = write_all(api.guard.ledger, write)
    text = json.dumps(said).replace(api.guard.ledger.id, "0" * 32)
    for number, request in enumerate(dict.fromkeys(one["request"] for one in said)):
        text = text.replace(request, f"r-{number}")
    text = re.sub('"n-[0-9a-f]{32}"', f'"n-{"0" * 32}"', text)
    assert json.loads(text) == json.loads(GOLDEN.read_bytes())


def test_all_of_it_is_as_the_schema_says(api, write):
    said = [*write_all(api.guard.ledger, write), write("opened", hold(api)), *json.loads(GOLDEN.read_bytes())]
    validator = Draft202012Validator(describe_report("webhook"))
    module, name = REPORTS["webhook"]
    model = getattr(import_module(f"policy.reports.{module}"), name)
    for one in said:
        validator.validate(one)
        assert set(model.model_validate(one).model_dump()) == set(one)
    assert {one["event"] for one in said} == {"opened", "decided", "expiring"}


def test_a_run_that_is_held_names_its_decision_and_who_may_decide(api, write):
    body = write("opened", hold(api))
    assert (body["gate"], body["verdict"], body["state"]) == ("run", "hold", "pending")
    assert body["deciders"] == [{"who": "leads", "quorum": 1}]
    assert body["decision"]
    assert body["server"] == "mlflow"


def test_nobody_is_named_and_no_text_is_repeated(api, write):
    ledger = api.guard.ledger
    row = ask_one(ledger, document={"holding": ["large-models"], "outcomes": ["a long story"]}, subject="train.yaml")
    say(ledger, row.id, "bob", "reject", reason="a private reason", settings=SINGLE)
    waiver = ask_one(ledger, kind="waiver", gate="", subject="large-models")
    text = json.dumps([write("decided", row.id), write("opened", waiver.id)])
    for told in ("bob", "dave", "Erin", "erin@example.com", "story", "private", "train.yaml"):
        assert told not in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("support-tone", "support-tone"),
        ("a\nb\x1b[31m\u202e", "a b [31m "),
        ("x" * 500, "x" * (LONGEST - 1) + "…"),
        ("", ""),
    ],
)
def test_names_are_one_short_line(text, told):
    assert shorten(text) == told


def test_a_secret_that_somebody_made_a_name_is_not_told():
    token = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    assert token not in shorten(f"project {token}")


def test_what_was_erased_or_changed_is_told_without_it(api, write, monkeypatch):
    request = hold(api)
    for found in (None, ["no", "document"]):
        with monkeypatch.context() as patched:
            patched.setattr("policy.gates.mlflow.server.webhooks.bodies.read_object", lambda *_, found=found: found)
            body = write("opened", request)
        assert body["decision"] is None
        assert body["request"] == request


def test_without_the_address_of_the_server_there_is_no_link(api, write, monkeypatch):
    request = hold(api)
    assert write("opened", request)["link"].endswith(request)
    settings = api.guard.panel.settings
    (webhook,) = settings.webhooks
    monkeypatch.setitem(webhook.__dict__, "server_url", "")
    assert write("opened", request)["link"] is None
