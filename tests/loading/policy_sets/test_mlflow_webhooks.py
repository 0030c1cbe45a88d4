"""The key `mlflow.webhooks` of policy sets: who is told of requests, and what cannot be meant."""

from __future__ import annotations

import pytest

from policy.app.set_view import view_mlflow
from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.language.identity import digest_policy_set
from policy.loading.policy_sets.mlflow_schema import WEBHOOK_ABOUT
from policy.loading.policy_sets.mlflow_webhook_kinds import LONGEST, LONGEST_WITHIN
from policy.loading.policy_sets.mlflow_webhooks import KEYS, MOST
from policy.loading.policy_sets.schema import policy_set_json_schema
from policy.model.mlflow_settings import EXPIRING_WITHIN, WEBHOOK_EVENTS, Webhook
from tests.editor import Editor, see

HEAD = "policy_set: 1\nmlflow:\n  experiments: [{name: a, project: p}]\n"
URL = "https://hooks.example.com/policy"
TWICE = f"{{url: '{URL}', secret_env: A}}"
WHOLE = """  webhooks:
    - url: https://hooks.example.com/policy?for=ml
      secret_env: [NEW_SECRET, OLD_SECRET]
      events: [opened, expiring]
      expiring_within: 90min
      server_url: https://mlflow.example.com/
    - {url: 'http://127.0.0.1:8080', secret_env: _secret2, events: decided}
"""


@pytest.fixture
def load(write):
    def read(text):
        root = write({"policy.yaml": HEAD + text})
        return open_workspace(str(root)).policy_set

    return read


@pytest.fixture
def refuse(load):
    def read(text):
        with pytest.raises(PolicyError) as refusal:
            load(text)
        assert all(problem.remedy and problem.location for problem in refusal.value.problems)
        return [(str(problem.location), problem.message) for problem in refusal.value.problems]

    return read


def entry(**keys):
    said = {"url": f"'{URL}'", "secret_env": "SECRET", **keys}
    return f"  webhooks: [{{{', '.join(f'{key}: {value}' for key, value in said.items() if value)}}}]\n"


def test_everything_that_can_be_said(load):
    webhooks = load(WHOLE).mlflow.webhooks
    assert webhooks == (
        Webhook(
            "https://hooks.example.com/policy?for=ml",
            ("NEW_SECRET", "OLD_SECRET"),
            ("opened", "expiring"),
            90 * 60_000,
            "https://mlflow.example.com",
        ),
        Webhook("http://127.0.0.1:8080", ("_secret2",), ("decided",)),
    )
    assert [webhook.location.line for webhook in webhooks] == [5, 10]
    assert [webhook.host for webhook in webhooks] == ["hooks.example.com", "127.0.0.1"]


def test_what_holds_without_a_word(load):
    (webhook,) = load(entry()).mlflow.webhooks
    assert (webhook.events, webhook.expiring_within, webhook.server_url) == (WEBHOOK_EVENTS, EXPIRING_WITHIN, "")
    assert load("").mlflow.webhooks == ()


def test_each_address_is_known_by_an_id_that_does_not_tell_it(load):
    first, second = load(WHOLE).mlflow.webhooks
    assert len({first.id, second.id, Webhook(URL, ("A",)).id}) == 3
    assert first.id == Webhook(first.url, ("OTHER",)).id
    assert len(first.id) == 16


def test_it_is_no_part_of_the_digest(load):
    assert digest_policy_set(load(WHOLE)) == digest_policy_set(load(""))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "HTTPS://Hooks.Example.com:8443/a/b?c=d&e=%20",
        "https://203.0.113.7/a",
        "https://[2001:db8::1]:443/",
        "http://localhost:80/",
        "http://127.1.2.3/",
        "http://[::1]:8080/a",
    ],
)
def test_addresses_that_are_taken(load, url):
    assert load(entry(url=f"'{url}'")).mlflow.webhooks[0].url == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://hooks.example.com/", "not encrypted"),
        ("http://127.0.0.1.example.com/", "not encrypted"),
        ("http://localhost.example.com/", "not encrypted"),
        ("http://10.0.0.1/", "not encrypted"),
        ("https://ada:word@hooks.example.com/", "holds a user or a password"),
        ("https://ada@hooks.example.com/", "holds a user or a password"),
        ("https://:@hooks.example.com/", "holds a user or a password"),
        ("https://hooks.example.com/#a", "behind `#`"),
        ("ftp://hooks.example.com/", "no address of a server"),
        ("file:///etc/passwd", "no address of a server"),
        ("hooks.example.com/a", "no address of a server"),
        ("https:///a", "no address of a server"),
        ("https://hooks.example.com:0/", "no address of a server"),
        ("https://hooks.example.com:99999/", "no address"),
        ("https://hooks.example.com:a/", "no address"),
        ("https://[::1/", "no address"),
        ("https://hooks.example.com/a b", "a space"),
        ("https://hooks.example.com\\@other.example.com/", "a space, or a character"),
        ("https://bücher.example/", "a space, or a character"),
        (f"https://hooks.example.com/{'a' * LONGEST}", "longer than 2,000"),
        ("", "empty"),
    ],
)
def test_addresses_that_are_not(refuse, url, message):
    ((place, said),) = refuse(entry(url=f"'{url}'" if url else "''"))
    assert place.startswith("policy.yaml:4:20")
    assert message in said
    assert "ada" not in said


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"secret_env": "'s3cret-value!'"}, "'s3cret", "not the name of an environment variable"),
        ({"secret_env": "''"}, "''", "empty"),
        ({"secret_env": "[]"}, "[]", "`mlflow.webhooks.secret_env` is empty"),
        ({"secret_env": "[A, B, C]"}, "[A", "more than 2 items"),
        ({"secret_env": "{a: b}"}, "{a", "a mapping where"),
        ({"secret_env": ""}, "{url", "the webhook has no `secret_env`"),
        ({"url": ""}, "{secret_env", "the webhook has no `url`"),
        ({"url": "[a]"}, "[a]", "is a list where an address such as"),
        ({"events": "[opnd]"}, "opnd", "`opnd` is not one of opened, decided, expiring"),
        ({"events": "[]"}, "[]", "is empty"),
        ({"events": "all"}, "all", "`all` is not one of"),
        ({"expiring_within": "4"}, "4}", "a number without a unit"),
        ({"expiring_within": "1s"}, "1s", "`1s` is not within 1min to 7d"),
        ({"expiring_within": "8d"}, "8d", "`8d` is not within 1min to 7d"),
        ({"server_url": "'https://a.example.com/?b'"}, "'https://a", "behind `?`"),
        ({"server_url": "'http://a.example.com/'"}, "'http://a", "not encrypted"),
        ({"secrets": "A"}, "secrets", "there is no key of a webhook `secrets`"),
    ],
)
def test_what_cannot_be_meant(refuse, keys, place, message):
    ((where, said),) = refuse(entry(**keys))
    file, line, column = where.split(":")
    assert (file, line) == ("policy.yaml", "4")
    assert entry(**keys)[int(column) - 1 :].startswith(place)
    assert message in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{url: a}", "`mlflow.webhooks` needs a list"),
        ("[]", "`mlflow.webhooks` is empty"),
        ("null", "`mlflow.webhooks` needs a list"),
        ("[7]", "a webhook needs an address and a secret"),
        (str([f"{URL}/{number}" for number in range(MOST + 1)]), "more than 20 entries"),
        (f"[{TWICE}, {TWICE}]", "another webhook has the same address"),
    ],
)
def test_what_is_no_list_of_webhooks(refuse, text, message):
    ((_, said),) = refuse(f"  webhooks: {text}\n")
    assert message in said


def test_all_that_is_wrong_is_said_at_once(refuse):
    assert len(refuse("  webhooks: [{url: 'http://a.example.com', secret_env: a-b, events: [x, y]}, 7]\n")) == 5


def test_what_is_in_force_shows_where_and_not_the_address(load):
    shown = view_mlflow(load(WHOLE))
    assert shown["webhooks[0]"].value == "hooks.example.com; opened, expiring"
    assert str(shown["webhooks[1]"].place).startswith("policy.yaml:10:7")


def test_editors_know_what_is_taken():
    editor = Editor(policy_set_json_schema())
    assert set(WEBHOOK_ABOUT) == set(KEYS)
    assert editor.accepts(see(HEAD + WHOLE))
    for wrong in (
        {"secret_env": "a-b"},
        {"events": "[opnd]"},
        {"expiring_within": "4"},
        {"url": "hooks.example.com"},
        {"url": ""},
        {"secret_env": ""},
        {"secrets": "A"},
    ):
        assert not editor.accepts(see(HEAD + entry(**wrong))), wrong
    assert LONGEST_WITHIN == 7 * 86_400_000
