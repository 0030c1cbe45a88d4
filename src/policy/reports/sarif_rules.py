"""The rules of a SARIF report: what each policy that is judged at the gate asks for, why, and what to do instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.language.phrases import fill_parameters
from policy.language.prose import ProseWriter
from policy.model.condition import AllOf
from policy.reports.alerts import end_sentence
from policy.reports.fingerprints import CONTRADICTION, PROPOSED, UNASSESSED
from policy.reports.layout import clean
from policy.reports.markdown import escape, write_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.policy import Policy, PolicySet

LEVELS: Final = {"block": "error", "hold": "warning", "flag": "warning", "advise": "note"}
PROBLEM_SEVERITIES: Final = {"error": "error", "warning": "warning", "note": "recommendation"}
# Within what GitHub calls critical (from 9.0), high (7.0), medium (4.0) and low.
SECURITY_SEVERITIES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
# GitHub refuses a file with a rule that has more, and shows ten.
TAGS: Final = 20
# A help text is written by the author of a policy, and no longer than a page.
LONGEST: Final = 20_000
ADDRESS: Final = re.compile(r"https://[\w.-]+(?:/[\w.~:/?#@!&'()*+,;=%-]*)?", re.ASCII)
RESERVED: Final = {
    CONTRADICTION: (
        "The manifest and the evidence agree",
        "The manifest states what evidence speaks against. Correct the one that is wrong.",
        "warning",
    ),
    UNASSESSED: (
        "Every policy can be assessed",
        "Some policies could not be judged, and none of them acts for that. Unknown is never a pass: state the facts.",
        "note",
    ),
    PROPOSED: (
        "The change proposes other policies",
        "With the policies that this change proposes the project would be judged otherwise. They enforce nothing yet.",
        "note",
    ),
}


def list_judged(policy_set: PolicySet, gate: str) -> list[Policy]:
    """The policies that are judged at a gate, by id."""
    judged = (policy for policy in policy_set.policies if policy_set.effect_of(policy, gate))
    return sorted(judged, key=lambda policy: policy.id)


def list_rules(policy_set: PolicySet, gate: str) -> list[dict[str, Any]]:
    """The rule of each policy that is judged, and those of what is found beside them."""
    rules = [_make_rule(policy, policy_set, gate) for policy in list_judged(policy_set, gate)]
    for rule, (title, about, level) in RESERVED.items():
        described = _describe(rule, title, about, about, escape(about), level)
        rules.append({**described, "properties": {"tags": ["ml-governance"], **_rate(level)}})
    return rules


def list_taxonomies(policy_set: PolicySet, gate: str) -> list[dict[str, Any]]:
    """The frameworks whose controls the policies serve, each with the controls that are named."""
    frameworks: dict[str, dict[str, None]] = {}
    for policy in list_judged(policy_set, gate):
        for name, controls in policy.controls.items():
            frameworks.setdefault(name, {}).update(dict.fromkeys(controls))
    return [
        {
            "name": clean(name),
            "shortDescription": {"text": f"Controls of {clean(name)} that policies serve."},
            "taxa": [{"id": clean(control)} for control in sorted(controls)],
        }
        for name, controls in sorted(frameworks.items())
    ]


def quote_braces(text: str) -> str:
    """A text as a SARIF message: nothing in it is a placeholder or a link."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _make_rule(policy: Policy, policy_set: PolicySet, gate: str) -> dict[str, Any]:
    level = LEVELS[policy_set.effect_of(policy, gate) or "advise"]
    params = policy_set.values_for(policy)
    sections = [(title, end_sentence(clean(body, LONGEST))) for title, body in _list_sections(policy, params)]
    text = "\n\n".join(f"{title}: {body}" for title, body in sections)
    markdown = "\n\n".join(f"**{title}.** {escape(body)}" for title, body in sections)
    more = f"policy explain {policy.id}"
    rule = _describe(
        policy.id,
        fill_parameters(policy.title, policy, params),
        fill_parameters(policy.because, policy, params) or sections[0][1],
        f"{text}\n\nMore: {more}",
        f"{markdown}\n\nMore: {write_code(more)}",
        level,
    )
    address = next((text for text in policy.references if ADDRESS.fullmatch(text)), None)
    if address is not None:
        rule["helpUri"] = address
    if policy.controls:
        rule["relationships"] = [
            {"target": {"id": clean(control), "toolComponent": {"name": clean(name)}}, "kinds": ["relevant"]}
            for name, controls in sorted(policy.controls.items())
            for control in sorted(set(controls))
        ]
    severity = {"security-severity": SECURITY_SEVERITIES[policy.severity], "severity": policy.severity}
    return {**rule, "properties": {"tags": list(_list_tags(policy)), **_rate(level), **severity}}


def _describe(rule: str, title: str, about: str, text: str, markdown: str, level: str) -> dict[str, Any]:
    return {
        "id": rule,
        "shortDescription": {"text": quote_braces(end_sentence(clean(title)))},
        "fullDescription": {"text": quote_braces(end_sentence(clean(about)))},
        "help": {"text": quote_braces(text), "markdown": markdown},
        "defaultConfiguration": {"level": level},
    }


def _rate(level: str) -> dict[str, str]:
    """How GitHub ranks it among rules of its kind."""
    return {"precision": "high", "problem.severity": PROBLEM_SEVERITIES[level]}


def _list_sections(policy: Policy, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Headings and texts of a rule's help; the first is always there."""
    prose = ProseWriter(params)
    yield "Required", prose.say(policy.require, must=True)
    if policy.when != AllOf():
        yield "Where", prose.say(policy.when)
    if policy.because:
        yield "Why", fill_parameters(policy.because, policy, params)
    if policy.fix:
        yield "What to do", fill_parameters(policy.fix, policy, params)
    if policy.instead:
        yield "Instead", ", ".join(policy.instead)
    if policy.limits:
        yield "When it may be wrong", fill_parameters(policy.limits, policy, params)
    if policy.references:
        yield "Where it comes from", "; ".join(policy.references)


def _list_tags(policy: Policy) -> Iterator[str]:
    """No more tags than a rule may have; the controls are all among its relationships."""
    tags = ["ml-governance", policy.area, *(f"instead:{name}" for name in policy.instead)]
    tags += [f"{name}:{control}" for name, controls in sorted(policy.controls.items()) for control in sorted(controls)]
    yield from list(dict.fromkeys(clean(tag) for tag in tags if tag))[:TAGS]
