"""The public API: what `policy` names is there, and documented with an example that works."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import policy

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", policy.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(policy, name) is not None
    assert re.search(rf"^\|.*`{name}[`(].*\|", PAGE, re.MULTILINE)


def test_public_names_are_all_that_can_be_seen():
    assert dir(policy) == sorted(policy.__all__)
    assert sorted(policy.__all__) == sorted(set(policy.__all__))


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'policy' has no attribute 'jugde'"):
        _ = policy.jugde


def test_names_can_be_imported_from_the_package():
    namespace: dict[str, object] = {}
    exec("from policy import *", namespace)
    assert set(policy.__all__) <= set(namespace)


@pytest.mark.parametrize(
    ("function", "written"),
    [
        (policy.open_workspace, r"open_workspace\((.*?)\)`"),
        (policy.judge, r"`judge\((.*?)\)`"),
        (policy.Facts, r"`Facts\((.*?)\)`"),
        (policy.Fact, r"`Fact\((.*?)\)`"),
        (policy.Members, r"`Members\((.*?)\)`"),
        (policy.Subject, r"`Subject\((.*?)\)`"),
        (policy.start_run, r"`start_run\((.*?)\)`"),
        (policy.guard, r"`guard\((.*?)\)`"),
        (policy.make_trainer_callback, r"`make_trainer_callback\((.*?)\)`"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_arguments_are_documented(function, written):
    found = re.search(written, PAGE)
    assert found
    named = [part.partition("=")[0].lstrip("*") for part in found[1].split(", ") if part != "*"]
    parameters = list(inspect.signature(function).parameters)
    # Whoever reads policies for themselves needs no cases.
    assert named == [name for name in parameters if name != "with_cases"]


def test_what_belongs_to_other_libraries_can_be_named_without_them():
    program = "import sys, policy; policy.start_run, policy.guard, policy.RunRefused, policy.make_trainer_callback\n"
    program += "sys.exit(not {'mlflow', 'transformers', 'torch'}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_a_decision_is_said_to_have_it_has():
    (row,) = re.findall(r"^\| `Decision` \| (.*) \|$", PAGE, re.MULTILINE)
    words = set(re.findall(r"`([a-z_]+)`", row))
    outcome = {"policy", "outcome", "effect", "message", "fix"}
    verdicts = {"allow", "flag", "hold", "block"}
    assert words - outcome - verdicts <= set(policy.Decision._fields)


def test_the_example_prints_what_the_page_says(tmp_path):
    (program, printed) = re.findall(r"^```(?:python)?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", printed)
