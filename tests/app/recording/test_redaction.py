"""What people wrote may hold a secret or a name; no byte of that, and no digest of it, is in a record."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.recording.judging import judge_for_record
from policy.app.recording.redaction import mask_secrets, redact_facts, redact_text, redact_waivers
from policy.app.recording.replaying import replay_named
from policy.engine.judge import judge
from policy.model.fields import SCHEMA
from policy.model.policy import PolicySet
from policy.model.waiver import Waiver
from policy.records.ledger import open_ledger
from tests.app.recording.conftest import NOW
from tests.building import make_facts, make_policy
from tests.strategies import facts_about

# Put together here, so that nothing that scans this file takes them for real ones.
KEY = "sk-proj-" + "abc123DEF456ghi789JKL012mno345PQR678stu901VWX234"
AWS = "AKIA" + "Q7JJ5ZLMVXTP3RTW"
PASSWORD = "aK9#sd8" + "fjQ2xx"
EMAIL = "jane.doe@acme" + ".com"
PHONE = "+49 30 " + "901820 17"
IBAN = "DE22 5001 0517 5407 " + "3249 39"
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEpAIBAAKCAQEA7bq\nQ2Zz\n-----END RSA PRIVATE " + "KEY-----"
PLANTED = [KEY, AWS, PASSWORD, EMAIL, "jane.doe", IBAN, "MIIEpAIBAAKCAQEA7bq"]


def test_texts_are_marked():
    assert redact_text(f"ask {EMAIL} or {KEY}!") == (
        "ask [redacted: email] or [redacted: openai-key]!",
        ["email", "openai-key"],
    )
    assert redact_text("the evaluation of 2026-11-20") == ("the evaluation of 2026-11-20", [])
    # By the name of what it is the value of.
    assert redact_text(PASSWORD)[1] == []
    assert redact_text(PASSWORD, "x.password") == ("[redacted: assigned-secret]", ["assigned-secret"])
    assert redact_text(f"a {PEM} b") == ("a [redacted: private-key] b", ["private-key"])
    assert redact_text(PEM[:60]) == ("[redacted: private-key]", ["private-key"])


@given(st.text())
def test_what_is_redacted_has_nothing_more_to_redact(text):
    once, _ = redact_text(text)
    assert redact_text(once) == (once, [])


@pytest.mark.parametrize("value", [KEY, AWS, PEM, f"a\r\nkey: {KEY} # {AWS}\r\nb"])
def test_files_are_masked_and_nothing_in_them_moves(value):
    data = f"a: 1\nb: {value}\nc: 2\n".encode()
    masked, kinds = mask_secrets(data)
    assert kinds
    assert [len(line) for line in masked.split(b"\n")] == [len(line) for line in data.split(b"\n")]
    assert masked.startswith(b"a: 1\nb: ")
    assert masked.endswith(b"\nc: 2\n")
    assert not any(planted.encode() in masked for planted in PLANTED)
    assert mask_secrets(b"a: 1\n") == (b"a: 1\n", [])


def test_waivers_keep_names_and_lose_secrets():
    waiver = Waiver("a", "b", f"see {KEY}", date(2027, 1, 1), "jane", f"T-1 {AWS}", "john")
    (safe,) = redact_waivers([waiver])
    assert safe.reason == "see [redacted: openai-key]"
    assert safe.ticket == "T-1 [redacted: aws-access-key]"
    assert (safe.owner, safe.approved_by, safe.expires) == ("jane", "john", date(2027, 1, 1))


def test_facts_without_anything_are_the_same_ones():
    facts = make_facts("project: reply-tone\nmodel: {revision: a09a35458c702b33eeacc393d103063234e8bc28}")
    assert redact_facts(facts) == (facts, {})
    assert redact_facts(facts).facts is facts


def test_every_text_of_facts_is_looked_at():
    facts = make_facts(
        f"project: 'tone {AWS}'\nowner: {{team: '{EMAIL}'}}\n"
        f"data: {{sources: [{{path: 'data/{KEY}.jsonl', split: train}}]}}\ntried: [{{run: 'r {IBAN}', approach: rag}}]",
        file=f"{KEY}/ml-manifest.yaml",
        observed="data.rows: 3",
        source=f"file of {EMAIL}",
        unavailable={"data.secrets": f"`{KEY}` cannot be read"},
        faults={"data.digest": f"ask {EMAIL}"},
    )
    safe, places = redact_facts(facts)
    everything = repr((safe.claims, safe.subject, safe.unavailable, safe.faults))
    assert not any(planted in everything for planted in PLANTED)
    assert places["project"] == ["aws-access-key", "openai-key"]
    assert places["data.sources[].path"] == ["openai-key"]
    assert places["tried[].run"] == ["iban", "openai-key"]
    assert places["data.rows"] == ["email"]
    assert places["subject"] == ["aws-access-key", "openai-key"]
    assert places["data.secrets"] == ["openai-key"]
    assert places["data.digest"] == ["email"]
    assert safe.values["data.rows"] == 3
    assert [fact.location and fact.location.line for fact in safe.claims] == [
        fact.location and fact.location.line for fact in facts.claims
    ]


def test_texts_beside_each_other_are_none():
    # What ends one line and begins the next is not one thing.
    facts = make_facts("project: password\nowner: {team: aK9#sd8fjQ2xx}")
    assert redact_facts(facts).places == {}


@given(st.data())
def test_facts_of_every_kind_pass_through(data):
    paths = data.draw(st.lists(st.sampled_from(sorted(SCHEMA.fields)), max_size=6, unique=True))
    facts = data.draw(facts_about(paths))
    safe, places = redact_facts(facts)
    if not places:
        assert safe is facts
    again, more = redact_facts(safe)
    assert (again.claims, more) == (safe.claims, {})


POLICY = "require: {data.rows: {at_least: 5}}\neffect: block"
DECLARED = "project: p\nowner: {contact: '%s'}"


def judged(contact, policy=POLICY):
    policy_set = PolicySet((make_policy(policy),))
    facts = make_facts(DECLARED % contact, observed="data.rows: 3")
    shown, basis = judge_for_record(policy_set, facts, gate="ci", now=NOW)
    return shown, basis, judge(policy_set, facts, gate="ci", now=NOW)


def test_a_digest_does_not_tell_what_was_taken_out():
    first, second = (judged(contact)[0] for contact in (EMAIL, "john.roe@acme" + ".com"))
    assert first.id == second.id
    assert first.subject_digest == second.subject_digest
    assert first.stake == second.stake


def test_what_takes_effect_is_judged_on_everything():
    shown, basis, plain = judged(EMAIL)
    assert shown.outcomes == plain.outcomes
    assert shown.verdict == plain.verdict == "block"
    assert shown.id != plain.id
    assert basis.complete
    assert basis.decision.id == shown.id


def test_without_anything_to_take_out_it_is_the_plain_decision():
    shown, basis, plain = judged("#support")
    assert shown == plain == basis.decision
    assert basis.redacted == {}


def test_what_was_taken_out_may_decide():
    policy = "require: {owner.contact: {ends_with: acme.com}}\neffect: block"
    shown, basis, plain = judged(EMAIL, policy)
    assert plain.verdict == shown.verdict == "allow"
    assert not basis.complete
    assert basis.decision.verdict == "allow"


# With files, a database and everything between


RULE = "policy: {id}\ntitle: A\nseverity: low\nrequire: {{{require}}}\neffect: block\n"
PROJECT = {
    "policy.yaml": f"policy_set: 1\npolicies: [./rules]\nledger: sqlite:///ledger.db\n# the token of CI: {AWS}\n",
    "rules/a/rows.yaml": RULE.format(id="rows", require="data.rows: {at_least: 5}"),
    "rules/a/secrets.yaml": RULE.format(id="secrets", require="data.secrets: 0"),
    "ml-manifest.yaml": (
        f"manifest: 1\nproject: tone\nowner: {{team: support, contact: {EMAIL}}}\n"
        f"data: {{sources: [{{path: 'data/{KEY}.jsonl', split: train}}]}}\n"
        f"tried: [{{run: 'account {IBAN}', approach: rag}}]\n"
    ),
    f"data/{KEY}.jsonl": json.dumps({"prompt": f"{PHONE} {EMAIL}", "completion": f"{AWS} password={PASSWORD}"}) + "\n",
}


def test_nothing_of_it_is_in_the_database(record):
    (decision,) = record(PROJECT)
    assert {item.policy: item.outcome for item in decision.outcomes} == {"rows": "fail", "secrets": "fail"}
    with open_ledger("sqlite:///ledger.db") as ledger:
        replayed = replay_named(ledger, decision.id)
    stored = b"".join(path.read_bytes() for path in Path().iterdir() if path.name.startswith("ledger.db"))
    assert b"tone" in stored
    assert [planted for planted in (*PLANTED, PHONE) if planted.encode() in stored] == []
    assert replayed.same
    assert replayed.complete
    assert set(replayed.redacted) >= {"owner.contact", "data.sources[].path"}


def test_a_record_that_does_not_hold_all_says_so(record):
    files = {
        **PROJECT,
        "rules/a/contact.yaml": RULE.format(id="contact", require="owner.contact: {ends_with: acme.com}"),
    }
    (decision,) = record(files)
    assert {item.policy: item.outcome for item in decision.outcomes}["contact"] == "pass"
    with open_ledger("sqlite:///ledger.db") as ledger:
        replayed = replay_named(ledger, decision.id)
    assert not replayed.same
    assert not replayed.complete
    outcome = next(item for item in replayed.differences if item.path == "outcomes[contact].outcome")
    assert (outcome.recorded, outcome.replayed) == ("pass", "fail")
    assert not {"id", "basis", "subject"} & {item.path for item in replayed.differences}
    stored = b"".join(path.read_bytes() for path in Path().iterdir() if path.name.startswith("ledger.db"))
    assert [planted for planted in PLANTED if planted.encode() in stored] == []
