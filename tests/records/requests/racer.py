"""One of several processes that act on the same requests; prints what it won, as JSON."""

from __future__ import annotations

import json
import sys

from policy.errors import PolicyError
from policy.records.ledger import open_ledger
from policy.records.requests.using import use
from tests.records.requests.asked import SINGLE, say


def expect(error: PolicyError, message: str) -> None:
    """That it lost for the one reason there is."""
    assert message in error.problems[0].message, error


def race(url: str, name: str, requests: list[str], runs: int) -> dict[str, list[str]]:
    """Vote on each request, and use the last one for so many runs of one's own."""
    won: dict[str, list[str]] = {"voted": [], "used": []}
    with open_ledger(url, create=False, timeout=120) as ledger:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for request in requests[:-1]:
            try:
                say(ledger, request, name, settings=SINGLE, now=None)
                won["voted"].append(request)
            except PolicyError as error:
                expect(error, "approved already")
        for run in range(runs):
            try:
                use(ledger, requests[-1], f"{name}-{run}")
                won["used"].append(f"{name}-{run}")
            except PolicyError as error:
                expect(error, "runs are used")
    return won


if __name__ == "__main__":
    sys.stdout.write(json.dumps(race(sys.argv[1], sys.argv[2], sys.argv[3].split(","), int(sys.argv[4]))))
