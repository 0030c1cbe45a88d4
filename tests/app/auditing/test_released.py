"""Versions are counted, and not the entries about them."""

from __future__ import annotations

import json

import pytest

from policy.app.auditing.released import count_versions
from policy.records.objects import digest_bytes

RUN, OTHER = "a" * 32, "b" * 32
LOGGED = f"m-{'c' * 32}"


def write(model="tone", said="no", server="tracking", **named):
    body = json.dumps({"server": server, "model": model, "said": said, **named}).encode()
    return digest_bytes(body), body


NEVER = f"`tone` cannot be released: its run {RUN} never met the gate"
BOUND = "versions of `tone` come from an admitted run of *, and this one does not"


@pytest.mark.parametrize(
    ("entries", "count"),
    [
        ([], 0),
        ([write(run=RUN)], 1),
        # One for each reason, and the second names no run.
        ([write(said=NEVER), write(said=BOUND)], 1),
        ([write(said=BOUND), write(said=BOUND, principal="p-2")], 1),
        # Then two aliases, which name the version.
        ([write(said=NEVER), write(said=BOUND), *(write(said=NEVER, run=RUN, version="tone/1"),) * 2], 1),
        ([write(logged_model=LOGGED), write(logged_model=LOGGED, run=RUN, version="tone/1"), write(said=NEVER)], 1),
        # Several versions of one run.
        ([write(run=RUN), write(run=RUN, version="tone/1"), write(run=RUN, version="tone/2")], 2),
        ([write(run=RUN), write(run=OTHER)], 2),
        ([write(run=RUN), write("faq", run=RUN)], 2),
        ([write(run=RUN), write(run=RUN, server="other")], 2),
        # What joins two comes last.
        ([write(run=RUN), write(logged_model=LOGGED), write(run=RUN, logged_model=LOGGED)], 1),
        # Erased, changed, or what no version wrote.
        ([("sha256:1", None), ("sha256:2", b"{}"), write(run=RUN)], 3),
        ([(digest_bytes(b"[]"), b"[]"), (digest_bytes(b"{"), b"{")], 2),
        ([write(run=5, version=["x"], logged_model={})], 1),
    ],
)
def test_versions_are_counted(entries, count):
    assert count_versions(entries) == count
