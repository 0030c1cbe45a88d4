from __future__ import annotations

import socket

import pytest

from policy.gates.action import forge as forge_module
from policy.gates.action.forge import Forge, ForgeError
from tests.gates.action.forge_server import TOKEN


@pytest.fixture
def client(forge):
    return Forge(f"{forge.address}/", TOKEN, "acme/models")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the server's answer is not what GitHub's API gives"),
        (b"<html>", "the server's answer is not what GitHub's API gives"),
        (b"\xff\xff", "the server's answer is not what GitHub's API gives"),
        (b"[" * 100_000, "the server's answer is not what GitHub's API gives"),
        (b"{}", "the server's answer is no list of comments"),
        (b"null", "the server's answer is no list of comments"),
    ],
)
def test_an_answer_that_is_none(client, forge, answer, reason):
    forge.status, forge.answer = 200, answer
    with pytest.raises(ForgeError) as caught:
        client.list_comments(7)
    assert (caught.value.reason, caught.value.status) == (reason, 0)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"message": 3}', b"{}", b"null", b"[" * 100_000])
def test_a_refusal_without_words(client, forge, answer):
    forge.status, forge.answer = 403, answer
    with pytest.raises(ForgeError) as caught:
        client.post_comment(7, "body")
    assert (caught.value.reason, caught.value.status) == ("the server answers with 403", 403)


def test_a_token_that_is_wrong(forge):
    with pytest.raises(ForgeError, match="401"):
        Forge(forge.address, "other", "acme/models").list_comments(7)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_the_token_goes_nowhere_else(client, forge, status):
    forge.status = status
    with pytest.raises(ForgeError, match="sends on to another address, which is not followed"):
        client.list_comments(7)
    assert len(forge.asked) == 1


@pytest.mark.parametrize("address", ["", "api.github.com", "file:///etc/passwd", "ftp://example.com"])
def test_only_the_web_is_asked(address):
    with pytest.raises(ForgeError, match="GITHUB_API_URL is no http or https address"):
        Forge(address, TOKEN, "acme/models").list_comments(7)


@pytest.mark.parametrize(
    ("token", "repository"), [("a\nb", "acme/models"), ("t\u0142", "acme/models"), ("t", "a/../\n b")]
)
def test_what_comes_from_the_environment_makes_no_other_request(forge, token, repository):
    with pytest.raises(ForgeError):
        Forge(forge.address, token, repository).list_comments(7)


def test_a_server_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ForgeError, match="the server cannot be reached: "):
            Forge(address, TOKEN, "acme/models").list_comments(7)


def test_an_answer_without_end(client, forge, monkeypatch):
    monkeypatch.setattr(forge_module, "LARGEST_ANSWER", 1024)
    forge.status, forge.answer = 200, b"[" + b" " * 2000 + b"]"
    with pytest.raises(ForgeError, match="larger than"):
        client.list_comments(7)


def test_more_comments_than_are_looked_through(client, forge, monkeypatch):
    monkeypatch.setattr(forge_module, "MOST_PAGES", 2)
    forge.comments = [{"id": number} for number in range(200)]
    with pytest.raises(ForgeError, match="more than 200 comments"):
        client.list_comments(7)
    forge.comments.pop()
    assert len(client.list_comments(7)) == 199
