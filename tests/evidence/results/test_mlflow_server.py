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
    assert find_server({URI: written})[0] == address


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
    assert find_server({URI: "http://h", **variables})[1].get("Authorization") == authorization


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
