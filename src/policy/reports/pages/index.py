"""The index of policies, as Markdown: by area, by framework and by gate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.model.gates import EFFECTS
from policy.reports.layout import count_noun
from policy.reports.markdown import escape, write_code, write_link, write_table
from policy.reports.pages.entry import EFFECTS_ABOUT, GATE_ABOUT, MARK, say_effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.reports.pages.entry import PolicyEntry

UNSAFE = re.compile(r"[^\w.-]+")
NUMBER = re.compile(r"(\d+)")
SECTIONS = "[by area](#by-area), [by framework](#by-framework), [by gate](#by-gate)"
NO_AREA = "other"


def place_page(entry: PolicyEntry) -> str:
    """The path of a policy's page in the folder of pages."""
    area = UNSAFE.sub("-", entry.policy.area).strip(".-")
    return f"{area or NO_AREA}/{entry.policy.id}.md"


def write_index(entries: Sequence[PolicyEntry], name: str) -> str:
    """The page that leads to all others; `name` is that of the policy set."""
    head = [
        MARK,
        "# Policies",
        "",
        f"{count_noun(len(entries), 'policy')} in force in the policy set {write_code(name)}: {SECTIONS}.",
        "",
    ]
    return "\n".join([*head, *_write_areas(entries), *_write_frameworks(entries), *_write_gates(entries)]) + "\n"


def _link(entry: PolicyEntry) -> str:
    return write_link(write_code(entry.policy.id), place_page(entry))


def _write_areas(entries: Sequence[PolicyEntry]) -> Iterator[str]:
    yield "## By area"
    for area in sorted({entry.policy.area for entry in entries}):
        rows = [
            (_link(entry), entry.policy.severity, _say_run(entry), escape(entry.policy.title))
            for entry in entries
            if entry.policy.area == area
        ]
        yield from ("", f"### {escape(area or NO_AREA)}", "")
        yield from write_table(("policy", "severity", "a failure at `run`", "requirement"), rows)


def _say_run(entry: PolicyEntry) -> str:
    pair = entry.effects.get("run")
    return say_effect(pair[0]) if pair else "not judged"


def _write_frameworks(entries: Sequence[PolicyEntry]) -> Iterator[str]:
    frameworks: dict[str, dict[str, list[str]]] = {}
    for entry in entries:
        for name, controls in entry.policy.controls.items():
            for control in controls:
                frameworks.setdefault(name, {}).setdefault(control, []).append(_link(entry))
    yield from ("", "## By framework", "")
    yield "Each policy serves the controls beside it; none claims to cover one alone."
    if not frameworks:
        yield from ("", "No policy names a control.")
    for name, controls_of in sorted(frameworks.items()):
        rows = [(escape(control), ", ".join(controls_of[control])) for control in sorted(controls_of, key=_order)]
        yield from ("", f"### {escape(name)}", "")
        yield from write_table(("control", "policies"), rows)


def _order(control: str) -> list[tuple[int, str]]:
    """Numbers by size: A.7.10 after A.7.9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in NUMBER.split(control)]


def _write_gates(entries: Sequence[PolicyEntry]) -> Iterator[str]:
    yield from ("", "## By gate", "", EFFECTS_ABOUT)
    for gate, about in GATE_ABOUT.items():
        found: dict[str, list[str]] = {}
        for entry in entries:
            pair = entry.effects.get(gate)
            found.setdefault(say_effect(pair[0]) if pair else "not judged", []).append(_link(entry))
        rows = [(effect, str(len(links)), ", ".join(links)) for effect, links in sorted(found.items(), key=_rank)]
        yield from ("", f"### {gate}", "", f"{about.capitalize()}.", "")
        yield from write_table(("a failure", "count", "policies"), rows)


def _rank(item: tuple[str, list[str]]) -> tuple[int, str]:
    """The hardest effect first, what is not judged last."""
    word = item[0].split()[0]
    return (-EFFECTS.index(word) if word in EFFECTS else 1 + (word == "not"), item[0])
