"""Bad input, each once against a real server: what is answered, that it helps, and that nothing is lost by it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policy.app.runs.attempt import Attempt
from policy.gates.mlflow.server import guard
from policy.gates.mlflow.server.api import serving
from policy.gates.mlflow.server.api.exchange import BASE
from policy.gates.mlflow.server.api.openapi import build_document
from policy.gates.mlflow.server.api.routes import ROUTES
from policy.records.ledger import Ledger, open_ledger
from policy.records.objects import digest_bytes
from policy.records.requests.clock import CLOCKS, write_time
from policy.records.runs.queries import find_run
from policy.records.runs.rows import RunRow
from policy.records.runs.uploads import LASTS, MOST, MOST_A_MINUTE, UploadError, put_upload
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.gates.mlflow.server.api import Api, find_user, open_api
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, SET, VOLATILE, Sent, make_sent
from tests.gates.mlflow.server.serving import PASSWORD, Answer, Server
from tests.gates.mlflow.server.ways import (
    assert_refused,
    begin,
    find_row,
    get_run,
    hold,
    list_runs,
    make_tags,
    read_tags,
    send,
    start,
    use_client,
)

DIGEST = "ml-manifest.digest"
LEADS = SET.replace("leads: [bob]", "leads: [bob, carol]").replace(
    "rules: [", "rules: [{roles: [leads], projects: [support-twice], runs: 1}, "
)
STRICTER = VOLATILE.replace("30d", "120d")
RETRIED = {408, 429, 500, 502, 503, 504}
"""What MLflow's clients ask for again, with longer and longer pauses."""


@pytest.fixture
def changing(server: Server) -> Iterator[Server]:
    """The server, where its policies and roles may be changed: bob and carol approve. Afterwards all is as it was."""
    write(server, "policy.yaml", LEADS)
    yield server
    write(server, "policy.yaml", SET)
    write(server, "policies/volatile-data.yaml", VOLATILE)


@pytest.fixture(autouse=True)
def no_traceback(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bad input is no fault of the server."""
    if not {"server", "changing"} & set(request.fixturenames):
        yield
        return
    server = request.getfixturevalue("server")
    before = len(server.log)
    yield
    assert "Traceback" not in server.log[before:]


def put(server: Server, body: bytes, digest: str = "", user: str = "ada") -> Answer:
    path = f"{BASE}/manifests/{digest or digest_bytes(body)}"
    return server.ask("PUT", path, raw=body, user=user)


def create(server: Server, experiment: str, user: str = "ada", **tags: str) -> Answer:
    """Begin a run with tags, and put nothing before."""
    return server.call("runs/create", {"experiment_id": experiment, "tags": make_tags(tags)}, user)


def resume(server: Server, run: str) -> Answer:
    return server.call("runs/update", {"run_id": run, "status": "RUNNING"}, "ada")


def assert_answer(answer: Answer, status: int, *said: str) -> None:
    """A status that no client tries again, and a message that helps."""
    assert answer.status == status, answer
    assert status not in RETRIED
    for text in said:
        assert text in answer.body["message"] + answer.body.get("remedy", ""), answer.body


def write(server: Server, name: str, text: str) -> None:
    """Change a file of the policy set, whole."""
    file = server.folder / name
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    os.replace(new, file)


def count_asked(server: Server, path: str) -> int:
    """How often the server was asked for something."""
    return server.log.count(f"/{path} HTTP/")


def find_request(answer: Answer) -> str:
    found = re.search(r"request (r-[a-z2-7]+)", answer.body["message"])
    assert found is not None, answer
    return found[1]


def decide(server: Server, request: str, user: str, act: str = "approve") -> Answer:
    return server.ask("POST", f"{BASE}/requests/{request}/{act}", {"reason": "because"}, user)


def read_entries(server: Server) -> list[dict[str, Any]]:
    """What the ledger says of all steps of runs."""
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        return read_steps(ledger)


def test_a_manifest_that_is_too_large(server: Server, experiment: str) -> None:
    whole = make_sent(owner={"contact": "x" * 65_536})
    assert_answer(put(server, whole.body), 413, "65,536 bytes", "send less")
    assert_answer(put(server, b" " * 3_000_000), 413)
    assert_refused(create(server, experiment, **{DIGEST: whole.digest}), "the server knows no manifest")
    assert put(server, GOOD.body).status in (200, 201)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{\x00}\x00", GOOD.body.replace(b"support", b"supp\xf6rt"), b"\xc3", GOOD.body + b"\xed\xa0\x80"]
)
def test_a_manifest_that_is_not_utf8(server: Server, body: bytes) -> None:
    assert_answer(put(server, body), 400, "UTF-8")


def test_a_manifest_of_another_project(server: Server, experiment: str) -> None:
    answer = begin(server, experiment, make_sent("private-one"))
    assert_refused(answer, "is that of `private-one`", "bound to `support-*`", "begin the run in the experiment of")
    assert list_runs(server, experiment) == []


def test_a_manifest_replayed_from_an_allowed_project(server: Server, experiment: str) -> None:
    admitted = start(server, experiment)
    private = server.make_experiment(f"private-{experiment}", "carol")
    assert_refused(create(server, private, "carol", **{DIGEST: GOOD.digest}), "is that of `support-tone`")
    assert list_runs(server, private) == []
    # Under the name that was allowed goes nothing but what was allowed.
    relabelled = GOOD.body.replace(b"support-tone", b"private-tone")
    assert_answer(put(server, relabelled, GOOD.digest, "carol"), 400, "the digest of what was sent is")
    # What is allowed there is allowed to somebody else, as their own run.
    answer = create(server, experiment, "bob", **{DIGEST: GOOD.digest})
    row = find_row(server, answer.body["run"]["info"]["run_id"])
    assert row is not None
    assert (row.principal, row.project) == ("bob", "support-tone")
    assert find_row(server, admitted).principal == "ada"  # type: ignore[union-attr]


def test_a_digest_that_does_not_match(server: Server, experiment: str) -> None:
    assert_answer(put(server, BLOCKED.body, GOOD.digest), 400, BLOCKED.digest, "SHA-256")
    assert put(server, GOOD.body).status in (200, 201)
    unknown = "sha256:" + "e" * 64
    assert_refused(create(server, experiment, **{DIGEST: unknown}), "the server knows no manifest", "PUT ")
    assert list_runs(server, experiment) == []


@pytest.mark.parametrize("digest", [GOOD.digest.upper(), GOOD.digest[7:], "sha256:\nroot admitted", "x" * 8000, "é"])
@pytest.mark.parametrize("where", ["support", "canary"])
def test_a_digest_that_is_none(server: Server, where: str, digest: str) -> None:
    """Also where the gate only watches it is not a digest that could be recorded."""
    experiment = server.make_experiment(f"{where}-{time.monotonic_ns()}", "ada")
    answer = create(server, experiment, **{DIGEST: digest})
    assert_answer(answer, 400, "`sha256:` and 64 digits")
    assert len(answer.body["message"]) < 300
    assert "\nroot admitted" not in server.log
    assert list_runs(server, experiment) == []


def test_a_parent_that_is_none(server: Server, experiment: str) -> None:
    for parent in ("x" * 8000, "a\nb"):
        answer = create(server, experiment, **{DIGEST: GOOD.digest, "mlflow.parentRunId": parent})
        assert_answer(answer, 400, "is the id of a run")
    assert list_runs(server, experiment) == []


def test_a_decision_under_an_older_policy_set(changing: Server) -> None:
    experiment = changing.make_experiment("support-older", "ada")
    run = start(changing, experiment)
    before = read_tags(changing, run)["policy.decision"]
    try:
        write(changing, "policies/volatile-data.yaml", STRICTER)
        refused = create(changing, experiment, **{DIGEST: GOOD.digest})
        assert_refused(refused, "volatile-data", "decision sha256:")
        assert before not in refused.body["message"]
        # The decision of before is no pass, by whatever name it is called, and not for the run itself.
        for key in ("policy.decision", "policy.state"):
            said = {DIGEST: GOOD.digest, key: before}
            assert_refused(create(changing, experiment, **said), "mirror the ledger")
        # Nor is it resumed; that it may be training at this moment is another matter.
        assert_refused(resume(changing, run), "volatile-data", "stays as it is: admitted")
        assert list_runs(changing, experiment) == [run]
    finally:
        write(changing, "policies/volatile-data.yaml", VOLATILE)
    assert resume(changing, run).status == 200
    steps = [entry for entry in read_entries(changing) if entry["run"] == run]
    assert [step["state"] for step in steps] == ["admitted"]


def test_tags_of_8001_characters(server: Server, experiment: str) -> None:
    assert_answer(begin(server, experiment, note="x" * 8001), 400, "`note`", "over 8,000 characters", "shorten it")
    assert list_runs(server, experiment) == []
    run = start(server, experiment, note="x" * 8000)
    assert read_tags(server, run)["note"] == "x" * 8000
    long = {"key": "other", "value": "x" * 8001}
    for name, body in (("runs/set-tag", {"run_id": run, **long}), ("runs/log-batch", {"run_id": run, "tags": [long]})):
        # There MLflow itself cuts what is too long.
        assert server.call(name, body, "ada").status == 200
        assert read_tags(server, run)["other"] == "x" * 8000


def make_old_body(experiment: str, sent: Sent) -> dict[str, Any]:
    """What MLflow 3.5 sends to begin a run."""
    tags = {"mlflow.user": "ada", "mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL", DIGEST: sent.digest}
    return {"experiment_id": experiment, "user_id": "ada", "start_time": 1_795_263_472_035, "tags": make_tags(tags)}


def test_a_client_of_mlflow_3_5(server: Server, experiment: str) -> None:
    """It names a run twice, and sends no name of its own; it is told the same as every other one."""
    for sent in (GOOD, BLOCKED, HELD):
        send(server, sent, "ada")
    assert_refused(server.call("runs/create", make_old_body(experiment, BLOCKED), "ada"), "volatile-data")
    answer = server.call("runs/create", make_old_body(experiment, GOOD), "ada")
    assert answer.status == 200, answer
    run = answer.body["run"]["info"]["run_uuid"]
    both = {"run_uuid": run, "run_id": run}
    for name, body in (
        ("runs/log-parameter", {**both, "key": "lr", "value": "1"}),
        ("runs/log-metric", {**both, "key": "loss", "value": 1.0, "timestamp": 1_795_263_472_047, "step": 0}),
        ("runs/set-tag", {**both, "key": "note", "value": "mine"}),
        ("runs/update", {**both, "status": "FINISHED", "end_time": 1_795_263_472_059}),
    ):
        assert server.call(name, body, "ada").status == 200, name
    assert get_run(server, run)["info"]["status"] == "FINISHED"
    assert find_row(server, run).state == "admitted"  # type: ignore[union-attr]
    held = server.call("runs/create", make_old_body(experiment, HELD), "ada")
    (waits,) = set(list_runs(server, experiment)) - {run}
    assert_refused(held, waits)
    # Of two names of a run neither lets anything into one that waits.
    for named in ({"run_uuid": waits, "run_id": waits}, {"run_uuid": run, "run_id": waits}, {"run_uuid": waits}):
        assert server.call("runs/log-metric", {**named, "key": "a", "value": 1, "timestamp": 1}, "ada").status >= 400
        assert server.call("runs/update", {**named, "status": "RUNNING"}, "ada").status >= 400
    assert get_run(server, waits)["info"]["status"] == "SCHEDULED"


def test_a_client_that_tries_again(server: Server, experiment: str) -> None:
    # The answer was lost on its way: what was admitted is there twice, by one decision, and both are on record.
    runs = [start(server, experiment) for _ in range(2)]
    rows = [find_row(server, run) for run in runs]
    assert len({row.decision for row in rows if row is not None}) == 1
    assert {run: row.state for run, row in zip(runs, rows, strict=True) if row} == dict.fromkeys(runs, "admitted")
    assert sorted(list_runs(server, experiment)) == sorted(runs)
    # What is held waits once, also where it is asked for again before the first answer is there.
    send(server, HELD, "ada")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: create(server, experiment, **{DIGEST: HELD.digest}), range(8)))
    (waits,) = set(list_runs(server, experiment)) - set(runs)
    for answer in answers:
        assert_refused(answer, waits, find_request(answers[0]))
    assert hold(server, experiment, HELD) == waits
    # One that somebody has deleted is no longer the one to wait for; the next one is.
    assert server.call("runs/delete", {"run_id": waits}, "admin").status == 200
    again = hold(server, experiment, HELD)
    assert hold(server, experiment, HELD) == again != waits


def test_a_refusal_is_not_tried_again(server: Server, experiment: str) -> None:
    send(server, BLOCKED, "ada")
    send(server, HELD, "ada")
    before = count_asked(server, "runs/create")
    with use_client(server, "ada") as mlflow:
        for sent, code in ((BLOCKED, "PERMISSION_DENIED"), (HELD, "PERMISSION_DENIED"), (None, "PERMISSION_DENIED")):
            tags = {DIGEST: sent.digest} if sent else {}
            with pytest.raises(mlflow.MlflowException) as caught:
                mlflow.start_run(experiment_id=experiment, tags=tags)
            assert caught.value.error_code == code
        with pytest.raises(mlflow.MlflowException, match="shorten it"):
            mlflow.MlflowClient().create_run(experiment, tags={"note": "x" * 8001})
    assert count_asked(server, "runs/create") - before == 4


def test_runs_created_while_policies_reload(changing: Server) -> None:
    """Each is judged by one policy set, whole, and its entry names the one that judged it; half a file is none."""
    experiment = changing.make_experiment("support-reload", "ada")
    send(changing, GOOD, "ada")
    texts = [STRICTER, VOLATILE[: len(VOLATILE) // 2], VOLATILE, "policy: [\n"]
    over = False

    def change() -> None:
        turn = 0
        while not over:
            (changing.folder / "policies/volatile-data.yaml").write_text(texts[turn % len(texts)])
            time.sleep(0.15)
            turn += 1

    with ThreadPoolExecutor(4) as pool:
        changes = pool.submit(change)
        try:
            answers: list[Answer] = []
            # However long the machine takes over one of them.
            while len(answers) < 45 or (len(answers) < 900 and len({answer.status for answer in answers}) < 2):
                answers += pool.map(lambda _: create(changing, experiment, **{DIGEST: GOOD.digest}), range(15))
        finally:
            over = True
            changes.result()
            write(changing, "policies/volatile-data.yaml", VOLATILE)
    assert {answer.status for answer in answers} == {200, 403}
    for answer in answers:
        assert answer.status == 200 or "volatile-data" in answer.body["message"]
    begun = {answer.body["run"]["info"]["run_id"] for answer in answers if answer.status == 200}
    assert set(list_runs(changing, experiment)) == begun
    with open_ledger(f"sqlite:///{changing.folder}/ledger.db", create=False) as ledger:
        steps = {step["run"]: step for step in read_steps(ledger) if step["run"] in begun}
        decided = dict(ledger.read("SELECT decision_id, policy_set FROM decisions"))
    assert steps.keys() == begun
    for step in steps.values():
        assert (step["state"], step["policy_set"]) == ("admitted", decided[step["decision"]])
    with open_snapshot(f"sqlite:///{changing.folder}/ledger.db") as snapshot:
        assert verify_ledger(snapshot).findings == ()


def read_steps(ledger: Ledger) -> list[dict[str, Any]]:
    """The entries of runs, oldest first."""
    query = "SELECT p.body FROM entries e JOIN payloads p ON p.seq = e.seq WHERE e.type = 'run' ORDER BY e.seq"
    return [json.loads(body) for (body,) in ledger.read(query, ())]


def test_two_approvals_at_once(changing: Server) -> None:
    experiment = changing.make_experiment("support-twice", "ada")
    sent = make_sent("support-twice", model={"parameters": 3_000_000_000})
    held = begin(changing, experiment, sent)
    request = find_request(held)
    (run,) = list_runs(changing, experiment)
    # Their passwords are known to the server by now, so that neither waits for that.
    for user in ("bob", "carol"):
        assert changing.ask("GET", f"{BASE}/requests/{request}", user=user).status == 200
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda user: decide(changing, request, user), ("bob", "carol", "bob", "carol")))
    late = [answer for answer in answers if answer.status != 200]
    assert len(late) == 3, answers
    for answer in late:
        assert_answer(answer, 409, "it is approved already")
    shown = changing.ask("GET", f"{BASE}/requests/{request}", user="ada").body["requests"][0]
    assert [step["event"] for step in shown["history"]] == ["asked", "approve"]
    # It covers one run, of however many begin at once.
    with ThreadPoolExecutor(3) as pool:
        begun = list(pool.map(lambda _: create(changing, experiment, **{DIGEST: sent.digest}), range(3)))
    assert sorted(answer.status for answer in begun) == [200, 403, 403], begun
    admitted = next(answer.body["run"]["info"]["run_id"] for answer in begun if answer.status == 200)
    assert find_row(changing, admitted).state == "admitted"  # type: ignore[union-attr]
    assert get_run(changing, run)["info"]["status"] == "SCHEDULED"


def test_an_approver_who_lost_the_role(changing: Server) -> None:
    experiment = changing.make_experiment("support-role", "ada")
    sent = make_sent("support-role", model={"parameters": 3_000_000_000})
    request = find_request(begin(changing, experiment, sent))
    (run,) = list_runs(changing, experiment)
    try:
        write(changing, "policy.yaml", LEADS.replace("[bob, carol]", "[bob]"))
        assert_answer(decide(changing, request, "carol"), 403, "carol may not approve")
        assert decide(changing, request, "bob").status == 200
        # What was approved counts by who may approve when it is used.
        write(changing, "policy.yaml", LEADS.replace("[bob, carol]", "[carol]"))
        assert_refused(resume(changing, run), "waits for an approval", "leads")
        assert get_run(changing, run)["info"]["status"] == "SCHEDULED"
    finally:
        write(changing, "policy.yaml", LEADS)
    assert resume(changing, run).status == 200


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The interface alone, for what needs another time."""
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    with open_api(tmp_path) as opened:
        yield opened


def test_a_run_that_is_recorded_after_a_reload_names_the_policies_that_judged_it(api: Api, tmp_path: Path) -> None:
    assert api.ask("PUT", f"/manifests/{GOOD.digest}", "ada", data=GOOD.body).status_code == 201
    admission = api.guard.hear(api.guard.panel.settings.bindings[0], Attempt("1", "support-x", "ada", GOOD.digest))
    judged = api.guard.panel.main.digest
    (tmp_path / "policies/volatile-data.yaml").write_text(STRICTER)
    api.guard.refresh()
    assert api.guard.panel.main.digest != judged
    row = api.guard.register.record(admission, "a" * 32)
    (step,) = read_steps(api.guard.ledger)
    assert (step["policy_set"], step["decision"]) == (judged, row.decision)
    assert api.guard.ledger.read("SELECT policy_set FROM decisions", ()) == [(judged,)]


def test_an_approval_that_has_expired(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + passed

    passed = timedelta(seconds=2)
    monkeypatch.setattr(guard, "datetime", Later)
    request = api.hold()
    assert api.act(request, "approve").status_code == 200
    binding = api.guard.panel.settings.bindings[0]
    attempt = Attempt("1", "support-x", "ada", HELD.digest, run="a" * 32)
    assert api.guard.hear(binding, attempt).state == "admitted"
    passed = timedelta(days=31)
    monkeypatch.setitem(CLOCKS, "sqlite", f"'{write_time(datetime.now(UTC) + passed)}'")
    admission = api.guard.hear(binding, attempt)
    assert admission.state == "held"
    assert admission.asked is not None
    assert admission.asked.row.id != request
    assert admission.asked.row.id in admission.text
    # And nobody decides what nobody has decided in time.
    passed = timedelta(days=46)
    monkeypatch.setitem(CLOCKS, "sqlite", f"'{write_time(datetime.now(UTC) + passed)}'")
    answer = api.act(admission.asked.row.id, "approve")
    assert (answer.status_code, answer.json["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert "it expired" in answer.json["message"]


LISTING = """
import json, sys
from mlflow.server.handlers import get_endpoints
json.dump([(method, path) for path, _, methods in get_endpoints() for method in methods], sys.stdout)
"""


def list_endpoints() -> list[tuple[str, str]]:
    """Everything of the interface, and all that MLflow serves below its addresses."""
    places = {"{digest}": GOOD.digest, "{request}": "r-aaaaaaaa"}
    own = [(route.method, BASE + re.sub(r"{\w+}", lambda at: places[at[0]], route.path)) for route in ROUTES]
    # The server's module changes what it is loaded into.
    done = subprocess.run([sys.executable, "-P", "-W", "ignore", "-c", LISTING], capture_output=True, check=True)
    return own + [(method, re.sub(r"<[^>]*>", "1", path)) for method, path in json.loads(done.stdout)]


def test_a_user_who_is_not_logged_in(server: Server) -> None:
    endpoints = list_endpoints()
    assert ("GET", f"{BASE}/metrics") in endpoints
    assert len(endpoints) > 200
    told = {(method.upper(), path) for path, at in build_document(ROUTES)["paths"].items() for method in at}
    assert told == {(route.method, route.path) for route in ROUTES}
    for method, path in endpoints:
        answer = server.ask(method, path, None if method == "GET" else {})
        # What this server can do MLflow tells everybody.
        assert answer.status == 401 or path.endswith("/3.0/mlflow/server-info"), (method, path, answer)
        if path.startswith(BASE):
            assert_answer(answer, 401, "nobody has logged in", "send a user of this server")
    for password in ("wrong", "", PASSWORD + " "):
        assert server.ask("GET", f"{BASE}/metrics", user="ada", password=password).status == 401


def test_many_manifests_of_one_principal(server: Server, experiment: str) -> None:
    """As fast as they come, until they are refused: then others still are served, and nothing is lost."""
    server.make_user("mallory")
    answers: list[Answer] = []
    sent = [make_sent(model={"parameters": number}) for number in range(60)]
    with open_ledger(f"sqlite:///{server.folder}/ledger.db", create=False) as ledger:
        # They stay of this minute, however long this takes.
        fill(ledger, [datetime.now(UTC) + LASTS] * (MOST_A_MINUTE - 30))
    with ThreadPoolExecutor(3) as pool:
        answers += pool.map(lambda one: put(server, one.body, one.digest, "mallory"), sent)
    taken = [one for one, answer in zip(sent, answers, strict=True) if answer.status == 201]
    assert (len(taken), [answer.status for answer in answers].count(403)) == (30, 30)
    for answer in answers:
        if answer.status == 403:
            assert_answer(answer, 403, "120 manifests within a minute", "wait a minute")
    assert put(server, taken[0].body, user="mallory").status == 200
    assert create(server, experiment, "mallory", **{DIGEST: taken[-1].digest}).status == 200
    assert put(server, make_sent(model={"parameters": 77_777}).body).status in (200, 201)


def test_a_hundred_thousand_manifests_of_one_principal(tmp_path: Path) -> None:
    """Day after day as many as are kept, and never more: what no run refers to goes, what one refers to stays."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        used = fill_days(ledger, now, 100_000)
        for number in range(MOST + 500):
            body = b"%d of today" % number
            at = now + number * timedelta(seconds=0.6)
            if number < MOST:
                assert put_upload(ledger, "mallory", digest_bytes(body), body, now=at)
                continue
            with pytest.raises(UploadError, match="1,000 manifests of yours") as caught:
                put_upload(ledger, "mallory", digest_bytes(body), body, now=at)
            assert (caught.value.kind, "begin the runs" in caught.value.problems[0].remedy) == ("storage", True)
        ((kept,),) = ledger.read("SELECT count(*) FROM uploads", ())
        assert kept == MOST + 1
        assert find_run(ledger, *used.key) == used
        assert ledger.read("SELECT count(*) FROM uploads WHERE digest = ?", (used.manifest,)) == [(1,)]
        # Nobody else has less room for it.
        assert put_upload(ledger, "ada", digest_bytes(b"mine"), b"mine", now=now)


def fill_days(ledger: Ledger, now: datetime, count: int) -> RunRow:
    """What somebody sent before today, a thousand each day, and the run of one of them."""
    from policy.records.runs.recording import record_run

    digest = fill(ledger, [now - (1 + number % (count // MOST)) * LASTS for number in range(count)])[7]
    row = RunRow("mlflow", "a" * 32, "1", "support-tone", "mallory", "training", digest, "", "admitted", "allow")
    return record_run(ledger, row, {})


def fill(ledger: Ledger, times: list[datetime]) -> list[str]:
    """What mallory sent at these times, by its digests."""
    from policy.records.layout import write_insert
    from policy.records.people import identify_person

    person = identify_person(ledger, "mallory")
    bodies = [b"%d" % number for number in range(len(times))]
    rows = [(digest_bytes(body), person, write_time(time), 100, body) for body, time in zip(bodies, times, strict=True)]
    with ledger.transaction() as transaction:
        transaction.session.write([(write_insert("uploads"), rows)], commit=False)
    return [str(row[0]) for row in rows]
