from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

from policy.plugins.worker import NoAnswerError, Worker

# Longer than any machine needs to start an interpreter; nothing waits for it but what is meant to hang.
PLENTY = 120.0
HEAD = """
import os, pickle, signal, sys, time
from policy.plugins.worker import receive, reply
def work(questions, answers):
"""


@pytest.fixture
def worker(plugin):
    """A worker whose far side is the text, a function's body."""
    made = []

    def make(text, greeting=None):
        plugin("far_side", HEAD + "\n".join(f"    {line}" for line in text.splitlines()))
        made.append(Worker("far_side:work", greeting))
        return made[-1]

    yield make
    for one in made:
        one.close()


ECHO = "for asked in receive(questions): reply(answers, pickle.dumps((os.getpid(), asked)))"


def ask(worker, question, seconds=PLENTY):
    return pickle.loads(worker.ask(question, seconds))


def fail(worker, seconds=PLENTY):
    with pytest.raises(NoAnswerError) as caught:
        worker.ask("?", seconds)
    return caught.value


def test_one_process_answers_all_questions(worker):
    echo = worker(ECHO)
    first, second = ask(echo, {"a": 1}), ask(echo, "x" * 1_000_000)
    assert (first[1], second[1]) == ({"a": 1}, "x" * 1_000_000)
    assert first[0] == second[0] != os.getpid()


def test_nothing_is_started_before_the_first_question(worker, monkeypatch):
    monkeypatch.setattr("policy.plugins.worker.start_interpreter", None)
    worker("pass").close()


def test_a_greeting_comes_first_and_again_after_a_new_start(worker):
    greeted = worker("greeting = pickle.load(questions)\nfor _ in receive(questions): reply(answers, greeting)", b"hi")
    assert greeted.ask(1, PLENTY) == b"hi"
    greeted.close()
    assert greeted.ask(2, PLENTY) == b"hi"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("os._exit(7)", 7),
        ("next(receive(questions)); os._exit(3)", 3),
        ("next(receive(questions)); answers.write(b'garbage'); answers.flush(); os._exit(1)", 1),
        ("next(receive(questions)); answers.write((99).to_bytes(8, 'big') + b'half')", 0),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("pass", 0),
    ],
)
def test_one_that_ends_is_said_with_its_code(worker, text, code):
    error = fail(worker(text))
    assert (str(error), error.expired, error.code) == ("ended without an answer", False, code)


@pytest.mark.parametrize("length", ["0", "2**62"])
def test_one_that_speaks_otherwise_is_ended(worker, length):
    error = fail(worker(f"answers.write(({length}).to_bytes(8, 'big'))\nanswers.flush()\ntime.sleep(10_000)"))
    assert (error.expired, error.code) == (False, -signal.SIGKILL)


@pytest.mark.parametrize(
    "text", ["time.sleep(10_000)", "answers.close(); time.sleep(10_000)", "os.close(0)\nwhile True: pass"]
)
def test_one_that_hangs_is_ended(worker, text):
    error = fail(worker(text), 0.5)
    assert (str(error), error.expired) == ("gave no answer within 0.5 s", True)


AWAY = "if fork() == 0: os.setsid(); os.closerange(0, 3); time.sleep(20); os._exit(0)"


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="processes have no groups on this system")
# Where code that is not Python's forks, nothing of ours is called in the child.
@pytest.mark.parametrize("fork", ["fork = os.fork", "import ctypes; fork = ctypes.CDLL(None).fork"])
def test_a_child_that_has_left_the_group_is_not_waited_for(worker, fork):
    text = f"{fork}\n{AWAY}"
    hanging = worker(f"{text}\ntime.sleep(10_000)")
    assert fail(hanging, 0.5).expired
    ended = worker(f"{text}\nos._exit(0)")
    assert str(fail(ended, 0.5)) in ("ended without an answer", "gave no answer within 0.5 s")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked on this system")
def test_a_child_that_goes_on_does_not_answer_too(worker):
    twice = worker("for asked in receive(questions):\n    os.fork()\n    reply(answers, asked)")
    assert [twice.ask(asked, PLENTY) for asked in (b"a", b"b", b"c")] == [b"a", b"b", b"c"]


def test_after_one_that_ended_there_is_a_new_one(worker):
    text = "for asked in receive(questions): reply(answers, b'well') if asked == 1 else os._exit(1)"
    fickle = worker(text)
    assert fickle.ask(1, PLENTY) == b"well"
    assert not fail(fickle).expired
    assert fickle.ask(1, PLENTY) == b"well"


def test_one_that_cannot_be_started_is_an_error_of_the_system(worker, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        worker(ECHO).ask(1, PLENTY)


def test_who_reads_standard_input_takes_no_question_away(worker):
    reading = worker(
        "for asked in receive(questions): reply(answers, pickle.dumps((asked, sys.stdin.read(), os.read(0, 9))))"
    )
    assert ask(reading, 1) == (1, "", b"")
    assert ask(reading, 2) == (2, "", b"")


def test_nobody_is_left_when_the_worker_is_forgotten(plugin):
    plugin("far_side", HEAD + f"    {ECHO}")
    forgotten = Worker("far_side:work")
    ask(forgotten, 1)
    assert forgotten._running is not None
    process = forgotten._running.process
    del forgotten
    assert process.returncode == -signal.SIGKILL


ASKER = """
import sys, time
sys.path[:0] = {path!r}
from policy.plugins.worker import Worker
Worker("far_side:work").ask({mark!r}, 10_000.0)
"""


@pytest.mark.parametrize("busy", ["time.sleep(10_000)", "while True: pass", "os.fork(); time.sleep(10_000)"])
def test_it_ends_with_whoever_asks_even_if_that_one_is_killed(plugin, tmp_path, busy):
    mark = tmp_path / "pids"
    lines = ["asked = next(receive(questions))", "with open(asked, 'a') as file: print(os.getpid(), file=file)", busy]
    plugin("far_side", HEAD + "\n".join(f"    {line}" for line in lines))
    program = ASKER.format(path=[str(tmp_path / "site")], mark=str(mark))
    with subprocess.Popen([sys.executable, "-c", program]) as asker:
        wait_until(lambda: mark.exists() and mark.read_text().endswith("\n"))
        asker.kill()
    (far,) = map(int, mark.read_text().split())
    wait_until(lambda: not is_running(far))


def wait_until(holds) -> None:
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen")


def is_running(group: int) -> bool:
    """Whether any process of the group is there; those that nobody has waited for are dead all the same."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    found = subprocess.run(["ps", "-o", "stat=", "-g", str(group)], capture_output=True, text=True, check=False)
    return any(not line.startswith("Z") for line in found.stdout.split())
