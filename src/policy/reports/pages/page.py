"""The page of one policy, as Markdown: for the engineer who fails it, and for the one who answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.outline import Outline, outline_condition
from policy.language.phrases import Markup, fill_parameters, join_words
from policy.language.prose import ProseWriter
from policy.model.condition import AllOf
from policy.reports.markdown import (
    escape,
    escape_inline,
    write_code,
    write_fence,
    write_link,
    write_table,
    write_text,
)
from policy.reports.pages.entry import EFFECTS_ABOUT, GATE_ABOUT, MARK, say_effect
from policy.reports.pages.inputs import write_facts, write_parameters
from policy.reports.pages.policy_examples import write_examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.policy import Policy
    from policy.reports.pages.entry import PolicyEntry

WAIVER_ABOUT = (
    "A waiver lifts it for one project, for a time, with a reason; somebody else has to approve it, and reports go on "
    "showing what would have failed. Ask for one with"
)
UNKNOWN_ABOUT = (
    "The outcome is unknown where a fact that decides it is neither stated nor observed: unknown is never a pass."
)
MARKUP = Markup(name=write_code, value=escape_inline, text=write_code)


def write_page(entry: PolicyEntry) -> str:
    """The page."""
    policy = entry.policy
    facts = [policy.severity, f"area {escape(policy.area)}" if policy.area else "", _say_since(policy)]
    sections = (
        ("What it requires", _write_requirement(entry)),
        ("Why", [write_text(fill_parameters(policy.because, policy, entry.params))]),
        ("What it does", _write_effects(entry)),
        ("What to do instead", _write_fix(entry)),
        ("Examples", write_examples(entry)),
        ("What it looks at", write_facts(entry)),
        ("Parameters", write_parameters(entry)),
        ("When it may be wrong", [write_text(policy.limits)]),
        ("How to ask for a waiver", _write_waiver(entry)),
        (
            "Controls that it serves",
            [f"- {escape(name)}: {escape(', '.join(controls))}" for name, controls in policy.controls.items()],
        ),
        ("Where it comes from", [*(f"- {escape(text)}" for text in policy.references), "", _say_file(entry)]),
    )
    lines = [MARK, f"# {escape(policy.title)}", "", f"{write_code(policy.id)} · {' · '.join(filter(None, facts))}"]
    for title, body in sections:
        if any(body):
            lines += ["", f"## {title}", "", *body]
    return "\n".join(squeeze(lines)) + "\n"


def squeeze(lines: list[str]) -> Iterator[str]:
    """The lines without empty ones that follow each other."""
    previous = ""
    for line in lines:
        if line or previous:
            yield line
        previous = line


def _say_since(policy: Policy) -> str:
    return f"since {escape(policy.since)}" if policy.since else ""


def _say_file(entry: PolicyEntry) -> str:
    shown = write_code(entry.file)
    return f"The policy itself: {write_link(shown, entry.link) if entry.link else shown}"


# What it requires


def _write_requirement(entry: PolicyEntry) -> list[str]:
    policy, prose = entry.policy, ProseWriter(entry.params, markup=MARKUP)
    if policy.when == AllOf():
        lines = write_outline(
            "It is for every project. It requires", outline_condition(policy.require, prose, must=True)
        )
    else:
        lines = write_outline("It is for a project of which", outline_condition(policy.when, prose), " is true")
        required = outline_condition(policy.require, prose, must=True)
        lines += ["", *write_outline("Of such a project it requires", required)]
    if policy.observed:
        names = join_words([write_code(path) for path in sorted(policy.observed)], "and")
        lines += [
            "",
            f"Of {names} only what evidence observes or a trusted signer attests counts, not what a manifest says.",
        ]
    unset = [write_code(spec.name) for spec in policy.params if spec.name not in entry.params]
    if unset:
        lines += ["", f"It applies to nothing until the policy set gives a value to {join_words(unset, 'and')}."]
    return lines


def write_outline(start: str, outline: Outline, end: str = "") -> list[str]:
    """A sentence that leads to a list, and the condition as that list."""
    if outline.text:
        return [f"{start}{' this' if end else ''}{end}:", "", *_write_part(outline, "")]
    which = "all of this" if outline.word == "all" else "at least one of these"
    return [f"{start} {which}{end}:", "", *(line for part in outline.parts for line in _write_part(part, ""))]


def _write_part(outline: Outline, indent: str) -> Iterator[str]:
    if not outline.parts:
        yield f"{indent}- {outline.text}"
        return
    which = "all of this" if outline.word == "all" else "at least one of these"
    if outline.text.endswith("of which"):
        yield f"{indent}- {outline.text} {which} is true:"
    else:
        yield f"{indent}- {outline.text}{', ' if outline.text else ''}{which}:"
    for part in outline.parts:
        yield from _write_part(part, f"{indent}  ")


# What it does


def _write_effects(entry: PolicyEntry) -> list[str]:
    rows = []
    notes: dict[str, None] = {}
    for gate, pair in entry.effects.items():
        place = f"`{gate}`, {GATE_ABOUT[gate]}"
        if pair is None:
            rows.append((place, "not judged", "not judged"))
            continue
        rows.append((place, say_effect(pair[0]), say_effect(pair[1])))
        notes |= dict.fromkeys(effect.note for effect in pair if effect.note and effect.would_be)
    table = write_table(("at the gate", "a failure", "an unknown outcome"), rows)
    more = [f"Why a milder effect stands in for another: {escape('; '.join(notes))}."] if notes else []
    more += [f"It acts in full from {entry.starts} on."] if entry.starts else []
    more += ["It is final: no layer of the policy set that comes later may loosen it."] if entry.final else []
    return [*table, "", EFFECTS_ABOUT, UNKNOWN_ABOUT, *more]


def _write_fix(entry: PolicyEntry) -> list[str]:
    policy = entry.policy
    lines = [write_text(fill_parameters(policy.fix, policy, entry.params))]
    if policy.instead:
        lines += ["", f"Approaches that would do: {join_words([write_code(name) for name in policy.instead])}."]
    return lines


def _write_waiver(entry: PolicyEntry) -> list[str]:
    return [
        WAIVER_ABOUT,
        "",
        *write_fence("sh", [f"policy waive {entry.policy.id} --project NAME --reason WHY --expires DATE --owner TEAM"]),
    ]
