"""What a server keeps while the ledger is down, for whom it breaks the glass, and what comes of it afterwards."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest

from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import check_panel, load_panel
from policy.app.runs.spool_keys import VARIABLE, create_spool_key
from policy.engine.recording import NOTHING_DIGEST
from policy.errors import PolicyError
from policy.gates.mlflow.server import keeping, mirrored
from policy.gates.mlflow.server.api import emergencies, serving
from policy.gates.mlflow.server.guard import Guard
from policy.gates.mlflow.server.outage import MOST_UPLOADS
from policy.gates.mlflow.server.reloading import Reloader
from policy.gates.mlflow.server.reopening import note_training
from policy.records.ledger import open_ledger
from policy.records.people import find_person
from policy.records.requests.standing import list_overrides
from policy.records.runs.queries import find_run
from policy.records.snapshot import open_snapshot
from policy.records.spool import spool_decision
from policy.records.spool_files import take_all
from policy.records.verification import verify_ledger
from tests.gates.mlflow.server.api import find_user, open_api
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, HELD, SET, make_sent
from tests.records.keeping import locking

RULES = SET[SET.index("approvals:") : SET.index("mlflow:")]
ON_CALL = """\
approvals:
  roles: {leads: [bob], on-call: [carol, dan]}
  rules: [{roles: [leads]}]
  break_glass: {roles: [on-call], longest: 4h}
"""
OTHER = make_sent(model={"parameters": 1_000_000_000})
OWNED = make_sent(model={"parameters": 8_000_000_000}, owner={"contact": "dan@example.com"})
RUN = "a" * 32


class Place:
    """A server's interface, and its ledger, which can be down."""

    def __init__(self, api, folder):
        self.api, self.folder, self.file = api, folder, folder / "ledger.db"
        self.guard = api.guard

    @contextmanager
    def down(self):
        """A ledger that cannot even be read."""
        self.guard.ledger.close()
        os.rename(self.file, self.folder / "away.db")
        self.file.mkdir()
        try:
            yield
        finally:
            self.file.rmdir()
            os.rename(self.folder / "away.db", self.file)

    def locked(self):
        """A ledger that can be read, and not written."""
        return locking(self.file)

    def send(self, sent=HELD, user="ada"):
        return self.api.ask("PUT", f"/manifests/{sent.digest}", user, data=sent.body).status_code

    def break_glass(self, sent=HELD, user="carol", **more):
        said = {"experiment_name": "support-x", "manifest": sent.digest, "reason": "customers wait", **more}
        return self.api.ask("POST", "/break-glass", user, json=said)

    def hear(self, sent=HELD, user="ada", guard=None, experiment="1"):
        guard = guard or self.guard
        binding = guard.panel.settings.bindings[0]
        return guard.hear(binding, Attempt(experiment, "support-x", user, sent.digest))

    def begin(self, sent=HELD, run=RUN, **more):
        admission = self.hear(sent, **more)
        return admission, self.guard.register.record(admission, run)

    def make_worker(self):
        """Another worker of the same server."""
        config = str(self.folder / "policy.yaml")
        panel = load_panel(config, str(self.folder))
        return Guard(Reloader(config, panel, check_panel), self.guard.ledger)

    def read(self, run=RUN):
        return find_run(self.guard.ledger, "mlflow", run)


@pytest.fixture
def open_place(tmp_path, monkeypatch):
    """Opens a server's interface, with a key or without."""
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    monkeypatch.setattr(keeping, "PAUSE", 0.0)
    monkeypatch.setattr("policy.records.ledger.TIMEOUT", 0.2)
    found = {"support-x": "1", "ungoverned": "9"}
    monkeypatch.setattr(
        emergencies,
        "find_experiment",
        lambda asked: (
            SimpleNamespace(name=name, experiment_id=found[name])
            if (name := asked["experiment_name"]) in found
            else None
        ),
    )
    opened = []

    def open_one(on_error="block", *, key=True):
        text = SET.replace(RULES, ON_CALL).replace("on_error: block", f"on_error: {on_error}")
        if key:
            made = create_spool_key(str(tmp_path / "spool.key"), "mlflow")
            monkeypatch.setenv(VARIABLE, str(tmp_path / "spool.key"))
            text = text.replace("  experiments:", f"  spool_keys: {made.text}\n  experiments:")
        entered = open_api(tmp_path, text)
        place = Place(entered.__enter__(), tmp_path)
        opened.append((entered, place))
        ledger = place.guard.ledger
        place.guard.ledger = place.guard.keeper.ledger = place.guard.settings.ledger = open_ledger(
            f"sqlite:///{tmp_path}/ledger.db", timeout=0.2
        )
        ledger.close()
        return place

    yield open_one
    for one, place in opened:
        place.guard.ledger.close()
        one.__exit__(None, None, None)


@pytest.fixture
def place(open_place):
    return open_place()


def refuse(place, sent=HELD, **more):
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as caught:
        place.hear(sent, **more)
    assert caught.value.error_code == "PERMISSION_DENIED"
    return str(caught.value)


def test_nothing_begins_and_who_asks_is_told_whom_to_ask(place):
    with place.down():
        assert place.send() == 201
        said = refuse(place)
    assert "nothing is admitted while the gate cannot judge or record" in said
    assert "ask somebody of these to break the glass: on-call (`POST /policy/api/1/break-glass`)" in said


def test_without_a_key_nobody_can_and_that_is_said(open_place):
    place = open_place(key=False)
    with place.down():
        assert place.send() == 403
        answer = place.break_glass()
        assert "Begin the run again once the ledger answers" in (said := refuse(place))
        assert "break the glass" not in said
    assert answer.status_code == 403
    assert "no key to sign" in answer.json["message"]
    for said in ("policy ledger key spool", "`mlflow.spool_keys`", VARIABLE):
        assert said in answer.json["remedy"]


def test_while_the_ledger_answers_it_is_broken_there(place):
    place.send()
    answer = place.break_glass()
    assert (answer.status_code, "the ledger answers" in answer.json["message"]) == (409, True)


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"user": "ada"}, 403, "ada trains there"),
        ({"user": "bob"}, 403, "bob may not break the glass"),
        ({"user": "os:carol@desk"}, 403, "begins with `os:`"),
        ({"user": ""}, 401, "nobody has logged in"),
        ({"user": "dan", "sent": OWNED}, 403, "dan is an owner of the project"),
        ({"sent": BLOCKED}, 403, "volatile-data"),
        ({"sent": GOOD}, 404, "has no manifest"),
        ({"manifest": "sha256:"}, 404, "has no manifest"),
        ({"experiment_name": "ungoverned"}, 404, "nothing governs it"),
        ({"experiment_name": "none"}, 404, "no such experiment"),
        ({"reason": " "}, 400, "there is no `reason`"),
        ({"reason": "AKIAIOSFODNN7EXAMPLQ"}, 400, "holds a secret"),
        ({"activity": "play"}, 400, "activity"),
        ({"for": "0h"}, 400, "nothing at all"),
        ({"for": "soon"}, 400, "`for`"),
        ({"person": "carol"}, 400, "there is no key `person`"),
    ],
)
def test_who_may_not_and_for_what(place, more, status, why):
    with place.down():
        for sent in (HELD, BLOCKED, OWNED):
            place.send(sent)
        answer = place.break_glass(**more)
        assert (answer.status_code, why in answer.json["message"]) == (status, True), answer.json
        assert place.guard.keeper.outage.find_glass(Attempt("1", "", "ada", HELD.digest), datetime.now(UTC)) is None
        refuse(place)


def test_what_is_held_begins_on_every_worker_and_is_recorded_afterwards(place):
    other = place.make_worker()
    with place.down():
        place.send()
        request = place.break_glass(**{"for": "1h"}).json["request"]
        admission, row = place.begin()
        assert (admission.state, admission.verdict, admission.glass, row.state) == (
            "admitted",
            "allow",
            request,
            "admitted",
        )
        assert admission.decision.approvals != NOTHING_DIGEST
        # What it logs goes to any worker; a child takes its manifest, and another person nothing.
        assert other.find_row(RUN) == row
        assert other.check_write(RUN, lambda: None) == row
        child = other.hear(
            place.guard.panel.settings.bindings[0], Attempt("1", "support-x", "ada", parent=RUN, activity="")
        )
        assert (child.state, child.attempt.manifest) == ("admitted", HELD.digest)
        refuse(place, user="bob")
        refuse(place, experiment="2")
        refuse(place, GOOD)
        assert b"policy_broken_glass_total 1.0" in place.guard.keeper.metrics.render()
    assert other.find_row(RUN) is not None
    assert place.read().state == "admitted"
    (broken,) = list_overrides(place.guard.ledger, unreviewed=True)
    assert (broken.request, broken.by, broken.project) == (request, "carol", "support-tone")
    with open_snapshot(f"sqlite:///{place.file}", ".") as snapshot:
        assert verify_ledger(snapshot, (), (), with_contents=True).total == 0
    # With the outage that is over.
    assert place.hear().state == "held"


def test_what_can_be_judged_and_not_recorded_begins_too(place):
    place.send(GOOD)
    with place.locked():
        admission = place.hear(GOOD)
        with pytest.raises(PolicyError):
            place.guard.register.record(admission, RUN)
        assert place.break_glass(GOOD).status_code == 200
        assert place.guard.register.record(place.hear(GOOD), RUN).state == "admitted"
        assert place.guard.find_row(RUN).state == "admitted"
    assert place.guard.find_row(RUN).seq
    assert place.read().state == "admitted"


def test_a_policy_that_changes_meanwhile_counts(place):
    with place.down():
        place.send()
        assert place.break_glass().status_code == 200
        assert place.hear().state == "admitted"
        changed = place.folder / "policy.yaml"
        changed.write_text(changed.read_text().replace("on-call: [carol, dan]", "on-call: [dan]"))
        worker = place.make_worker()
        refuse(place, guard=worker)


@pytest.mark.parametrize("key", [True, False])
def test_steps_wait_where_the_gate_goes_on(open_place, key):
    place = open_place("flag", key=key)
    place.send(GOOD)
    with place.locked():
        _, row = place.begin(GOOD)
        assert row.state == "admitted"
    recorded = place.guard.find_row(RUN)
    assert (recorded is not None and recorded.state == "admitted") is key
    place.guard.register.record(place.hear(GOOD), "b" * 32)
    assert (place.read() is not None) is key
    assert place.guard.keeper.measure() == 0


def test_where_it_goes_on_what_was_judged_is_kept_and_what_was_not_is_not(open_place, monkeypatch):
    place = open_place("flag")
    show_tags(monkeypatch, {"policy.state": "admitted"})
    with place.down():
        place.send(GOOD)
        place.send(BLOCKED)
        for sent, run, decided in ((GOOD, RUN, True), (BLOCKED, "b" * 32, False)):
            admission, _ = place.begin(sent, run)
            assert (admission.state, admission.decision is not None) == ("admitted", decided)
            # Both may be written to: the gate goes on. Of the one MLflow shows what it was.
            place.make_worker().check_write(run, lambda: SimpleNamespace(name="support-x", experiment_id="1"))
    place.guard.keeper.catch_up(place.guard.ledger)
    assert place.read().state == "admitted"
    assert place.read("b" * 32) is None


def test_nobody_fills_the_disk(place):
    with place.down():
        for number in range(MOST_UPLOADS + 2):
            status = place.send(make_sent(model={"parameters": 7_000_000_000 + number}))
            assert status == (201 if number < MOST_UPLOADS else 403)
        assert place.send(make_sent(model={"parameters": 7_000_000_000})) == 201
        assert place.send(HELD, "bob") == 201
        size = place.guard.keeper.measure()
        assert place.send(HELD, "bob") == 201
        assert place.guard.keeper.measure() == size


def test_a_line_that_nobody_signed_lets_nothing_begin(place):
    spool = place.folder / "ledger-spool-runs"
    with place.down():
        place.send()
        place.break_glass()
        content = spool.read_bytes()
        spool.write_bytes(content.replace(b'"principals":["ada"]', b'"principals":["bob"]'))
        refuse(place)
        refuse(place, user="bob")
        spool.write_bytes(content)
        assert place.hear(guard=place.make_worker()).state == "admitted"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: os.chmod(folder / "spool.key", 0o644), "can be read by others"),
        (lambda folder: os.unlink(folder / "spool.key"), "no key file"),
    ],
)
def test_a_server_does_not_start_with_a_key_that_it_cannot_use(place, change, why):
    change(place.folder)
    with pytest.raises(PolicyError, match=why):
        place.make_worker()


def test_runs_that_are_judged_alike_have_one_decision(place):
    runs = [number * 32 for number in "abc"]
    with place.down():
        place.send()
        place.break_glass()
        sizes = [place.guard.keeper.measure()]
        for run in runs:
            place.begin(run=run)
            sizes.append(place.guard.keeper.measure())
        first, second, third = (after - before for before, after in pairwise(sizes))
        assert second == third < first / 2
    place.guard.keeper.catch_up(place.guard.ledger)
    rows = [place.read(run) for run in runs]
    assert [row.state for row in rows] == ["admitted"] * 3
    assert len({row.decision for row in rows}) == 1
    assert len([*place.guard.ledger.read_decisions()]) == 1


@pytest.mark.parametrize("key", [True, False])
def test_what_is_asked_again_and_again_does_not_fill_disk_or_memory(open_place, key):
    """A ledger that can be read and not written: each attempt is heard, and has a decision of its own."""
    place = open_place("flag", key=key)
    for sent in (GOOD, BLOCKED, OTHER):
        place.send(sent)
    keeper = place.guard.keeper
    with place.locked():
        for number, sent in enumerate((GOOD, BLOCKED, BLOCKED, GOOD, OTHER) * 3):
            admission = place.hear(sent)
            if admission.state == "admitted":
                place.guard.register.record(admission, f"{number:032x}")
            else:
                place.guard.register.note_decision(admission)
        waiting = keeper._list_waiting()
        assert len({one.case for one in waiting}) == len(waiting) == 3
        # The files of the policy set wait once.
        assert [len(one.brings) > 2 for one in waiting] == [True, False, False]
        steps = [statement for statement in keeper.outage.list_statements() if statement.kind == "run"]
        assert len(steps) == (9 if key else 0)
        # Another worker knows as much.
        other = place.make_worker()
        size = keeper.measure()
        with pytest.raises(Exception, match="volatile-data") as refused:
            raise RuntimeError(other.register.note_decision(place.hear(BLOCKED, guard=other)))
        assert keeper.measure() == size
        assert waiting[1].id in str(refused.value)
    keeper.catch_up(place.guard.ledger)
    assert len([*place.guard.ledger.read_decisions()]) == 3
    with open_snapshot(f"sqlite:///{place.file}", ".") as snapshot:
        assert verify_ledger(snapshot, (), (), with_contents=True).total == 0


def test_a_run_that_is_resumed_in_the_same_outage_is_recorded_as_it_went_on(place):
    with place.down():
        place.send()
        place.break_glass()
        place.begin()
        place.begin()
        place.begin()
    place.guard.keeper.catch_up(place.guard.ledger)
    assert not list(place.folder.glob("*.refused"))
    assert place.read().state == "admitted"
    assert place.guard.keeper.measure() == 0


def show_tags(monkeypatch, tags):
    """A tracking store that shows these tags of every run."""
    run = SimpleNamespace(info=SimpleNamespace(experiment_id="1", user_id="ada"), data=SimpleNamespace(tags=tags))
    monkeypatch.setattr(mirrored, "get_tracking_store", lambda: SimpleNamespace(get_run=lambda _: run))


def check_write(place):
    return place.guard.check_write(RUN, lambda: SimpleNamespace(name="support-x", experiment_id="1"))


@pytest.mark.parametrize("on_error", ["block", "flag"])
@pytest.mark.parametrize("state", ["held", "refused"])
def test_what_waited_before_the_outage_waits_on(open_place, monkeypatch, state, on_error):
    place = open_place(on_error)
    show_tags(monkeypatch, {"policy.state": state})
    with place.down(), pytest.raises(Exception, match=f"it is {state}"):
        check_write(place)


def test_what_was_admitted_before_the_outage_goes_on_and_opens_nothing_again(place, monkeypatch):
    """By default nothing begins, and nothing that has begun is stopped; what changes a decision waits."""
    show_tags(monkeypatch, {"policy.state": "admitted", "ml-manifest.activity": "baseline"})
    with place.down():
        row = check_write(place)
        assert (row.state, row.activity) == ("admitted", "baseline")
        with pytest.raises(Exception, match="ledger"):
            note_training(place.guard, row, "it logs a model")
        with pytest.raises(Exception, match="ledger"):
            place.guard.find_used(RUN, lambda: place.guard.panel.settings.bindings[0])
        assert b"policy_fail_open_total 0.0" in place.guard.keeper.metrics.render()


@pytest.mark.parametrize("state", ["", "unadmitted", "ungoverned-training", "\u200b"])
def test_what_never_met_the_gate_is_on_no_record_in_an_outage_either(open_place, monkeypatch, state):
    place = open_place("flag")
    show_tags(monkeypatch, {"policy.state": state})
    with place.down():
        assert place.guard.find_used(RUN, lambda: place.guard.panel.settings.bindings[0]) is None


def test_what_mlflow_shows_is_whose_it_was_and_trains_where_it_says_nothing(open_place, monkeypatch):
    place = open_place("flag")
    shown = {"policy.state": "admitted", "policy.decision": "sha256:1", "ml-manifest.digest": GOOD.digest}
    for activity, known in (("", "training"), ("baseline", "baseline"), ("other", "training")):
        show_tags(monkeypatch, {**shown, "ml-manifest.activity": activity})
        with place.down():
            row = place.guard.find_used(RUN, lambda: place.guard.panel.settings.bindings[0])
        assert (row.state, row.activity, row.manifest, row.decision) == ("admitted", known, GOOD.digest, "sha256:1")
        assert (row.principal, row.project, row.seq) == ("ada", "", 0)
        # A child takes its manifest over from the same person only.
        for user, manifest in (("ada", GOOD.digest), ("mal", "")):
            attempt = Attempt("1", "support-x", user, parent=RUN)
            with place.down():
                assert place.guard.inherit(attempt, place.guard.panel.settings.bindings[0]).manifest == manifest


def test_whoever_sends_the_same_and_may_not_train_keeps_nobody_from_it(place):
    file = place.folder / "policy.yaml"
    file.write_text(file.read_text().replace("models: [support-*]}", "models: [support-*], principals: [ada]}"))
    place.guard.refresh()
    with place.down():
        assert place.send(HELD, "bob") < 300
        assert place.break_glass().status_code == 403
        place.send(HELD, "ada")
        answer = place.break_glass()
    assert (answer.status_code, answer.json["principals"]) == (200, ["ada"])


def test_a_key_that_is_taken_out_counts_no_more(open_place, caplog):
    place = open_place("flag")
    with place.down():
        place.send(GOOD)
        place.begin(GOOD)
    file = place.folder / "policy.yaml"
    text = file.read_text()
    start = text.index("  spool_keys:")
    file.write_text(text[:start] + text[text.index("  experiments:") :])
    place.guard.refresh()
    assert "is none of `spool_keys` any more" in caplog.text
    place.guard.keeper.catch_up(place.guard.ledger)
    assert place.read() is None
    assert "which is none of `spool_keys`" in caplog.text
    with place.down():
        answer = place.break_glass()
        assert (answer.status_code, "no key" in answer.json["message"]) == (403, True)
    # Once it is there again, it is used again.
    file.write_text(text)
    place.guard.refresh()
    with place.down():
        place.send(HELD)
        assert place.break_glass().status_code == 200


def test_a_key_that_is_none_leaves_the_settings_in_force(place, caplog):
    file, before = place.folder / "policy.yaml", place.guard.panel
    file.write_text(file.read_text().replace("spool_keys: spool/", "spool_keys: other/"))
    place.guard.refresh()
    assert place.guard.panel is before
    assert "cannot be used" in caplog.text


def test_what_began_over_broken_glass_names_it_also_where_the_ledger_is_back_by_then(place):
    with place.down():
        place.send(HELD)
        request = place.break_glass().json["request"]
        admission = place.hear(HELD)
    place.guard.register.record(admission, RUN)
    rows = place.guard.ledger.read("SELECT p.body FROM payloads p JOIN entries e ON e.seq = p.seq WHERE e.type = 'run'")
    assert [json.loads(body)["request"] for (body,) in rows] == [request]


def test_what_was_taken_up_in_two_parts_is_recorded_in_its_order(open_place):
    """The ledger came back for a moment: a run of a sweep, and a later one that rests on its decision."""
    place = open_place("flag")
    path = place.guard.keeper.outage.path
    with place.down():
        place.send(GOOD)
        _, first = place.begin(GOOD)
        # A worker took it up, and the ledger went away again.
        take_all(path)
        admission, second = place.begin(GOOD, "b" * 32)
        assert admission.draft is None
        take_all(path)
    place.guard.keeper.catch_up(place.guard.ledger)
    assert place.read().decision == place.read("b" * 32).decision == first.decision == second.decision
    assert not [name for name in os.listdir(place.folder) if name.endswith(".refused")]


def test_a_decision_by_which_no_run_begins_is_signed_too(open_place):
    place = open_place("flag")
    place.send(BLOCKED)
    admission = place.hear(BLOCKED)
    with place.down():
        place.guard.register.note_decision(admission)
    assert not os.path.exists(place.guard.keeper.spool)
    place.guard.keeper.catch_up(place.guard.ledger)
    assert place.guard.keeper.measure() == 0
    entry = place.guard.ledger.find_decision(admission.decision.id)
    said = json.loads(place.guard.ledger.get_payload(entry))
    assert said["actor"] == find_person(place.guard.ledger, "ada")
    place.guard.keeper._waits = True
    place.guard.keeper.catch_up(place.guard.ledger)
    assert len(list(place.guard.ledger.read_decisions())) == 1


@pytest.mark.parametrize("key", [True, False])
def test_what_is_not_signed_counts_only_where_nothing_is(open_place, key):
    place = open_place("flag", key=key)
    place.send(BLOCKED)
    admission = place.hear(BLOCKED)
    spool_decision(place.guard.keeper.spool, admission.draft)
    place.guard.keeper.catch_up(place.guard.ledger)
    assert (place.guard.ledger.find_decision(admission.decision.id) is None) is key
    assert os.path.exists(place.guard.keeper.spool) is key


def test_a_run_stays_its_owners_whoever_resumes_it_in_an_outage(open_place, monkeypatch):
    place = open_place("flag")
    for user in ("ada", "bob"):
        place.send(GOOD, user)
    place.begin(GOOD)
    show_tags(monkeypatch, {"policy.state": "admitted", "ml-manifest.digest": GOOD.digest})
    with place.down():
        place.send(GOOD, "bob")
        row = place.guard.find_used(RUN, lambda: place.guard.panel.settings.bindings[0])
        place.guard.register.record(place.hear(GOOD, "bob"), RUN, row.principal)
    place.guard.keeper.catch_up(place.guard.ledger)
    assert place.read().principal == "ada"


def test_what_was_taken_up_while_the_ledger_went_away_again_is_recorded_without_a_restart(place):
    with place.down():
        place.send(HELD)
        place.guard.keeper.catch_up(place.guard.ledger)
        assert not os.path.exists(place.guard.keeper.outage.path)
    place.guard.keeper.catch_up(place.guard.ledger)
    assert place.guard.ledger.read("SELECT digest FROM uploads") == [(HELD.digest,)]
