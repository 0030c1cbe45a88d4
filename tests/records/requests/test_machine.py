"""Whatever happens in whatever order: the store and a plain model of it say the same."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from policy.records.ledger import open_ledger
from policy.records.requests.asking import ask
from policy.records.requests.closing import withdraw
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import break_glass, review
from policy.records.requests.queries import find_row
from policy.records.requests.refusals import RefusedError
from policy.records.requests.standing import list_overrides
from policy.records.requests.using import use
from tests.records.requests.asked import DAY, NOW, SETTINGS, list_approvals, make_question, say

LEADS = ("alice", "bob", "carol")
PEOPLE = (*LEADS, "dave", "olga", "zoe")
# The same people, as they may call themselves.
SPELLED = {
    "alice": "ALICE",
    "bob": "os:bobby@desk",
    "carol": "os:carol@desk",
    "dave": "Dave",
    "olga": "@olga",
    "zoe": "zoe",
}
REQUEST_LASTS, APPROVAL_LASTS, OVERRIDE_LASTS = 14 * DAY, 30 * DAY, timedelta(hours=4)
RUNS = 2


class Model:
    """A request as one would explain it."""

    def __init__(self, stake, requester, now):
        self.stake = stake
        self.involved = {requester, "erin"}
        self.asking = {requester}
        self.state = "pending"
        self.votes = {}
        self.expires = now + REQUEST_LASTS
        self.ends = None
        self.runs = set()
        self.overridden_by = None
        self.reviewed = False

    def is_open(self, now):
        return self.state == "pending" and now < self.expires

    def is_valid(self, now):
        return self.state == "approved" and now < self.ends and len(self.runs) < RUNS


def make_machine(template):  # noqa: C901 - one rule for each thing that can be done
    class Machine(RuleBasedStateMachine):
        requests = Bundle("requests")

        def __init__(self):
            super().__init__()
            self.folder = tempfile.mkdtemp()
            shutil.copy(template, f"{self.folder}/ledger.db")
            self.ledger = open_ledger(f"sqlite:///{self.folder}/ledger.db", create=False)
            self.now = NOW
            self.models = {}

        def teardown(self):
            self.ledger.close()
            shutil.rmtree(self.folder)

        def attempt(self, allowed, act):
            """Do it; it must be refused exactly where the model does not allow it."""
            size = self.ledger.head()[0]
            if allowed:
                return act()
            with pytest.raises(RefusedError):
                act()
            assert self.ledger.head()[0] == size
            return None

        @rule(target=requests, stake=st.sampled_from("ab"), who=st.sampled_from(("dave", "zoe", "alice")))
        def ask(self, stake, who):
            asked = ask(
                self.ledger, make_question(stake=stake, requester=who, contributors=("erin",), runs=RUNS), now=self.now
            )
            opened = [name for name, one in self.models.items() if one.stake == stake and one.is_open(self.now)]
            assert asked.joined == bool(opened)
            if opened:
                assert [asked.row.id] == opened
                self.models[asked.row.id].involved.add(who)
                withdrawn = self.models[asked.row.id]
                withdrawn.asking.add(who)
            else:
                for one in self.models.values():
                    if one.stake == stake and one.state == "pending":
                        one.state = "expired"
                self.models[asked.row.id] = Model(stake, who, self.now)
            return asked.row.id

        @rule(request=requests, who=st.sampled_from(PEOPLE), answer=st.sampled_from(("approve", "approve", "reject")))
        def vote(self, request, who, answer):
            one = self.models[request]
            allowed = one.is_open(self.now) and who in LEADS and who not in one.involved and who not in one.votes
            spelled = SPELLED[who]
            voted = self.attempt(allowed, lambda: say(self.ledger, request, spelled, answer, now=self.now))
            if allowed:
                one.votes[who] = answer
                if answer == "reject":
                    one.state = "rejected"
                elif sum(said == "approve" and name not in one.involved for name, said in one.votes.items()) == 2:
                    one.state, one.ends = "approved", self.now + APPROVAL_LASTS
                assert voted.state == one.state

        @rule(request=requests, who=st.sampled_from(("dave", "zoe", "alice", "bob")))
        def withdraw(self, request, who):
            one = self.models[request]
            allowed = one.is_open(self.now) and who in one.asking
            self.attempt(allowed, lambda: withdraw(self.ledger, request, who, "", SETTINGS, now=self.now))
            if allowed:
                one.asking.discard(who)
                one.state = one.state if one.asking else "withdrawn"

        @rule(request=requests, who=st.sampled_from(PEOPLE))
        def override(self, request, who):
            one = self.models[request]
            allowed = one.is_open(self.now) and who == "olga" and who not in one.involved
            self.attempt(allowed, lambda: break_glass(self.ledger, request, who, "why", SETTINGS, now=self.now))
            if allowed:
                one.state, one.ends, one.overridden_by = "approved", self.now + OVERRIDE_LASTS, who

        @rule(request=requests, who=st.sampled_from(PEOPLE))
        def review(self, request, who):
            one = self.models[request]
            fit = who in (*LEADS, "olga") and who not in one.involved and who != one.overridden_by
            allowed = one.overridden_by is not None and not one.reviewed and fit
            self.attempt(allowed, lambda: review(self.ledger, request, who, "fine", SETTINGS, now=self.now))
            one.reviewed = one.reviewed or allowed

        @rule(request=requests, run=st.sampled_from("123"))
        def use(self, request, run):
            one = self.models[request]
            allowed = run in one.runs or one.is_valid(self.now)
            self.attempt(allowed, lambda: use(self.ledger, request, run, now=self.now))
            if allowed:
                one.runs.add(run)

        @rule(hours=st.sampled_from((1, 5, 15 * 24, 31 * 24)))
        def wait(self, hours):
            self.now += timedelta(hours=hours)

        @invariant()
        def all_say_the_same(self):
            with open_session(self.ledger) as session:
                for name, one in self.models.items():
                    row = find_row(session, name)
                    assert row is not None
                    assert (row.state, row.votes, row.uses) == (one.state, len(one.votes), len(one.runs))
            for stake in "ab":
                valid = [one for one in self.models.values() if one.stake == stake and one.is_valid(self.now)]
                yes = sum(1 if one.overridden_by else 2 for one in valid)
                assert len(list_approvals(self.ledger, "support-bot", "run", stake, self.now)) == yes
            loud = sum(one.overridden_by is not None and not one.reviewed for one in self.models.values())
            assert len(list_overrides(self.ledger, unreviewed=True)) == loud

    return Machine


def test_the_store_does_what_the_model_does(made_file):
    run_state_machine_as_test(
        make_machine(made_file), settings=settings(max_examples=12, stateful_step_count=25, deadline=None)
    )
