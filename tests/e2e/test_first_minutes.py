"""The first minutes of somebody new: a folder as it is, `policy init`, and a first finding."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time

import pytest
import yaml

from tests.e2e.conftest import COMMAND, ROOT, SECONDS

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

AXOLOTL = """\
base_model: org/model
adapter: lora
datasets:
  - {path: data/train.jsonl, type: alpaca}
"""
LLAMA = """\
model_name_or_path: org/model
do_train: true
stage: sft
template: qwen
dataset: tickets
"""
ROWS = '{"instruction": "a", "output": "b"}\n' * 3
PROJECTS = {
    "axolotl": {"train/a.yaml": AXOLOTL, "data/train.jsonl": ROWS, "data/test.jsonl": ROWS},
    "llama-factory": {
        "train/lora.yaml": LLAMA,
        "data/dataset_info.json": '{"tickets": {"file_name": "tickets.jsonl"}}',
        "data/tickets.jsonl": ROWS,
    },
    "prompts": {"prompts/triage.md": "Sort this ticket.", "explore.ipynb": "{}", "evals/test.jsonl": ROWS},
    "nothing": {},
}
# An answer, or a key, for each question in its turn.
END_OF_INPUT, INTERRUPT = b"\x04", b"\x03"


@pytest.fixture(autouse=True)
def _own_git_settings(policy):
    policy.environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def load(folder):
    return yaml.safe_load((folder / "ml-manifest.yaml").read_text())


def converse(policy, folder, answers, *options):
    """Call `policy init` at a terminal and type one answer a question; its exit code, and all that was shown."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "init", *options],
        cwd=folder,
        env={**policy.environment, "TERM": "dumb", "NO_COLOR": "1"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        preexec_fn=lambda: take_charge(follower),  # noqa: PLW1509 - the tests have one thread
    )
    os.close(follower)
    try:
        shown = talk(leader, process, list(answers))
        return process.wait(timeout=SECONDS), shown.decode().replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def talk(leader, process, answers, prompt=b"leaves it out): "):
    """Type an answer whenever a question is shown, until the other end is closed; what was shown."""
    shown, asked, last = b"", 0, b""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if not select.select([leader], [], [], 0.5)[0]:
            # An interruption just before the process starts to wait for input is noticed at the next key.
            if last == INTERRUPT and process.poll() is None:
                os.write(leader, last)
            continue
        try:
            piece = os.read(leader, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        shown += piece
        while answers and shown.count(prompt) > asked:
            asked += 1
            answer = answers.pop(0)
            last = answer if isinstance(answer, bytes) else f"{answer}\n".encode()
            os.write(leader, last)
    return shown


def take_charge(terminal):
    """Make it the terminal of the calling process: only then its keys interrupt and end."""
    # A shell starts what runs in its background with the signal switched off.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.login_tty(os.dup(terminal))


@pytest.mark.parametrize("name", PROJECTS)
def test_every_folder_gets_a_manifest_that_check_can_judge(name, plant, policy):
    folder = plant({f"{name}/{file}": content for file, content in PROJECTS[name].items()} or {"nothing/.keep": ""})
    made = policy("init", folder=folder / name)
    assert made.code == 0, made.err
    assert load(folder / name)["project"] == name
    judged = policy("check", folder=folder / name)
    assert judged.code in (0, 1, 4)
    assert judged.out in made.out
    assert judged.err == ""


def test_a_first_finding_after_one_command(plant, policy):
    made = policy("init", folder=plant(PROJECTS["axolotl"]))
    assert "block[too-few-examples]: data.rows is 3 (observed), at least 100 is required" in made.out


def test_what_was_found_is_in_the_manifest(plant, policy):
    policy("init", folder=plant(PROJECTS["llama-factory"]))
    stated = load(policy.folder)
    assert stated["data"]["sources"] == [{"path": "data/tickets.jsonl", "split": "train"}]
    assert stated["training"] == {"config": "train/lora.yaml"}


def test_a_repository_gives_the_name(plant, policy):
    folder = plant(PROJECTS["axolotl"])
    for line in (
        "init -q",
        "remote add origin https://user:hunter2@example.com/team/reply-tone.git",
        "config user.email ml@example.com",
    ):
        subprocess.run(["git", *line.split()], cwd=folder, env=policy.environment, check=True)
    made = policy("init")
    text = (folder / "ml-manifest.yaml").read_text()
    assert made.code == 0
    assert load(folder)["project"] == "reply-tone"
    assert "ml@example.com" in text
    assert not (load(folder)["owner"] or {}).get("contact")
    assert "hunter2" not in text + made.out + made.err


def test_a_manifest_that_git_ignores_is_judged_all_the_same(plant, policy):
    folder = plant({**PROJECTS["axolotl"], ".gitignore": "ml-manifest.yaml\n"})
    subprocess.run(["git", "init", "-q"], cwd=folder, env=policy.environment, check=True)
    assert "block[too-few-examples]" in policy("init").out


def test_what_stands_there_to_trap_does_not(plant, policy):
    folder = plant(
        {"a.yaml": AXOLOTL, "data/dev.jsonl/x": "", "\x1b[31m-train.jsonl": ROWS, "b/c.yaml": "a: &a [*a]\n"}
    )
    for name in ("README.md", "data/LICENSE", "fifo.yaml", "test.jsonl"):
        os.mkfifo(folder / name)
    (folder / "data/README.md").symlink_to("/etc/passwd")
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    (folder / "loop").symlink_to(".")
    (folder / "ml-manifest.schema.json").mkdir()
    result = policy("init")
    assert result.code == 0, result.err
    assert load(folder)["training"] == {"config": "a.yaml"}
    assert "\x1b" not in (folder / "ml-manifest.yaml").read_text() + result.out + result.err
    assert "root:" not in (folder / "ml-manifest.yaml").read_text() + result.out + result.err


def test_a_second_call_changes_nothing(plant, policy):
    folder = plant(PROJECTS["axolotl"])
    policy("init")
    before = (folder / "ml-manifest.yaml").read_bytes()
    again = policy("init", "--approach", "rag")
    assert (again.code, again.out) == (2, "")
    assert again.helps == ["change it, and run `policy check`; or name another folder"]
    assert (folder / "ml-manifest.yaml").read_bytes() == before


def test_a_folder_that_may_not_be_written(plant, policy, unprivileged):
    folder = plant({"locked/train/a.yaml": AXOLOTL}) / "locked"
    folder.chmod(0o555)
    try:
        result = policy("init", "locked", prepare=unprivileged)
    finally:
        folder.chmod(0o755)
    assert (result.code, result.out) == (2, "")
    assert result.headlines == ["error: a manifest cannot be written to `locked`: permission denied"]
    assert [path.name for path in folder.iterdir()] == ["train"]


def test_three_answers_at_a_terminal(plant, policy):
    folder = plant(PROJECTS["axolotl"])
    code, shown = converse(policy, folder, ["fine-tuning", "style, task-pattern", "pilot"])
    assert code == 0, shown
    stated = load(folder)
    assert (stated["approach"], stated["purpose"], stated["stage"]) == (
        "fine-tuning",
        ["style", "task-pattern"],
        "pilot",
    )
    assert shown.count("leaves it out): ") == 3
    assert shown.index("What does the project do?") < shown.index("wrote ml-manifest.yaml") < shown.index("block  ")


def test_wrong_answers_are_asked_again_and_enter_leaves_out(plant, policy):
    folder = plant(PROJECTS["prompts"])
    code, shown = converse(policy, folder, ["fine tuning", "rag", "", "soon", "", "unasked"])
    assert code == 0, shown
    assert "error: `fine tuning` is none of these" in shown
    stated = load(folder)
    assert stated["approach"] == "rag"
    assert not {"purpose", "stage"} & set(stated)


@pytest.mark.parametrize("options", [["--no-input"], ["--approach=rag", "--purpose=style", "--stage=pilot"]])
def test_a_terminal_is_not_asked_what_need_not_be_asked(plant, policy, options):
    code, shown = converse(policy, plant({"a.txt": ""}), [], *options)
    assert code == 0
    assert "leaves it out" not in shown


@pytest.mark.parametrize("key", [END_OF_INPUT, INTERRUPT], ids=["end of input", "interrupt"])
@pytest.mark.parametrize("before", [[], ["rag"], ["rag", "style"]], ids=len)
def test_who_leaves_midway_leaves_nothing_behind(plant, policy, before, key):
    folder = plant({"a.txt": ""})
    code, shown = converse(policy, folder, [*before, key])
    assert code == 130, shown
    assert "Traceback" not in shown
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def list_documented():
    """Every call of the command that the page for beginners shows."""
    text = (ROOT / "docs/how-to/start-with-a-project.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    lines = [line.partition("  #")[0].split() for block in blocks for line in block.splitlines()]
    return [line[2:] for line in lines if line[:2] == ["$", "policy"]]


def test_the_page_for_beginners_shows_what_runs(plant, policy):
    commands = list_documented()
    assert ["init"] in commands
    assert ["check"] in commands
    for command in commands:
        folder = plant({**PROJECTS["axolotl"], "bots/reply-tone/a.yaml": AXOLOTL})
        (folder / "ml-manifest.yaml").unlink(missing_ok=True)
        result = policy(*command)
        assert result.code == (1 if command == ["check"] else 0), (command, result.err)


def test_from_nothing_to_the_first_finding_in_four_commands():
    text = (ROOT / "docs/how-to/start-with-a-project.md").read_text(encoding="utf-8")
    first = re.findall(r"```text\n(.*?)```", text, re.DOTALL)[0]
    assert first.count("\n$ ") + first.startswith("$ ") <= 4


def test_from_nothing_to_a_policy_of_ones_own(plant, policy):
    folder = plant(PROJECTS["axolotl"])
    assert policy("init").code == 0
    assert policy("new", "few-epochs").code == 0
    (folder / "policy.yaml").write_text("policy_set: 1\npolicies: [catalogue, ./policies]\n")
    assert policy("test", "policies", "--require-cases", "--mutate").code == 0
    assert "few-epochs" in policy("list", "--area", "own").out
    explained = policy("explain", "few-epochs", "ml-manifest.yaml")
    assert explained.code == 0
