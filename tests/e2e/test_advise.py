"""Advice as somebody meets it: the examples that ship, and questions at a real terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.e2e.conftest import COMMAND, ROOT, SECONDS

# What the examples deserve; more of why is tested where the advice is made.
BEST = {
    "policy-faq": "rag",
    "pricing-answers": "rag",
    "reply-tone": "fine-tuning",
    "ticket-triage": "prompt-engineering",
}
END_OF_INPUT, INTERRUPT = b"\x04", b"\x03"


def test_the_examples_are_advised(policy, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    result = policy("advise", "examples", "--output", "json")
    assert (result.code, result.err) == (0, "")
    assert {advice["project"]: advice["best"] for advice in json.loads(result.out)["advice"]} == BEST


def test_text_fits_a_terminal_and_needs_none(policy, tmp_path):
    shutil.copytree(ROOT / "examples" / "pricing-answers", tmp_path / "prices")
    result = policy("advise", "prices")
    assert result.code == 0
    assert "\x1b" not in result.out
    # The first line names files, which are never cut.
    assert max(map(len, result.out.splitlines()[1:])) <= 80


def test_without_a_terminal_nobody_is_asked(policy):
    result = policy("advise", "--ask")
    assert (result.code, result.out) == (2, "")
    assert result.headlines == ["error: `--ask` needs a terminal, to ask questions and to read the answers"]


def converse(policy, folder, answers):
    """Call `policy advise --ask` at a terminal; its exit code, and all that was shown."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    from tests.e2e.test_first_minutes import take_charge, talk  # skipped as a whole without pseudo-terminals

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "advise", "--ask"],
        cwd=folder,
        env={**policy.environment, "TERM": "dumb", "NO_COLOR": "1"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        preexec_fn=lambda: take_charge(follower),  # noqa: PLW1509 - the tests have one thread
    )
    os.close(follower)
    try:
        shown = talk(leader, process, list(answers), b" > ")
        return process.wait(timeout=SECONDS), shown.decode().replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def test_a_person_is_asked_and_advised(policy, tmp_path):
    code, shown = converse(policy, tmp_path, ["knowledge", "yes", "1", *[""] * 12])
    assert code == 0
    assert "\n1. What should the model do better than it does now? (purpose)\n   1 style    " in shown
    assert "  Try rag first: " in shown
    assert shown.endswith("next: `policy init --approach rag --purpose knowledge` writes a manifest to go on from\n")


@pytest.mark.parametrize("key", [END_OF_INPUT, INTERRUPT])
@pytest.mark.parametrize("answered", [[], ["style", ""]])
def test_who_leaves_is_let_go(policy, tmp_path, key, answered):
    code, shown = converse(policy, tmp_path, [*answered, key])
    assert code == 130
    assert "Try" not in shown
    assert "Traceback" not in shown
    assert list(tmp_path.iterdir()) == []
