"""Ways round the gate by the ledger, tried on two workers of a real server whose ledger is in PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from policy.app.runs.spool_keys import VARIABLE, create_spool_key
from policy.gates.cli.main import main
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import digest_bytes
from policy.records.requests.closing import MOST_COMMENTS
from policy.records.runs.queries import find_run, list_runs
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, SET, Sent, make_sent, write_set
from tests.gates.mlflow.server.serving import ADMIN, Answer, Server, serve
from tests.gates.mlflow.server.test_approving import find_request
from tests.gates.mlflow.server.test_availability import await_that
from tests.gates.mlflow.server.test_metrics import read_values
from tests.gates.mlflow.server.ways import (
    Way,
    assert_refused,
    begin,
    make_tags,
    send,
    start,
    two_ways,
    use_client,
)
from tests.records.conftest import require_programs
from tests.records.server import Server as Database
from tests.records.server import running_server

RULES = SET[SET.index("approvals:") : SET.index("mlflow:")]
COUNTED = """\
approvals:
  roles: {leads: [bob], on-call: [dan]}
  rules: [{roles: [leads]}, {roles: [leads], projects: [support-counted-*], runs: 2}]
  break_glass: {roles: [on-call], longest: 4h}
"""
API = "/policy/api/1"
LARGE = {"parameters": 3_000_000_000}
# As many at once as the database has connections for, whatever else asks.
AT_ONCE = 8
NUL = "a\0b"


class Place(NamedTuple):
    server: Server
    database: Database
    url: str
    text: str

    def set_fault(self, on_error: str) -> None:
        """What the gates do from now on while the ledger is down, with both workers."""
        text = self.text.replace("on_error: block", f"on_error: {on_error}")
        begun, free = len(self.server.log), self.server.make_experiment(f"support-{time.monotonic_ns()}", "ada")
        new = self.server.folder / "policy.yaml.new"
        new.write_text(text)
        new.replace(self.server.folder / "policy.yaml")

        def is_taken_up() -> bool:
            start(self.server, free)
            return self.server.log[begun:].count("loaded anew") >= 2

        await_that(self.server, is_taken_up)

    def post(self, path: str, body: Any, user: str) -> Answer:
        return self.server.ask("POST", f"{API}/{path}", body, user)

    def ask_for(self, project: str, user: str) -> tuple[str, str, Sent]:
        """A request of its own, the experiment of the run that waits for it, and what was sent."""
        sent, experiment = make_sent(project, model=LARGE), self.server.make_experiment(project, user)
        answer = begin(self.server, experiment, sent, Way(user, "/api", camel=False))
        assert answer.status == 403, answer
        return find_request(answer.body["message"]), experiment, sent

    def list_states(self, experiment: str) -> list[str]:
        """Of all that the server has stored there, what the ledger says; nothing where it is on no record."""
        body = {"experiment_ids": [experiment], "run_view_type": "ALL"}
        found = self.server.call("runs/search", body, ADMIN).body.get("runs", [])
        with open_ledger(self.url, create=False) as ledger:
            rows = [find_run(ledger, "mlflow", run["info"]["run_id"]) for run in found]
        return sorted(row.state if row is not None else "" for row in rows)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("ledger")
    key = create_spool_key(str(folder / "spool.key"), "mlflow").text
    with running_server(require_programs(), durable=False) as database:
        url = database.make_database()
        create_ledger(url).close()
        text = SET.replace("sqlite:///ledger.db", url).replace(RULES, COUNTED)
        text = text.replace("  experiments:", f"  spool_keys: [{key}]\n  experiments:")
        write_set(folder, text)
        environment = {VARIABLE: str(folder / "spool.key")}
        with serve(folder, auth=True, workers=2, environment=environment) as server:
            for name in ("ada", "bob", "carol", "dan"):
                server.make_user(name)
            yield Place(server, database, url, text)


@pytest.mark.parametrize("user", ["ada", ADMIN])
def test_no_more_runs_begin_at_once_than_an_approval_covers(place: Place, user: str) -> None:
    """By both addresses and by MLflow's client, beside the run that waits."""
    server, ways = place.server, [Way(user, prefix, camel=False) for prefix in ("/api", "/ajax-api")]
    request, experiment, sent = place.ask_for(f"support-counted-{user}", user)
    assert place.post(f"requests/{request}/approve", {}, "bob").status == 200
    assert place.list_states(experiment) == ["held"]
    body = {"experiment_id": experiment, "tags": sent.tags}
    with use_client(server, user) as mlflow:

        def create_by_client() -> bool:
            try:
                mlflow.MlflowClient().create_run(experiment, tags={"ml-manifest.digest": sent.digest})
            except mlflow.MlflowException as error:
                said = error.message.removeprefix(f"{error.error_code}: ")
                return is_taken(Answer(403, {"error_code": error.error_code, "message": said}))
            return True

        def create_by_http(way: Way) -> bool:
            return is_taken(way.ask(server, "runs/create", body))

        calls: list[Callable[[], bool]] = [create_by_client] * 6
        calls += [partial(create_by_http, way) for way in ways for _ in range(3)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            began = sum(pool.map(lambda call: call(), calls))
    assert began == 2
    assert place.list_states(experiment).count("admitted") == 2
    with open_ledger(place.url, create=False) as ledger:
        assert ledger.read("SELECT runs, uses FROM requests WHERE id = ?", (request,)) == [(2, 2)]


def is_taken(answer: Answer) -> bool:
    """Whether a run began; another one waits."""
    if answer.status != 200:
        assert_refused(answer, "waits for an approval")
    return answer.status == 200


@pytest.mark.parametrize("user", ["carol", ADMIN])
def test_nobody_fills_a_request_with_comments(place: Place, user: str) -> None:
    request, experiment, sent = place.ask_for(f"support-filled-{user}", "ada")

    def comment(number: int) -> Answer:
        return place.post(f"requests/{request}/comment", {"comment": f"number {number}"}, user)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [*pool.map(comment, range(MOST_COMMENTS + 20))]
    assert [answer.status for answer in answers].count(200) == MOST_COMMENTS == 100
    for answer in answers:
        if answer.status != 200:
            assert answer.status == 403
            assert f"there are {MOST_COMMENTS} comments" in answer.body["message"]
    # It is decided as any other one is, and shown whole.
    assert place.post(f"requests/{request}/approve", {"reason": "it is needed"}, "bob").status == 200
    shown = place.server.ask("GET", f"{API}/requests/{request}", user="bob").body["requests"][0]
    assert [step["event"] for step in shown["history"]].count("comment") == MOST_COMMENTS
    assert shown["state"] == "approved"
    assert begin(place.server, experiment, sent).status == 200


@two_ways
def test_a_character_that_no_database_takes_is_no_outage(place: Place, way: Way) -> None:
    """U+0000 wherever a text is sent: the gate, which would go on without its ledger, judges on."""
    server = place.server
    experiment = server.make_experiment(f"support-nul-{way.user}", way.user)
    name, run = f"support-nul-{way.user}", start(server, experiment, way=way)
    assert server.call("registered-models/create", {"name": name}, way.user).status == 200
    send(server, GOOD, way.user)
    begun = len(server.log)
    place.set_fault("flag")
    try:
        for call in (*list_calls(server, way, experiment, run, name), *list_own(place, way)):
            call()
            assert begin(server, experiment, BLOCKED, way).status == 403
    finally:
        place.set_fault("block")
    metrics = read_values(server.ask("GET", f"{API}/metrics", user="ada").body)
    failed = {key: value for key, value in metrics.items() if key.startswith(("policy_fail_open", "policy_spool"))}
    assert failed
    assert set(failed.values()) == {0.0}
    # All that began was judged, and is on record.
    assert set(place.list_states(experiment)) == {"admitted"}
    assert not [*server.folder.glob("ledger-spool*")]
    assert "cannot judge" not in server.log[begun:]


def list_calls(server: Server, way: Way, experiment: str, run: str, name: str) -> Iterator[Callable[[], Answer]]:
    """All that MLflow keeps of what somebody sends."""
    tags = [*GOOD.tags]
    for path, body in (
        ("experiments/create", {"name": f"support-{NUL}"}),
        ("experiments/update", {"experiment_id": experiment, "new_name": f"support-{NUL}"}),
        ("runs/create", {"experiment_id": NUL, "tags": tags}),
        ("runs/create", {"experiment_id": experiment, "tags": make_tags({"ml-manifest.digest": NUL})}),
        ("runs/create", {"experiment_id": experiment, "tags": [*tags, *make_tags({"ml-manifest.activity": NUL})]}),
        ("runs/create", {"experiment_id": experiment, "tags": make_tags({"mlflow.parentRunId": NUL})}),
        ("runs/create", {"experiment_id": experiment, "tags": [*tags, *make_tags({"note": NUL, NUL: "x"})]}),
        ("runs/create", {"experiment_id": experiment, "tags": tags, "run_name": NUL, "user_id": NUL}),
        ("runs/update", {"run_id": run, "run_name": NUL, "status": "RUNNING"}),
        ("runs/update", {"run_id": NUL, "status": "RUNNING"}),
        ("runs/log-parameter", {"run_id": run, "key": f"lora{NUL}", "value": NUL}),
        ("runs/log-metric", {"run_id": run, "key": NUL, "value": 1, "timestamp": 1}),
        ("runs/log-metric", {"run_id": NUL, "key": "loss", "value": 1, "timestamp": 1}),
        ("runs/set-tag", {"run_id": run, "key": NUL, "value": NUL}),
        ("registered-models/create", {"name": f"support-{NUL}"}),
        ("model-versions/create", {"name": name, "source": f"runs:/{run}/{NUL}", "run_id": run}),
        ("model-versions/create", {"name": name, "source": f"mlflow-artifacts:/{experiment}/{run}/artifacts/{NUL}"}),
        ("model-versions/create", {"name": name, "source": f"runs:/{NUL}/m", "run_id": NUL}),
        ("model-versions/create", {"name": f"support-{NUL}", "source": f"runs:/{run}/m", "run_id": run}),
        ("registered-models/alias", {"name": name, "alias": NUL, "version": NUL}),
        ("logged-models", {"experiment_id": experiment, "name": NUL, "source_run_id": run}),
        ("logged-models", {"experiment_id": experiment, "name": "m", "source_run_id": NUL}),
    ):
        yield partial(way.ask, server, path, body)
    artifacts = f"{way.prefix}/2.0/mlflow-artifacts/artifacts/{experiment}"
    upload = "/ajax-api/2.0/mlflow/upload-artifact"
    nul = quote(NUL)
    for method, path in (
        ("PUT", f"{artifacts}/{run}/artifacts/{nul}"),
        ("PUT", f"{artifacts}/{nul}/artifacts/x"),
        ("POST", f"{upload}?run_uuid={run}&path={nul}"),
        ("POST", f"{upload}?run_uuid={nul}&path=x"),
    ):
        yield partial(server.ask, method, path, user=way.user, raw=b"x")


def list_own(place: Place, way: Way) -> Iterator[Callable[[], Answer]]:
    """All that the interface of the gate keeps, or looks for."""
    request, experiment, _ = place.ask_for(f"support-own-nul-{way.user}", way.user)
    for body in (
        make_sent(f"support-{NUL}").body,
        make_sent(owner={"contact": NUL}).body,
        json.dumps({"format": "policy-run-manifest/1", "manifest": {"project": NUL}}).encode(),
        GOOD.body.replace(b"support", b"supp\0rt"),
    ):
        path = f"{API}/manifests/{digest_bytes(body)}"
        yield partial(place.server.ask, "PUT", path, user=way.user, raw=body)
    yield partial(place.server.ask, "PUT", f"{API}/manifests/{quote(NUL)}", user=way.user, raw=b"x")
    for path, said in (
        *((f"requests/{request}/{act}", {"reason": NUL}) for act in ("approve", "reject", "break-glass")),
        (f"requests/{request}/comment", {"comment": NUL}),
        (f"requests/{request}/review", {"finding": NUL}),
        (f"requests/{quote(NUL)}/approve", {"reason": "x"}),
        ("preflight", {"experiment_name": NUL, "manifest": GOOD.digest}),
        ("preflight", {"experiment_id": experiment, "manifest": NUL}),
        ("break-glass", {"experiment_id": NUL, "manifest": GOOD.digest, "reason": NUL}),
    ):
        yield partial(place.post, path, said, way.user)
    for query in (f"requests/{quote(NUL)}", f"requests?project={quote(NUL)}", f"requests?after={quote(NUL)}"):
        yield partial(place.server.ask, "GET", f"{API}/{query}", user=way.user)


def test_whoever_may_not_train_keeps_no_glass_from_being_broken(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By sending the same first: of three, only carol may begin runs there, and dan decides."""
    server, sent = place.server, make_sent("private-one", model=LARGE)
    experiment = server.make_experiment("private-one", "carol")
    said = {"experiment_id": experiment, "manifest": sent.digest, "reason": "customers wait"}
    place.database.kill()
    try:
        for user in ("dan", "ada", ADMIN, "carol"):
            assert begin(server, experiment, sent, Way(user, "/api", camel=False)).status == 403
        # An administrator of MLflow may no more than others.
        assert place.post("break-glass", said, ADMIN).status == 403
        assert place.post("break-glass", said, "ada").status == 403
        broken = place.post("break-glass", said, "dan")
        assert (broken.status, broken.body["principals"]) == (200, ["carol"]), broken
        for user, status in (("carol", 200), ("ada", 403), (ADMIN, 403), ("dan", 403)):
            assert begin(server, experiment, sent, Way(user, "/api", camel=False)).status == status
    finally:
        place.database.start()
    # Somebody comes back to it, and it is recorded as it was.
    begin(server, server.make_experiment("support-after", "ada"), GOOD)
    assert place.list_states(experiment) == ["admitted"]
    with open_ledger(place.url, create=False) as ledger:
        assert [row.principal for row in list_runs(ledger) if row.experiment == experiment] == ["carol"]
    monkeypatch.chdir(server.folder)
    capsys.readouterr()
    assert main(["ledger", "verify"]) == 0, capsys.readouterr()


def test_what_waits_is_recorded_in_its_order_however_often_the_ledger_goes(place: Place) -> None:
    """And what nobody signed is put aside, and keeps nothing else from it."""
    server, spool = place.server, place.server.folder / "ledger-spool-runs"
    experiment = server.make_experiment("support-comes", "ada")
    start(server, experiment)
    place.set_fault("flag")
    runs = []
    try:
        for _ in range(3):
            place.database.kill()
            runs += [start(server, experiment) for _ in range(3)]
            # Whoever can reach the file adds to it.
            with spool.open("ab") as file:
                file.write(b'{"run": "' + runs[-1].encode() + b'"}\n')
            place.database.start()
            start(server, experiment)
        await_that(server, lambda: start(server, experiment) != "" and not spool.exists())
    finally:
        place.database.start()
        place.set_fault("block")
    assert set(place.list_states(experiment)) == {"admitted"}
    with open_ledger(place.url, create=False) as ledger:
        steps = {row.run: row.seq for row in list_runs(ledger) if row.experiment == experiment}
        verified = [row.decision for row in list_runs(ledger) if not ledger.find_decision(row.decision)]
    assert sorted(runs, key=steps.__getitem__) == runs
    assert verified == []
    refused = b"".join(file.read_bytes() for file in server.folder.glob("*.refused"))
    assert sorted(json.loads(line)["run"] for line in refused.splitlines()) == sorted(runs[2::3])


def test_the_client_is_told_of_such_a_character_too(place: Place) -> None:
    experiment = place.server.make_experiment("support-nul-client", "ada")
    send(place.server, GOOD, "ada")
    with use_client(place.server, "ada") as mlflow:
        client, digest = mlflow.MlflowClient(), {"ml-manifest.digest": GOOD.digest}
        for tags in ({"ml-manifest.digest": NUL}, {**digest, "ml-manifest.activity": NUL}):
            with pytest.raises(mlflow.MlflowException, match="Tunegate"):
                client.create_run(experiment, tags=tags)
    assert place.list_states(experiment) == []
