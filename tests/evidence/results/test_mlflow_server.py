from __future__ import annotations

from base64 import b64encode

import pytest

from policy.evidence.results.mlflow_server import NoRunError, find_server

URI, TOKEN = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"
USER = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "pa:ss"}
BASIC = f"Basic {b64encode(b'ada:pa:ss').decode()}"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://mlflow.example", "http://mlflow.example"),
        (" https://mlflow.example:8443/team/ ", "https://mlflow.example:8443/team"),
        ("HTTP://[::1]:5000", "http://[::1]:5000"),
        ("https://ada:pa%3Ass@mlflow.example", "https://mlflow.example"),
    ],
)
def test_the_address_is_that_of_the_environment(written, address):
    assert find_server({URI: written}).address == address


@pytest.mark.parametrize(
    ("variables", "authorization"),
    [
        ({}, None),
        ({TOKEN: "t0ken"}, "Bearer t0ken"),
        (USER, BASIC),
        ({**USER, TOKEN: "t0ken"}, BASIC),
        ({"MLFLOW_TRACKING_USERNAME": "ada", TOKEN: "t0ken"}, "Bearer t0ken"),
        ({URI: "http://ada:pa%3Ass@h"}, BASIC),
        ({"MLFLOW_TRACKING_USERNAME": "é", "MLFLOW_TRACKING_PASSWORD": "\n"}, "Basic w6k6Cg=="),
    ],
)
def test_credentials_are_mlflows(variables, authorization):
    assert find_server({URI: "http://h", **variables}).headers.get("Authorization") == authorization


@pytest.mark.parametrize("written", ["", " "])
def test_without_an_address_nobody_is_asked(written):
    with pytest.raises(NoRunError, match="MLFLOW_TRACKING_URI is not set") as caught:
        find_server({URI: written, TOKEN: "t"})
    assert caught.value.minor


@pytest.mark.parametrize(
    "written",
    [
        "mlruns",
        "/srv/mlruns",
        "file:///srv/mlruns",
        "sqlite:///mlflow.db",
        "databricks",
        "ftp://h",
        "http://",
        "http:///path",
        "http://[",
        "http://h:port",
        "http://h:99999",
        "http://h?a=1",
        "http://h/#a",
        "http://h/\x00a",
        "javascript:alert(1)",
    ],
)
def test_only_a_web_address_is_asked(written):
    with pytest.raises(NoRunError, match="is no http or https address") as caught:
        find_server({URI: written})
    assert caught.value.minor
    assert written not in caught.value.reason


@pytest.mark.parametrize("token", ["a\nb", "\x7f", "é", "\ud800"])
def test_a_token_that_is_none_is_not_shown(token):
    with pytest.raises(NoRunError) as caught:
        find_server({URI: "http://h", TOKEN: token})
    assert caught.value.reason == "MLFLOW_TRACKING_TOKEN holds characters that no token has"


# What a policy set names

OURS = "https://mlflow.acme.example"
CREDENTIALS = {**USER, TOKEN: "t0ken"}


def test_without_one_in_the_environment_the_policy_sets_server_is_asked():
    server = find_server({}, OURS)
    assert (server.address, server.named_by) == (OURS, "the policy set")


@pytest.mark.parametrize("written", ["", " "])
def test_credentials_are_not_sent_to_an_address_that_only_the_policy_set_names(written):
    # Whoever proposes a change can propose one of the policy set, too.
    server = find_server({URI: written, **CREDENTIALS}, OURS)
    assert server.headers == {"Accept": "application/json"}


@pytest.mark.parametrize("named", [OURS, f"{OURS}/", "https://mlflow.other.example"])
def test_the_environment_has_the_last_word_and_its_server_the_credentials(named):
    server = find_server({URI: named, **CREDENTIALS}, OURS)
    assert (server.address, server.named_by) == (named.rstrip("/"), URI)
    assert server.headers["Authorization"] == BASIC


def test_an_address_of_the_environment_that_cannot_be_asked_is_not_replaced():
    with pytest.raises(NoRunError, match="is no http or https address"):
        find_server({URI: "databricks", **CREDENTIALS}, OURS)
