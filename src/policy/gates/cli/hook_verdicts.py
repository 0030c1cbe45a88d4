"""What a hook says of what it judged: nothing where everything is allowed."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from os.path import abspath
from typing import TYPE_CHECKING

from policy.app.checking import Check, CheckRequest, exit_code
from policy.app.hooks.snapshots import working_in
from policy.errors import NothingToJudgeError, PolicyError
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.progress import show_progress
from policy.gates.cli.streams import say, use_colour
from policy.gates.cli.targets import Target
from policy.loading.discovery import find_root
from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.app.hooks.pushes import Tip

# What stops somebody is explained in full; what passes by, with flags, in a line a finding.
FULL, SHORT = "text", "short"
WORST_FIRST = (70, 2, 1, 4, 3, 0)


def make_request(gate: str, config: str | None, trusted: str | None, paths: tuple[str, ...] = (".",)) -> CheckRequest:
    """What to judge and how: now, in full and in short."""
    now = datetime.now(UTC).replace(microsecond=0)
    config = config and abspath(config)
    formats = tuple((name, use_colour()) for name in (FULL, SHORT))
    return CheckRequest(paths, gate, now, config=config, formats=formats, trusted=trusted, home=find_root("."))


def judge_folder(
    request: CheckRequest,
    folder: str,
    tip: Tip | None = None,
    *,
    must_judge: bool = False,
    edit: Callable[[PolicyError], PolicyError] | None = None,
) -> int:
    """Judge what is in a folder, say what is not simply allowed, and give the exit code.

    Where no policy is judged at the gate, that is an error for who `must_judge`, and else a warning. What is wrong
    before anything is judged is said as `edit` gives it.
    """
    with working_in(folder):
        try:
            check = Check(request)
        except PolicyError as error:
            if isinstance(error, NothingToJudgeError) and not must_judge:
                print_problems(problem._replace(level="warning") for problem in error.problems)
                return 0
            moved = relocate(error, folder)
            return refuse(edit(moved) if edit else moved, tip)
        return report(check, tip)


def report(check: Check, tip: Tip | None) -> int:
    """Judge; print nothing where everything is allowed and nothing is wrong."""
    bench = check.bench
    with ExitStack() as stack:
        outs = [Output(Target(reporter.name, None), reporter) for reporter in bench.reporters]
        for out in outs:
            stack.callback(out.discard)
        stack.enter_context(show_progress())
        for rendered in check.run():
            for out, text in zip(outs, rendered.texts, strict=True):
                out.add(rendered.verdict, text)
        code = exit_code(check.summary, check.problems, check.request.fail_on)
        code = 0 if code == NothingToJudgeError.exit_code else code
        if check.summary.verdicts["allow"] < check.summary.subjects or check.problems:
            chosen = 0 if code else 1
            say_tip(tip)
            print_problems(check.problems, bench.contexts[chosen].show_path)
            end = bench.reporters[chosen].finish(check.summary, check.problems, bench.contexts[chosen])
            outs[chosen].finish(end)
            if not code and tip is None:
                say(f"in full: policy check --gate {check.request.gate}")
    return code


def refuse(error: PolicyError, tip: Tip | None) -> int:
    """Say what is wrong, and give the exit code."""
    say_tip(tip)
    print_problems(error.problems)
    return error.exit_code


def say_tip(tip: Tip | None) -> None:
    """Say which commit the following is about, where there may be several."""
    if tip is not None:
        say(f"{show_text(', '.join(tip.references))} ({tip.commit[:10]}):")


def choose_worst(codes: Iterable[int]) -> int:
    """Of several exit codes the one that counts."""
    return min(codes, key=WORST_FIRST.index, default=0)
