"""What the README and the how-to pages tell a reader to type, typed; and their examples, tried."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
EXAMPLE = ROOT / "examples/reply-tone"
# What needs a terminal, a folder without a manifest, a remote repository or what an earlier line wrote is typed in the
# tests of those commands.
ELSEWHERE = ("--ask", "policy init", "--policies-from", "--baseline", "ledger erase")


def list_blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of the languages."""
    text = page.read_text(encoding="utf-8")
    return [body for language, body in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL) if language in languages]


def list_commands() -> list[str]:
    """Every line that starts the command by its name."""
    lines = [line for page in PAGES for block in list_blocks(page, "console", "sh") for line in block.splitlines()]
    commands = [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]
    typed = [command for command in commands if not any(words in command for words in ELSEWHERE)]
    return list(dict.fromkeys(command for command in typed if command.startswith("policy ")))


def find_block(page: str, first: str) -> str:
    """The YAML block of a how-to page that has a line which starts like this."""
    blocks = list_blocks(ROOT / f"docs/how-to/{page}.md", "yaml")
    return next(block for block in blocks if f"\n{first}" in f"\n{block}")


def test_commands_are_found():
    assert "policy check" in list_commands()
    assert len(list_commands()) >= 5


@pytest.mark.parametrize("command", list_commands())
def test_a_command_that_is_shown_runs(command, policy, tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "project")
    result = policy(*command.split()[1:], folder=folder)
    assert result.err == ""
    judged = command.startswith("policy check") and "--output github" not in command
    assert result.out.startswith("allow  reply-tone") or not judged
    assert result.code == 0


def test_the_quick_start_is_blocked_as_it_says(policy):
    (line,) = [line for block in list_blocks(PAGES[0], "sh") for line in block.splitlines() if "policy check" in line]
    assert policy(*line.split("policy ")[-1].split(), folder=ROOT).code == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_a_shell(shell, policy):
    result = policy(env={"_POLICY_COMPLETE": f"{shell}_source"})
    assert "_POLICY_COMPLETE" in result.out
    assert result.code == 0
    page = (ROOT / "docs/how-to/check-in-a-terminal.md").read_text(encoding="utf-8")
    assert f"_POLICY_COMPLETE={shell}_source policy" in page


def test_what_completion_prints_is_a_script(policy):
    if shutil.which("bash") is None:
        pytest.skip("no bash on this system")
    script = policy(env={"_POLICY_COMPLETE": "bash_source"}).out
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)


def test_the_policy_of_the_guide_is_written_in_three_steps(plant, policy):
    tier = "fields: {x.tier: {type: enumeration, values: [gold, silver], about: Service level}}\n"
    plant(
        {
            "policies/owners/gold-tier-owner.yaml": find_block("write-a-policy", "policy: "),
            "policy.yaml": f"policy_set: 1\npolicies: [./policies]\n{tier}",
            "ml-manifest.yaml": "manifest: 1\nproject: a\nowner: {team: ml}\nx: {tier: gold}\n",
        }
    )
    lint = policy("lint", "policies/")
    assert "1 policy file, 0 errors" in lint.out
    test = policy("test", "policies/", "--require-cases")
    assert test.out.startswith("ok   gold-tier-owner: ")
    assert test.code == 0
    explained = policy("explain", "gold-tier-owner", "ml-manifest.yaml")
    assert "\na: " in explained.out
    assert explained.code == 0
    assert "block[gold-tier-owner]: owner.contact is not stated" in policy("check").out


def test_the_policy_set_of_the_guide_is_read(plant, policy):
    text = find_block("configure-a-policy-set", "policy_set: 1")
    plant(
        {
            "policy.yaml": text,
            "policies/own/own.yaml": "policy: own\ntitle: Own\nseverity: low\nrequire: {x.tier: gold}\neffect: flag\n",
            "plugins/acme_policy.py": "from policy import hookimpl\n\n@hookimpl\ndef collectors():\n    return []\n",
        }
    )
    path = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}plugins"}
    result = policy("list", "--gate", "ci", env=path)
    assert result.err == ""
    assert re.search(r"few-examples +\w+ +block ", result.out)
    assert result.code == 0


def test_the_policy_set_that_starts_softly_never_blocks(plant, policy):
    plant({"policy.yaml": find_block("check-in-ci", "policy_set: 1")})
    shutil.copytree(ROOT / "examples/pricing-answers", plant({}) / "project")
    result = policy("check", "--gate", "ci")
    assert "would block" in result.out
    assert result.code == 0
