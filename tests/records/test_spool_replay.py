"""What waits signed is recorded once, in its order; what is forged, repeated or overtaken is refused and kept."""

from __future__ import annotations

import os
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policy.records.faults import LedgerError
from policy.records.keys import make_key
from policy.records.ledger import create_ledger, open_ledger
from policy.records.requests.clock import write_time
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import review
from policy.records.requests.queries import find_row, list_people
from policy.records.requests.standing import list_grants, list_overrides
from policy.records.runs.queries import find_run
from policy.records.runs.recording import record_run
from policy.records.runs.uploads import get_upload
from policy.records.snapshot import open_snapshot
from policy.records.spool import Replay, encode_draft
from policy.records.spool_files import FREE, add_line, claimed, take_all
from policy.records.spool_replay import replay_statements
from policy.records.spool_statements import Issuer, Statement, write_statement
from policy.records.verification import verify_ledger
from tests.records.requests.asked import SETTINGS, ask_one
from tests.records.runs.made import draft_decision, list_entries, make_body, make_row

KEY = make_key("spool/tracking", bytes(32))
DIGEST, BODY = make_body()
DECISION: Any = draft_decision().index
NOW = datetime.now(UTC) - timedelta(hours=1)
GLASS = {
    "request": "r-aaaaaaaa",
    "experiment": "7",
    "experiment_name": "support-one",
    "manifest": DIGEST,
    "activity": "training",
    "principals": ["ada", "eve"],
    "contributors": ["mo"],
    "person": "olga",
    "project": "support-bot",
    "policy_set": "sha256:" + "2" * 64,
    "reason": "customers wait",
    "ends": write_time(NOW + timedelta(hours=2)),
    "document": {"holding": ["large-models"], "outcomes": []},
}


def make_step(**changes):
    row, draft = make_row(manifest=DIGEST, **changes), draft_decision()
    row = row._replace(decision=DECISION.decision_id)
    return {"row": row.describe(), "said": {"request": "r-aaaaaaaa"}, "decision": encode_draft(draft)}


UPLOAD = {"principal": "ada", "digest": DIGEST, "body": b64encode(BODY).decode()}
STATEMENTS = [
    Statement(kind, f"{kind}-1", write_time(NOW), said)
    for kind, said in (("upload", UPLOAD), ("glass", GLASS), ("run", make_step()))
]


class Spool:
    def __init__(self, ledger, path):
        self.ledger, self.path = ledger, str(path)
        self.issuer = Issuer(ledger.id, "tracking")

    def write(self, statement, key=KEY, **issuer):
        return write_statement(self.issuer._replace(**issuer), statement, key)

    def fill(self, *statements):
        for statement in statements or STATEMENTS:
            add_line(self.path, self.write(statement))

    def replay(self, *keys):
        return replay_statements(self.ledger, self.path, keys or [KEY.verifier], self.issuer)

    def list_files(self):
        return sorted(os.listdir(os.path.dirname(self.path)))


@pytest.fixture
def spool(ledger, tmp_path):
    (tmp_path / "spool").mkdir()
    return Spool(ledger, tmp_path / "spool" / "ledger-spool-runs")


def find_last(ledger, run="0" * 32) -> Any:
    return find_run(ledger, "tracking", run)


def find_request(ledger, name) -> Any:
    with open_session(ledger) as session:
        return find_row(session, name)


def verify(url):
    with open_snapshot(url, ".") as snapshot:
        return verify_ledger(snapshot, (), (), with_contents=True)


def test_what_waits_is_recorded_with_its_time(spool, url):
    spool.fill()
    assert spool.replay() == Replay(3, 0, ())
    assert spool.list_files() == []
    assert get_upload(spool.ledger, DIGEST, "ada") == BODY
    row = find_last(spool.ledger)
    assert (row.state, row.principal, row.decision) == ("admitted", "ada", DECISION.decision_id)
    (step,) = list_entries(spool.ledger, "run")
    assert (step["spooled"], step["request"]) == ({"id": "run-1", "time": write_time(NOW)}, "r-aaaaaaaa")
    (decision,) = list_entries(spool.ledger, "decision")
    assert decision["actor"] == step["principal"]
    (found,) = list_overrides(spool.ledger, unreviewed=True)
    assert (found.by, found.reason, found.time) == ("olga", "customers wait", write_time(NOW))
    assert (found.ends, found.project, found.gate, found.reviewed) == (GLASS["ends"], "support-bot", "run", None)
    verified = verify(url)
    assert (verified.total, verified.findings) == (0, ())


def test_who_trains_is_named_and_the_review_is_owed(spool, url):
    spool.fill()
    spool.replay()
    with open_session(spool.ledger) as session:
        people = {(one.name, one.part) for one in list_people(session, "r-aaaaaaaa")}
    row = find_request(spool.ledger, "r-aaaaaaaa")
    assert people == {("ada", "requester"), ("eve", "requester"), ("mo", "contributor")}
    assert (row.state, row.overridden, row.asked, row.reviewed) == ("approved", 1, write_time(NOW), None)
    # It lets nothing pass that is asked for now.
    assert list_grants(spool.ledger, "support-bot", "run", "sha256:" + "1" * 64, datetime.now(UTC)) == []
    for name, why in (("olga", "broke the glass"), ("ada", "asked for it"), ("zoe", "may not review")):
        with pytest.raises(Exception, match=why):
            review(spool.ledger, row.id, name, "fine", SETTINGS)
    review(spool.ledger, row.id, "alice", "it was needed", SETTINGS)
    assert list_overrides(spool.ledger, unreviewed=True) == []
    assert verify(url).total == 0


def test_an_open_request_for_the_same_stays_as_it_is(spool):
    open_one = ask_one(spool.ledger, now=None)
    spool.fill()
    spool.replay()
    assert find_request(spool.ledger, open_one.id) == open_one


def test_a_replay_records_once_however_often(spool):
    spool.fill()
    content = Path(spool.path).read_bytes()
    spool.replay()
    size = spool.ledger.head()
    Path(spool.path).write_bytes(content)
    assert spool.replay() == Replay(0, 3, ())
    assert spool.ledger.head() == size


def test_what_is_forged_changed_or_repeated_is_refused_and_kept(spool):
    lines = [spool.write(one) for one in STATEMENTS]
    wrong = [
        spool.write(STATEMENTS[2]._replace(id="forged"), make_key("spool/tracking", b"f" * 32)),
        lines[2].replace(b"admitted", b"reopened"),
        lines[0],
        spool.write(STATEMENTS[1]._replace(id="other"), ledger="another"),
        spool.write(STATEMENTS[1]._replace(id="same-request")),
        b"garbage \xff\n",
    ]
    Path(spool.path).write_bytes(b"".join([*lines, *wrong]))
    recorded, known, problems = spool.replay()[:3]
    assert (recorded, known) == (3, 0)
    for number, (problem, why) in enumerate(
        zip(
            problems,
            ("none of `spool_keys`", "torn or changed", "repeats line 1", "another ledger", "another request", "torn"),
            strict=True,
        ),
        4,
    ):
        assert f"line {number} of the spool" in problem.message
        assert why in problem.message
    (kept,) = spool.list_files()
    assert kept.endswith(".refused")
    assert kept in problems[0].remedy
    file = Path(spool.path).with_name(kept)
    assert file.read_bytes() == b"".join(wrong)
    assert file.stat().st_mode & 0o077 == 0
    assert len(list_entries(spool.ledger, "run")) == 1


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        ("upload", {}, "no statement of a server"),
        ("upload", {**UPLOAD, "body": "!"}, ""),
        ("upload", {**UPLOAD, "digest": "sha256:" + "0" * 64}, "what is sent is"),
        ("upload", {**UPLOAD, "principal": "\n"}, "blank or cannot be printed"),
        ("glass", {**GLASS, "principals": []}, "no statement of a server"),
        ("glass", {**GLASS, "person": " "}, "blank"),
        ("glass", {**GLASS, "reason": ""}, "no reason"),
        ("glass", {key: GLASS[key] for key in GLASS if key != "document"}, "no statement of a server"),
        ("run", {**make_step(), "row": {"run": "a"}}, "no statement of a server"),
        ("run", {**make_step(), "row": {**make_step()["row"], "state": "fine"}}, "no state"),
        ("run", {**make_step(), "decision": None}, "guards refuse"),
        ("run", {**make_step(), "decision": {"payload": {}}}, "no statement of a server"),
        ("run", {**make_step(), "said": {"state": "admitted"}}, "repeats `state`"),
    ],
)
def test_what_no_server_states_is_refused_though_it_is_signed(spool, kind, said, why):
    spool.fill(Statement(kind, "one", write_time(NOW), said))
    recorded, known, (problem,) = spool.replay()[:3]
    assert (recorded, known) == (0, 0)
    assert why in problem.message
    assert [entry.type for entry in spool.ledger.read_entries()] in ([], ["policy-set", "decision"])


def test_steps_of_one_run_are_recorded_one_after_another(spool):
    later = [
        Statement(
            "run", f"run-{n}", write_time(NOW + timedelta(minutes=n)), {**make_step(state=state), "decision": None}
        )
        for n, state in ((2, "reopened"), (3, "admitted"))
    ]
    spool.fill(STATEMENTS[2], *later)
    assert spool.replay() == Replay(3, 0, ())
    assert find_last(spool.ledger).state == "admitted"
    # One that comes back afterwards does not overtake them.
    spool.fill(later[0]._replace(id="run-9"))
    assert "has gone on since" in spool.replay().problems[0].message
    assert find_last(spool.ledger).state == "admitted"


@pytest.mark.parametrize("ahead", [timedelta(seconds=90), timedelta(seconds=-90)])
@pytest.mark.parametrize("after", [timedelta(seconds=60), timedelta(seconds=-60)])
def test_clocks_that_differ_do_not_change_what_came_first(spool, ahead, after):
    """The ledger goes by the clock of its database, the spool by that of the server."""
    taken = datetime.now(UTC)
    spool.ledger.appender.now = lambda: datetime.now(UTC) + ahead
    record_run(spool.ledger, make_row(manifest=DIGEST, state="held"), {})
    spool.fill(STATEMENTS[2]._replace(time=write_time(taken + after)))
    assert spool.replay().recorded == (after > timedelta())
    assert find_last(spool.ledger).state == ("admitted" if after > timedelta() else "held")


def test_a_run_that_has_gone_on_stays_what_it_is(spool):
    record_run(spool.ledger, make_row(manifest=DIGEST, state="reopened"), {})
    spool.fill(STATEMENTS[2])
    _, _, (problem,) = spool.replay()[:3]
    assert "has gone on since" in problem.message
    assert find_last(spool.ledger).state == "reopened"


def test_one_that_was_recorded_and_went_on_is_not_taken_back_by_the_same_line(spool):
    spool.fill()
    content = Path(spool.path).read_bytes()
    spool.replay()
    row = find_last(spool.ledger)
    record_run(spool.ledger, row._replace(state="reopened"), {"reason": "it trains"})
    Path(spool.path).write_bytes(content)
    assert spool.replay() == Replay(0, 3, ())
    assert find_last(spool.ledger).state == "reopened"


def test_what_a_run_was_before_the_outage_is_followed(spool):
    record_run(spool.ledger, make_row(manifest=DIGEST, state="held"), {})
    spool.fill(STATEMENTS[2]._replace(time=write_time(datetime.now(UTC) + timedelta(minutes=1))))
    assert spool.replay() == Replay(1, 0, ())
    assert find_last(spool.ledger).state == "admitted"


def test_without_the_key_nothing_is_recorded_and_nothing_lost(spool):
    spool.fill()
    content = Path(spool.path).read_bytes()
    recorded, known, problems = spool.replay(make_key("spool/other", bytes(32)).verifier)[:3]
    assert (recorded, known, len(problems)) == (0, 0, 3)
    (kept,) = spool.list_files()
    assert Path(spool.path).with_name(kept).read_bytes() == content


def test_a_ledger_that_fails_leaves_everything_where_it_is(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db", timeout=0.1) as ledger:
        spool = Spool(ledger, tmp_path / "waiting-runs")
        spool.fill()
        other = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
        with other.transaction(), pytest.raises(LedgerError):
            spool.replay()
        other.close()
        (left,) = (name for name in spool.list_files() if name.startswith("waiting"))
        assert left.endswith(".taken")
        assert spool.replay() == Replay(3, 0, ())


def test_what_an_earlier_replay_left_is_recorded_first(spool, monkeypatch):
    """A run that rests on the decision of another waits in a file, and that one in a file that was taken up before."""
    monkeypatch.setattr("policy.records.spool_files.time.time_ns", lambda: 7)
    spool.fill()
    (first,) = take_all(spool.path)
    for number in range(1, 12):
        said = {**make_step(run=f"{number:032x}"), "decision": None}
        spool.fill(STATEMENTS[2]._replace(id=f"r{number}", said=said))
        names = take_all(spool.path)
    # Though the clock stands still.
    assert (names[0], len(names)) == (first, 12)
    assert names == sorted(names)
    assert spool.replay() == Replay(14, 0, ())


def test_while_another_process_is_at_it_nothing_is_done(spool):
    spool.fill()
    with claimed(spool.path) as state:
        assert state == FREE
        assert spool.replay() == Replay(0, 0, (), busy=True)
    assert spool.replay() == Replay(3, 0, ())
    assert spool.replay() == Replay(0, 0, ())


def test_a_replay_that_broke_off_before_the_file_was_removed_is_done_again(spool, monkeypatch):
    spool.fill()
    with open(spool.path, "ab") as stream:
        stream.write(b"nobody signed this\n")
    with monkeypatch.context() as patched:
        patched.setattr("policy.records.spool_replay.os.unlink", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            spool.replay()
    assert len([name for name in spool.list_files() if not name.endswith(".lock")]) == 2
    recorded, known, problems = spool.replay()[:3]
    assert (recorded, known, len(problems)) == (0, 3, 1)
    (kept,) = spool.list_files()
    assert Path(spool.path).with_name(kept).read_bytes() == b"nobody signed this\n"


def test_workers_that_replay_at_once_record_it_once(spool, open_again):
    spool.fill(
        *STATEMENTS,
        *(STATEMENTS[2]._replace(id=f"r{number}", said=make_step(run=f"{number:032x}")) for number in range(1, 20)),
    )
    ledgers = [open_again() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda own: replay_statements(own, spool.path, [KEY.verifier], spool.issuer), ledgers))
    assert sum(answer.recorded for answer in answers) == 22
    assert [answer.problems for answer in answers if answer.problems] == []
    assert len(list_entries(spool.ledger, "run")) == 20
    assert len(list_entries(spool.ledger, "decision")) == 1
