"""`policy baseline`: record the findings of today, so that only new and worsened ones fail a check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from policy.app.baselines.opening import name_file, open_previous, refuse_gate, suggest_recording
from policy.app.baselines.writing import write_baseline
from policy.app.checking import CheckRequest
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.check import list_inputs, open_check
from policy.gates.cli.options import config_option, gate_option, time_option, trusted_option
from policy.gates.cli.outputs import Output, Whole
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import say
from policy.gates.cli.targets import Target, refuse_inputs, refuse_links
from policy.language.identity import digest_policy_set
from policy.loading.discovery import find_root
from policy.model.baseline import BASELINE_NAME
from policy.reports.known import NAMED, name_entry
from policy.reports.layout import clean, count_noun, join_names

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.baselines.running import BaselineRun
    from policy.app.checking import Check
    from policy.model.baseline import Baseline


@click.command("baseline")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--file",
    "file",
    type=click.Path(),
    metavar="FILE",
    help=f"The baseline; without it {BASELINE_NAME} at the repository's root.",
)
@click.option("--prune", is_flag=True, help="Only take out what is fixed; new and worsened findings are not added.")
@gate_option
@time_option
@config_option
@trusted_option
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes to use; by default as many as the work is worth.")
def command(
    paths: tuple[str, ...],
    file: str | None,
    prune: bool,
    gate: str,
    now: datetime,
    config: str | None,
    trusted: str | None,
    jobs: int | None,
) -> int:
    """Judge what is below the PATHs (by default: below here), and record every finding as known.

    `policy check --baseline FILE` then fails only for findings that are new or worsened. What was recorded at other
    gates, and for projects that are not below the PATHs, stays as it is.

    \b
    policy baseline --gate ci                   record what is below here, as it is judged in CI
    policy baseline --gate ci --prune           take out what is fixed, and add nothing
    policy check --gate ci --baseline .policy-baseline.json

    Exit codes: 0 recorded, 2 the input is wrong (nothing is written), 3 nothing to judge.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    refuse_gate(gate)
    root = find_root(paths[0] if paths else ".")
    path = file if file is not None else os.path.relpath(os.path.join(root, BASELINE_NAME))
    try:
        previous = open_previous(root, path)
    except PolicyError as error:
        raise relocate(error, root) from None
    if prune and not os.path.lexists(path):
        message = f"there is no baseline `{path}` to take something out of"
        raise PolicyError(Problem(message, suggest_recording(gate, name_file(path, root))))
    request = CheckRequest(
        paths or (".",), gate, now, config=config, formats=(), jobs=jobs, trusted=trusted, baseline=previous
    )
    check = open_check(request._replace(recording=True))
    target = Target("baseline", path)
    refuse_links([target], root)
    refuse_inputs([target], list_inputs(check))
    with show_progress():
        for _ in check.run():
            pass
    print_problems(check.problems, check.bench.workspace.show_path)
    refuse_broken(check)
    if check.known is not None:
        write(target, check, check.known, prune=prune)
    return 0


def refuse_broken(check: Check) -> None:
    """Raises PolicyError where something could not be judged, or nothing was: of that no baseline can be made."""
    broken = sum(problem.level == "error" for problem in check.problems)
    if broken:
        message = f"nothing is recorded: {count_noun(broken, 'problem')} with the input"
        raise PolicyError(Problem(message, "mend it first: what cannot be judged is never a known finding"))
    if not check.summary.subjects:
        message = f"there is nothing to judge in {' '.join(check.request.paths)}, so nothing is recorded"
        raise NothingToJudgeError(Problem(message, "name the folder that holds an ml-manifest.yaml"))


def write(target: Target, check: Check, known: BaselineRun, *, prune: bool) -> None:
    """Write the file, unless it says all that already, and say what is different."""
    whole, path = check.is_whole, str(target.path)
    first = not os.path.lexists(path)
    policy_set = check.bench.workspace.policy_set
    digest = digest_policy_set(policy_set)
    made = known.prune(whole=whole) if prune else known.record(digest, whole=whole)
    if made != known.baseline or first:
        output = Output(target, Whole())
        try:
            output.finish(write_baseline(made))
        finally:
            output.discard()
    say(say_made(made, known, path, whole=whole, prune=prune))
    if first:
        command = clean(f"policy check --gate {known.gate} --baseline {path}")
        say(f"next: commit it; `{command}` then fails only for what is new or worse")
    else:
        say_beyond(known, prune=prune)
    mode = policy_set.gate(known.gate).mode
    if mode != "enforce" and not prune:
        told = f"note: the gate `{known.gate}` is in the mode {mode}"
        say(f"{told}; what it does when it goes further is not covered by this")


def say_beyond(known: BaselineRun, *, prune: bool) -> None:
    """Name what is new or worse, so that nobody accepts it unseen."""
    beyond = [entry for entry, state in known.recorded if state in ("new", "worsened")]
    if beyond:
        names = join_names([name_entry(entry) for entry in beyond], NAMED)
        counted = f"{count_noun(len(beyond), 'finding')} that {'is' if len(beyond) == 1 else 'are'} new or worse"
        say(f"{'not added' if prune else 'known from now on'}: {counted}: {names}")


def say_made(made: Baseline, known: BaselineRun, path: str, *, whole: bool, prune: bool) -> str:
    """How many findings are known now, and what became of those before."""
    states = [state for _, state in known.recorded]
    fixed = len(known.list_fixed(whole=whole))
    words = [word for word in ("new", "worsened", "improved", "known") if not (prune and word == "new")]
    counts = {word: states.count(word) for word in words} | {"fixed": fixed}
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    held = count_noun(len(made.entries), "known finding")
    return f"{clean(path)}: {held}{f' ({told} at the gate {known.gate})' if told else ''}"
