"""A refusal passes through everything that catches errors, and is read in whole."""

from __future__ import annotations

import pickle

import pytest

from policy.app.runs.refusal import RunRefused
from policy.errors import Location, PolicyError, Problem
from policy.gates.mlflow.client.refusal import stop_refused

exceptions = pytest.importorskip("mlflow.exceptions", reason="the client belongs to MLflow")


def test_nothing_that_catches_errors_catches_it():
    assert not issubclass(RunRefused, Exception)


def test_it_crosses_processes():
    assert str(pickle.loads(pickle.dumps(RunRefused("why\nand what to do")))) == "why\nand what to do"


def test_the_words_of_the_server_are_all_that_is_said():
    with pytest.raises(RunRefused) as raised, stop_refused():
        raise exceptions.RestException({"error_code": "PERMISSION_DENIED", "message": "Tunegate: a: b\n- c: d"})
    assert str(raised.value) == "a: b\n- c: d"
    assert raised.value.__suppress_context__


def test_all_problems_of_a_manifest_are_told():
    problems = Problem("one", "mend it", Location("m.yaml", 2, 3)), Problem("two")
    with pytest.raises(RunRefused) as raised, stop_refused():
        raise PolicyError(*problems)
    said = "m.yaml:2:3: one\n  help: mend it\ntwo"
    assert str(raised.value) == f"nothing begins, because the project cannot be judged:\n{said}"


@pytest.mark.parametrize(
    "error", [exceptions.MlflowException("Permission denied"), ValueError("Tunegate: x"), KeyboardInterrupt()]
)
def test_what_is_no_refusal_stays(error):
    with pytest.raises(type(error)), stop_refused():
        raise error
