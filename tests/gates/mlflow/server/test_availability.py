"""Two workers of a real server, with the policy set of a team: policies that break and grow, workers that die."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from policy.gates.mlflow.server.workers import ALIVE, PREFIX
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, SET, VOLATILE, make_sent, write_set
from tests.gates.mlflow.server.serving import Server, serve, stop
from tests.gates.mlflow.server.ways import assert_refused, begin, send

TEAM = "- {name: team-*, project: support-*, policy_set: teams/policy.yaml}"
FIELDS = "fields:\n  x.tier: {type: enumeration, values: [gold, silver], about: what it matters}\n"
STRICT = VOLATILE.replace("volatile-data", "newer").replace("30d", "900d")
WITHIN = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = write_set(tmp_path_factory.mktemp("two"), SET.replace("  experiments:\n", f"  experiments:\n    {TEAM}\n"))
    (folder / "teams").mkdir()
    (folder / "teams/policy.yaml").write_text(f"policy_set: 1\nextends: [../policy.yaml]\n{FIELDS}")
    (folder / "temporary").mkdir()
    with serve(folder, auth=True, workers=2, environment={"TMPDIR": str(folder / "temporary")}) as started:
        for name in ("ada", "carol"):
            started.make_user(name)
        yield started


def list_workers(server: Server) -> list[int]:
    """The processes that serve, by their numbers, in the order in which they began to."""
    return [int(number) for number in re.findall(r"Started server process \[(\d+)\]", server.log)]


def await_that(server: Server, holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN
    while not holds():
        assert server.process.poll() is None, server.log
        assert time.monotonic() < ends, server.log
        time.sleep(0.1)


def begin_often(server: Server, experiment: str) -> set[int]:
    """The answers of both workers, which take turns as they like."""
    return {begin(server, experiment, GOOD).status for _ in range(12)}


def test_a_policy_in_a_new_folder_counts_with_every_worker(server: Server) -> None:
    experiment = server.make_experiment("support-deep", "ada")
    assert begin_often(server, experiment) == {200}
    file = server.folder / "policies/team/deep/newer.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(STRICT)
    assert begin_often(server, experiment) == {403}
    file.unlink()
    assert begin_often(server, experiment) == {200}


def test_a_field_of_a_team_is_taken_by_the_server_and_read_where_the_team_judges(server: Server) -> None:
    sent = make_sent(x={"tier": "gold"})
    send(server, sent, "ada")
    team, other = (server.make_experiment(name, "ada") for name in ("team-x", "support-x"))
    assert begin(server, team, sent).status == 200
    assert_refused(begin(server, other, sent), "cannot read the manifest", "unknown field `x`")
    wrong = make_sent(x={"tear": "gold"})
    answer = server.ask("PUT", f"/policy/api/1/manifests/{wrong.digest}", raw=wrong.body, user="ada")
    assert answer.status == 400
    assert "x.tear" in answer.body["message"]


def test_a_worker_that_starts_while_the_policies_are_broken_waits_and_the_server_goes_on(server: Server) -> None:
    experiment = server.make_experiment("support-broken", "ada")
    broken = server.folder / "policies/bad.yaml"
    broken.write_text("policy: [\n")
    first, last = list_workers(server)
    os.kill(first, signal.SIGKILL)
    await_that(server, lambda: "this worker waits" in server.log)
    assert "policies/bad.yaml:2:1" in server.log
    assert list_workers(server) == [first, last]
    assert begin_often(server, experiment) == {200}
    assert begin(server, experiment, BLOCKED).status == 403
    broken.unlink()
    await_that(server, lambda: len(list_workers(server)) == 3)
    assert begin_often(server, experiment) == {200}


def test_the_last_worker_takes_the_folder_of_all_with_it(server: Server) -> None:
    metrics = server.ask("GET", "/policy/api/1/metrics", user="ada").body
    assert "policy_attempts_total" in metrics
    (shared,) = (server.folder / "temporary").glob(f"{PREFIX}*")
    assert (shared / ALIVE).exists()
    assert list(shared.glob("*.db"))
    stop(server.process)
    assert not shared.exists()
