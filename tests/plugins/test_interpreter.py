from __future__ import annotations

import pickle
import sys

import pytest

from policy.plugins.interpreter import end, give, start_interpreter


@pytest.fixture
def far_side(plugin):
    """Start a function of a module, written for the test, in another interpreter."""
    started = []

    def start(text):
        plugin("far_side", f"import os, pickle, sys, time\ndef work(questions, answers):\n{text}")
        started.append(start_interpreter("far_side:work"))
        return started[-1]

    yield start
    for process in started:
        end(process)


def test_values_go_there_and_come_back(far_side):
    process = far_side("    pickle.dump([pickle.load(questions), pickle.load(questions)], answers)\n")
    give(process, {"a": (1, None)})
    give(process, "second")
    assert pickle.load(process.stdout) == [{"a": (1, None)}, "second"]
    assert process.wait() == 0


def test_it_finds_what_this_one_finds(far_side):
    assert pickle.load(far_side("    pickle.dump(sys.path, answers)\n").stdout) == sys.path


def test_it_is_the_same_package(far_side):
    import policy

    text = "    import policy\n    pickle.dump(policy.__file__, answers)\n"
    assert pickle.load(far_side(text).stdout) == policy.__file__


def test_only_answers_come_back(far_side, capfd):
    process = far_side("    print('said')\n    os.system('echo more')\n    answers.write(b'answer')\n")
    assert process.communicate() == (b"answer", None)
    assert sorted(capfd.readouterr().err.split()) == ["more", "said"]


def test_one_that_hangs_is_ended(far_side):
    process = far_side("    answers.write(b'.')\n    answers.flush()\n    time.sleep(10_000)\n")
    assert process.stdout.read(1) == b"."
    end(process)
    assert process.returncode is not None
    assert process.stdout.closed


def test_what_nobody_takes_is_lost(far_side):
    process = far_side("    os._exit(7)\n")
    assert process.wait() == 7
    give(process, "x" * 1_000_000)
    end(process)
    assert process.returncode == 7


def test_ending_twice_changes_nothing(far_side):
    process = far_side("    pass\n")
    process.wait()
    end(process)
    end(process)
    assert process.returncode == 0
