"""What trackers show of a decision."""

from __future__ import annotations

import pytest

from policy.errors import Location
from policy.model.decision import Subject
from policy.model.proposal import Proposed
from policy.reports.alerts import Alert, end_sentence, list_alerts, locate_subject
from tests.reports.scenarios import CONFIG, MANIFEST, SCENARIOS, allow


def find(name: str) -> dict[str, Alert]:
    scenario = SCENARIOS[name]()
    return {alert.rule: alert for alert in list_alerts(scenario.decision, scenario.context())}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("block", ["citations-required", "few-examples", "volatile-data"]),
        ("allow", []),
        ("allow-with-gaps", ["tunegate/not-assessed"]),
        ("unknown", ["citations-required", "few-examples", "volatile-data", "tunegate/not-assessed"]),
        ("undeclared", ["few-examples", "tunegate/not-assessed"]),
        ("waived", ["citations-required", "few-examples", "volatile-data"]),
        ("contradiction", ["evidence-agrees", "few-examples", "tunegate/contradiction"]),
        ("none-applies", []),
    ],
)
def test_unknown_outcomes_that_do_not_act_are_one_alert(name, rules):
    assert list(find(name)) == rules


def test_what_acts_is_told_from_what_does_not():
    assert {rule: alert.effect for rule, alert in find("flag-mode").items()} == {
        "citations-required": "flag",
        "few-examples": None,
        "volatile-data": "flag",
    }
    assert [rule for rule, alert in find("waived").items() if alert.waived] == ["volatile-data"]
    assert find("waived")["volatile-data"].effect is None


def test_an_unknown_outcome_asks_for_what_is_missing_and_advises_nothing_yet():
    alert = find("unknown")["volatile-data"]
    assert alert.message.startswith("data.change_interval is not known, at least 30 days is required.")
    assert "Instead" not in alert.message


@pytest.mark.parametrize(
    ("subject", "config", "file"),
    [
        (Subject("p", MANIFEST, CONFIG), "policy.yaml", MANIFEST),
        (Subject(CONFIG, None, CONFIG), "policy.yaml", CONFIG),
        (Subject("p"), "policy.yaml", "policy.yaml"),
        (Subject("p"), None, "ml-manifest.yaml"),
    ],
)
def test_every_subject_has_a_place(subject, config, file):
    context = allow().context()._replace(config=config)
    assert locate_subject(allow().decision._replace(subject=subject), context) == Location(file)


@pytest.mark.parametrize(("text", "sentence"), [("a", "a."), ("a.", "a."), ("a?", "a?"), (" a… ", "a…")])
def test_sentences_end(text, sentence):
    assert end_sentence(text) == sentence


def test_what_a_change_proposes_is_an_alert_of_its_own():
    decision = allow().decision._replace(proposed=Proposed("block", ("volatile-data",), "sha256:1"))
    (alert,) = list_alerts(decision, allow().context())
    assert (alert.rule, alert.effect, alert.place) == ("tunegate/proposed", None, Location(MANIFEST))
    assert alert.message == ("proposed: this change also changes volatile-data: with it the verdict would be block.")
    other = decision._replace(proposed=Proposed("hold", ("volatile-data",), "sha256:1"))
    assert [item.fingerprint for item in list_alerts(other, allow().context())] != [alert.fingerprint]
