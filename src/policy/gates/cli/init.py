"""`policy init`: a manifest drafted from what is there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from policy.app.drafts.findings import find_project
from policy.app.drafts.manifests import Answers, draft_manifest
from policy.app.drafts.new_files import refuse_existing, write_new_file
from policy.app.drafts.observation import observe_draft
from policy.app.manifests import refuse_name
from policy.errors import PolicyError, Problem
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.questions import ask_one, ask_several, can_ask, split_words
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf
from policy.gates.cli.workspace import open_here
from policy.loading.discovery import NEAR_NAMES
from policy.model.fields import APPROACHES, SCHEMA
from policy.model.kinds import EnumKind, KindError, ListKind
from policy.model.manifest import MANIFEST_NAME
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from policy.app.drafts.findings import Findings
    from policy.app.drafts.manifests import Draft


def list_choices(path: str) -> tuple[str, ...]:
    """The words that a field can hold, or the members of its list."""
    kind = SCHEMA.fields[path].kind
    kind = kind.of if isinstance(kind, ListKind) else kind
    return kind.choices if isinstance(kind, EnumKind) else ()


PURPOSES = list_choices("purpose")
STAGES = list_choices("stage")


def _read_purposes(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word for value in values for word in split_words(value)))
    purpose = NameOf("purpose", PURPOSES)
    return tuple(purpose.convert(word, None, None) for word in words)


def _read_text(_context: click.Context, option: click.Parameter, value: Any) -> str:
    if value is None:
        return ""
    try:
        SCHEMA.fields["project"].kind.read(value.strip(), plain=True)
        value.encode()
    except KindError as error:
        raise PolicyError(Problem(f"`{option.opts[0]}`: {error.message}", "name it, or leave the option out")) from None
    except UnicodeEncodeError:
        raise PolicyError(Problem(f"`{option.opts[0]}` is not UTF-8", "use other characters")) from None
    return str(value.strip())


@click.command("init")
@click.argument("path", default=".", metavar="[PATH]")
@click.option("--approach", type=NameOf("approach", APPROACHES), help="What the project does.")
@click.option(
    "--purpose",
    multiple=True,
    metavar=f"[{'|'.join(PURPOSES)}]",
    callback=_read_purposes,
    help="Why the model is adapted; several with commas, or the option again.",
)
@click.option("--stage", type=NameOf("stage", STAGES), help="How far the project is.")
@click.option("--project", callback=_read_text, help="Its name; by default the repository's or the folder's.")
@click.option("--team", callback=_read_text, help="The team that answers for it.")
@click.option("--no-input", is_flag=True, help="Ask nothing; so it is without a terminal, too.")
@config_option
def command(
    path: str,
    approach: str | None,
    purpose: tuple[str, ...],
    stage: str | None,
    project: str,
    team: str,
    no_input: bool,
    config: str | None,
) -> int:
    """Write an ml-manifest.yaml for the project in the folder PATH (by default: here), and judge it.

    It states what was said by options, what is answered at the terminal (three questions at most), and what
    files say: the training config, its approach and base model, the data that it names, licences on data cards. What
    is only guessed is commented out, such as results files and how often the data changes; and so is what nobody
    stated, with what can be written there. An ml-manifest.yaml that is there is never touched.

    \b
    policy init
    policy init bots/reply-tone --approach fine-tuning --purpose style --stage pilot
    policy init --no-input

    Exit codes: 0 the manifest is written, whatever `policy check` then says of it; 2 it is not.
    """  # noqa: D301 - click needs the character itself to leave lines as they are
    target = os.path.normpath(os.path.join(path, MANIFEST_NAME))
    refuse_target(path, target)
    workspace = open_here(config, path)
    # A file whose name is no text is never read.
    refuse_name(os.path.relpath(os.path.realpath(target), workspace.root))
    problems: list[Problem] = []
    found = find_project(workspace, path, problems)
    if not (project or found.project):
        raise PolicyError(Problem("neither a repository nor the folder gives the project a name", "add --project NAME"))
    answers = Answers(project, team, approach or "", purpose, stage or "")
    if can_ask() and not no_input:
        answers = ask_rest(answers, found)
    now = datetime.now(UTC).replace(microsecond=0)
    draft = draft_manifest(found, answers, workspace.policy_set, now)
    evidence = observe_draft(workspace, found, draft.text, now.date())
    draft = draft_manifest(found, answers, workspace.policy_set, now, evidence)
    write_new_file(target, draft.text)
    say(describe_draft(target, found, draft))
    show_check(target, now, config, problems)
    again = f"policy check {os.path.normpath(path)}" if os.path.normpath(path) != "." else "policy check"
    say(f"\nnext: state in {target} what is commented out and known, then run `{again}`")
    return 0


def refuse_target(path: str, target: str) -> None:
    """Raises PolicyError where no manifest can be written into the folder."""
    if not os.path.isdir(path):
        what = "is a file" if os.path.lexists(path) else "does not exist"
        raise PolicyError(Problem(f"`{path}` {what}", "name the project's folder"))
    refuse_existing(target, "change it, and run `policy check`; or name another folder")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        message = f"a manifest cannot be written to `{path}`: permission denied"
        raise PolicyError(Problem(message, "get permission to read and write there, or name another folder"))
    near = next((name for name in sorted(os.listdir(path)) if name in NEAR_NAMES), None)
    if near is not None:
        message = f"`{os.path.normpath(os.path.join(path, near))}` looks like the manifest of this folder"
        raise PolicyError(Problem(message, f"rename it to {MANIFEST_NAME}"))


def ask_rest(answers: Answers, found: Findings) -> Answers:
    """The answers, with what no option said asked of the person at the terminal."""
    approach, purpose, stage = answers.approach, answers.purpose, answers.stage
    if not approach:
        seen = " A training config is here, which is fine-tuning or hybrid." if found.configs else ""
        approach = ask_one(f"What does the project do?{seen}", APPROACHES)
    if not purpose:
        purpose = ask_several("Why is the model adapted?", PURPOSES)
    if not stage:
        stage = ask_one("How far is the project?", STAGES)
    return answers._replace(approach=approach, purpose=purpose, stage=stage)


def describe_draft(target: str, found: Findings, draft: Draft) -> str:
    """What was found and written, in a line."""
    seen = [count_noun(len(found.configs), "training config")]
    if found.sources:
        seen.append(count_noun(len(found.sources), "data set"))
    keys = f"{count_noun(draft.stated, 'line')} stated, {draft.waiting} commented out for you to complete"
    return f"wrote {target}: found {' and '.join(seen)}; {keys}\n"


def show_check(target: str, now: datetime, config: str | None, problems: list[Problem]) -> None:
    """Judge what was written and print the report; that it cannot be judged is said, too."""
    from policy.app.checking import CheckRequest
    from policy.gates.cli.check import open_check, write_reports
    from policy.gates.cli.outputs import Output
    from policy.gates.cli.streams import use_colour
    from policy.gates.cli.targets import Target

    request = CheckRequest((target,), "check", now, config=config, formats=(("text", use_colour()),))
    try:
        check = open_check(request)
        write_reports(check, [Output(Target("text", None), check.bench.reporters[0])])
    except PolicyError as error:
        print_problems(error.problems)
        return
    said = set(check.problems)
    print_problems((problem for problem in problems if problem not in said), check.bench.contexts[0].show_path)
