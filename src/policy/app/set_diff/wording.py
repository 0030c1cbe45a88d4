"""What differs in a policy and changes no outcome: its texts, and what is written otherwise and means the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.set_diff.actions import find_effect, find_mode, find_unknown_effect, say_unknown
from policy.app.set_diff.lines import compare_lines
from policy.app.set_diff.normal_form import normalise
from policy.app.set_diff.requirements import Setting, find_setting
from policy.language.encoding import encode_condition
from policy.model.gates import GATES
from policy.model.set_changes import both, make_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.set_diff.halves import Half
    from policy.model.policy import Policy
    from policy.model.set_changes import Change, Pair

TEXTS = ("title", "because", "fix", "limits", "area", "since")
LISTS = ("instead", "references")


def compare_wording(pair: Pair[Half]) -> Iterator[Change]:
    """Every difference."""
    old, new = both(lambda half: half.policy, pair)
    for key in TEXTS:
        yield from _compare_texts(key, both(_list_text, (getattr(old, key), getattr(new, key))))
    for key in LISTS:
        yield from _compare_texts(key, (list(getattr(old, key)), list(getattr(new, key))))
    yield from _compare_texts("controls", both(_list_controls, (old, new)))
    for spec in old.params:
        yield from _compare_parameter(spec.name, pair)
    for key in ("when", "require"):
        yield from _compare_order(key, pair)
    yield from _compare_actions(pair)


def _list_text(text: str) -> list[str]:
    return [text] if text else []


def _list_controls(policy: Policy) -> list[str]:
    return sorted(f"{framework}: {control}" for framework, ids in policy.controls.items() for control in ids)


def _compare_texts(key: str, texts: Pair[list[str]]) -> Iterator[Change]:
    if texts[0] != texts[1]:
        yield make_change(key, both(lambda lines: "; ".join(lines) or None, texts), lines=compare_lines(*texts))


def _compare_parameter(name: str, pair: Pair[Half]) -> Iterator[Change]:
    """Its description, and a default in whose place the policy sets put the same value."""
    settings = both(lambda half: find_setting(half, name), pair)
    old, new = settings[0].spec, settings[1].spec
    if old is None or new is None:
        return
    yield from _compare_texts(f"params.{name}.about", ([old.about], [new.about]))
    defaults = Setting(old, old.default), Setting(new, new.default)
    if settings[0].identity == settings[1].identity and defaults[0].identity != defaults[1].identity:
        yield make_change(f"params.{name}.default", both(lambda default: default.text, defaults))


def _compare_order(key: str, pair: Pair[Half]) -> Iterator[Change]:
    """A condition that is written otherwise and means the same."""
    conditions = both(lambda half: getattr(half.policy, key), pair)
    plain = both(lambda condition: normalise(condition, {}), conditions)
    encoded = both(encode_condition, conditions)
    if encoded[0] != encoded[1] and plain[0] == plain[1]:
        yield make_change(f"{key}, which means the same", (None, None))


def _compare_actions(pair: Pair[Half]) -> Iterator[Change]:
    """A mode, and effects that are written otherwise and come out the same at every gate."""
    modes = both(lambda half: half.policy_set.modes.get(half.policy.id), pair)
    if modes[0] != modes[1] and find_mode(pair[0]) == find_mode(pair[1]):
        yield make_change("mode, which comes out the same", modes)
    written = both(_show_effects, pair)
    if written[0] != written[1] and _are_alike(pair, find_effect):
        yield make_change("effect, which comes out the same", written)
    said = both(say_unknown, pair)
    if said[0] != said[1] and _are_alike(pair, find_unknown_effect):
        yield make_change("on_unknown, which comes out the same", said)


def _are_alike(pair: Pair[Half], find: Callable[[Half, str], str | None]) -> bool:
    return all(find(pair[0], gate) == find(pair[1], gate) for gate in GATES)


def _show_effects(half: Half) -> str:
    return ", ".join(f"{gate}: {effect}" for gate, effect in sorted(half.policy.effect.items()))
