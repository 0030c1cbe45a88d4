from __future__ import annotations

import pytest

from policy.evidence.scan.secrets import SECRETS as FAMILY
from policy.evidence.scan.spans import find_spans
from tests.evidence.scan.plants import HEX, SECRETS, draw

PLANTED = [(kind, value) for kind, values in SECRETS.items() for value in values]


def find(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(span.kind, data[span.start : span.end].decode()) for span in find_spans(FAMILY, data)]


@pytest.mark.parametrize(("kind", "value"), PLANTED)
@pytest.mark.parametrize("around", ["{}", 'the key is "{}", keep it', "k={}\n", "<b>{}</b>", "é{}é", "({})."])
def test_each_form_is_found_once_and_whole(kind, value, around):
    found = find(around.format(value))
    assert [name for name, _ in found] == [kind]
    # Addresses begin after their scheme, and web tokens end with enough of the signature.
    assert found[0][1] in value


@pytest.mark.parametrize(
    "value", [value for kind, value in PLANTED if kind not in ("private-key", "url-password", "azure-storage-key")]
)
def test_a_longer_word_and_a_shorter_one_are_no_key(value):
    assert find("X" + value) == []
    assert find(value[:18]) == []


@pytest.mark.parametrize(
    "text",
    [
        'password = "tr0ub4dor&3x"',
        "PASSWORD: Xk39-mQ2z",
        '\\"db_password\\": \\"a9B7$#fG3&Z1\\"',
        f"api_key={draw(32)}",
        f'"client_secret" : "{draw(40)}"',
        f"config['SECRET_KEY'] = '{draw(50)}'",
        f"export AUTH_TOKEN={draw(40)}",
        f"private_key => {draw(44)}==",
        f"X-Api-Key: {draw(32, HEX)}",
    ],
)
def test_random_values_with_a_telling_name_are_secrets(text):
    assert [kind for kind, _ in find(text)] == ["assigned-secret"]


@pytest.mark.parametrize(
    "text",
    [
        "the password: please enter it below",
        "password = get_password()",
        "password=os.environ['DB_PASSWORD_2']",
        "password: ${DB_PASSWORD_1}",
        "password: <your-password-1>",
        "password = 'your_password_123'",
        "password: password123",
        "token: 12345678901234567890",
        '"token": "Hello"',
        '"max_tokens": 2048, "tokens": [1, 2, 3]',
        '"eos_token": "<|endoftext|>"',
        "secret: 2024-05-06T07:08:09Z",
        "token = 6f1ed002-ab55-4f2e-9c3d-111111111111",
        "api_key: xxxxxxxxxxxxxxxxxxxxxxxx1",
        "secret_key = aaaaaaaaaaaaaaaaaaaaaaa1",
        "access_key: https://docs.corp.de/keys/v1",
        f"password_hash: {draw(64, HEX)}",
        f"sha256: {draw(64, HEX)}",
        "AK" + "IAIOSFODNN7EXAMPLE",
        "h" + "f_" + "x" * 34,
        "h" + "f_requiredcharacteristictypesfordisp",
        "gh" + "p_" + "x" * 36,
        "sk-" + "proj-" + "this-is-where-your-own-key-goes-as-you-know",
        "task-ant-api03, desk-proj-a and risk-or-v1",
        "-----BEGIN PUBLIC " + "KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "ey" + "Jhello_world_there.eyJhello_world_there.abcdefghijklmnopqrstuvwx",
        "ey" + "J\u00e9",
        "https://user@host.org/path",
        "https://user:password@host.org/",
        "https://$USER:$PASS@host.org/",
        "http://host:8080/a@b",
    ],
)
def test_what_is_no_secret(text):
    assert find(text) == []


def test_a_key_that_is_assigned_counts_once():
    assert [kind for kind, _ in find("api_key = " + SECRETS["anthropic-key"][0])] == ["anthropic-key"]
