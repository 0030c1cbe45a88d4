"""`policy data`: training files checked before anybody uploads them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from policy.errors import Location, PolicyError, Problem
from policy.evidence.job_files.providers import PROVIDERS
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf, refuse_name

if TYPE_CHECKING:
    from policy.evidence.job_files.judgement import Finding, Judgement
    from policy.evidence.job_files.judging import Task

COMMANDS = ("validate",)
KINDS = ("chat", "preference")
VALID, INVALID, UNREAD = 0, 1, 2


class DataCommands(click.Group):
    """Says of a wrong name what was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise refuse_name("command", f"data {args[0]}", [f"data {name}" for name in COMMANDS])
        return super().resolve_command(ctx, args)


@click.group("data", cls=DataCommands)
def command() -> None:
    """Check training files before they are sent anywhere.

    \b
    policy data validate train.jsonl --provider openai
    """  # noqa: D301 - click needs the character itself to leave lines as they are


@command.command("validate", short_help="Check a training file by the rules of a provider.")
@click.argument("file", type=click.Path())
@click.option(
    "--provider",
    type=NameOf("provider", PROVIDERS),
    required=True,
    metavar="NAME",
    help="Whose rules hold: openai or azure.",
)
@click.option(
    "--kind",
    type=NameOf("kind of file", KINDS),
    metavar="KIND",
    help="What a row is: chat (a conversation) or preference (two answers, for DPO); by default the first row tells.",
)
@click.option("--validation", type=click.Path(), metavar="FILE", help="The validation file, which must not overlap.")
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
def validate(file: str, provider: str, kind: str | None, validation: str | None, form: str) -> int:
    """Check a training file (JSON Lines) against the rules of the provider that is to train from it.

    Nothing is sent anywhere, and neither a manifest nor a policy set is needed. Every violation is counted and
    the first 100 are shown, by key and position: a row may be personal, so its values are never printed.

    Exit codes: 0 the file keeps the rules, 1 it breaks some, 2 it cannot be read, or not in full.
    """
    from policy.evidence.job_files.fingerprints import Fingerprints
    from policy.evidence.job_files.judging import Task

    judged: dict[str, Judgement] = {}
    rows = None
    if validation is not None:
        _refuse_same(file, validation)
        rows = Fingerprints(validation)
        judged["validation"] = _judge(validation, Task(PROVIDERS[provider], kind, for_training=False, gathered=rows))
        kind = kind or judged["validation"].kind
    training = _judge(file, Task(PROVIDERS[provider], kind, excluded=rows))
    judged = {"training": training, **judged}
    if form == "json":
        from policy.evidence.job_files.encoding import encode_judgements

        say(json.dumps(encode_judgements(judged), indent=2))
    else:
        say("\n\n".join(_write_text(judgement) for judgement in judged.values()))
    verdicts = [judgement.valid for judgement in judged.values()]
    return INVALID if False in verdicts else UNREAD if None in verdicts else VALID


def _refuse_same(file: str, validation: str) -> None:
    if os.path.exists(file) and os.path.exists(validation) and os.path.samefile(file, validation):
        message = f"`{file}` is given both for training and for validation"
        raise PolicyError(Problem(message, "name two files"))


def _judge(path: str, task: Task) -> Judgement:
    from policy.evidence.job_files.judging import judge_file
    from policy.gates.cli.progress import show_progress

    try:
        with show_progress():
            return judge_file(path, path, task)
    except FileNotFoundError:
        raise PolicyError(Problem("the file does not exist", "check the path", Location(path))) from None
    except OSError as fault:
        message = f"the file cannot be read: {fault.strerror}"
        raise PolicyError(Problem(message, "name a file that you may read", Location(path))) from None


def _write_text(judgement: Judgement) -> str:
    blocks = [_write_finding(finding) for finding in judgement.findings]
    lines = [_summarise(judgement)]
    lines += [f"  not read: {reason}" for reason in judgement.unread]
    lines += [f"  note: {note}" for note in judgement.notes]
    return "\n\n".join([*blocks, "\n".join(lines)])


def _write_finding(finding: Finding) -> str:
    """The problem as it is shown everywhere, with the row's outline where others quote the line."""
    from policy.gates.cli.problems import format_problem

    head, *rest = format_problem(finding.problem, lambda file: file).split("\n")
    return "\n".join([head, *(f"    | {line}".rstrip() for line in finding.outline), *rest])


def _summarise(judgement: Judgement) -> str:
    from policy.source.display import show_text

    verdicts = {True: "valid", False: "not valid", None: "not judged in full"}
    kind = judgement.kind or "training"
    rows = f"{judgement.rows:,} row{'s' * (judgement.rows != 1)}"
    counts = [f"{_count(judgement.errors, 'error')}", f"{_count(judgement.warnings, 'warning')}"]
    left = sum(judgement.errors.values()) + sum(judgement.warnings.values()) - len(judgement.findings)
    counts += [f"{left:,} of them not shown"] * (left > 0)
    verdict = f"{verdicts[judgement.valid]} as a {kind} file for {judgement.provider.title}"
    return f"{show_text(judgement.file)}: {verdict}: {rows}, {', '.join(counts)}"


def _count(rules: dict[str, int], noun: str) -> str:
    total = sum(rules.values())
    each = ", ".join(f"{rule} {count:,}" for rule, count in sorted(rules.items()))
    return f"{total or 'no'} {noun}{'s' * (total != 1)}{f' ({each})' if each else ''}"
