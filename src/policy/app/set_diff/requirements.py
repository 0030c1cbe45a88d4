"""What differs in what a policy asks for: its parameters, its conditions, and which facts count only with evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.set_diff.direction import compare, negate
from policy.app.set_diff.lines import compare_lines, write_condition
from policy.app.set_diff.normal_form import normalise
from policy.language.encoding import encode_plain
from policy.language.parameters import show_parameter
from policy.language.strictness import compare_strictness, find_strict_directions
from policy.model.set_changes import MILDER, NEITHER, STRICTER, UNCLEAR, both, make_change, point
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.set_diff.halves import Half
    from policy.model.policy import ParameterSpec
    from policy.model.set_changes import Change, Pair


class Setting(NamedTuple):
    """A parameter as one of the two policies has it, if it has it, and its value there."""

    spec: ParameterSpec | None
    value: Any

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes it another one."""
        if self.spec is None:
            return ()
        encoded = None if self.value is None else encode_plain(self.value, self.spec.kind)
        return self.spec.kind.describe(), encoded

    @property
    def text(self) -> str | None:
        """The value as a policy set would write it."""
        if self.spec is None:
            return None
        return "not set" if self.value is None else show_parameter(self.spec.kind, self.value)


def compare_requirements(pair: Pair[Half]) -> Iterator[Change]:
    """Every difference."""
    for name in dict.fromkeys(spec.name for half in pair for spec in half.policy.params):
        yield from _compare_parameter(name, pair)
    yield from _compare_conditions(pair)
    observed = both(lambda half: ", ".join(sorted(half.policy.observed)) or None, pair)
    if observed[0] != observed[1]:
        # What was declared and is not observed goes from pass to unknown, and from fail to unknown as well.
        yield make_change("observed", observed, UNCLEAR)


def _compare_conditions(pair: Pair[Half]) -> Iterator[Change]:
    old, new = pair
    for key in ("when", "require"):
        conditions = getattr(old.policy, key), getattr(new.policy, key)
        written = both(lambda condition: normalise(condition, {}), conditions)
        if written[0] == written[1]:
            continue
        sign = compare(normalise(conditions[0], old.values), normalise(conditions[1], new.values))
        must = key == "require"
        before = write_condition(conditions[0], old.values, must=must)
        after = write_condition(conditions[1], new.values, must=must)
        direction = point(negate(sign) if must else sign)
        yield make_change(key, both("\n".join, (before, after)), direction, lines=compare_lines(before, after))


def find_setting(half: Half, name: str) -> Setting:
    """A parameter of a policy."""
    spec = next((spec for spec in half.policy.params if spec.name == name), None)
    return Setting(spec, half.values.get(name))


def _compare_parameter(name: str, pair: Pair[Half]) -> Iterator[Change]:
    settings = both(lambda half: find_setting(half, name), pair)
    if settings[0].identity != settings[1].identity:
        places = both(lambda half: half.locate("params", name), pair)
        texts = both(lambda setting: setting.text, settings)
        yield make_change(f"params.{name}", texts, _judge_values(settings, pair), places=places)


def _judge_values(settings: Pair[Setting], pair: Pair[Half]) -> str:
    """What another value of a parameter does, where both policies use it in one direction."""
    old, new = settings
    if old.spec is None or new.spec is None:
        # The conditions say what comes of it.
        return NEITHER
    if old.value is None or new.value is None:
        # Without a value the policy applies to nobody.
        return STRICTER if old.value is None else MILDER
    ways = {find_strict_directions(half.policy).get(old.spec.name, 0) for half in pair}
    if len(ways) > 1 or old.spec.kind.describe() != new.spec.kind.describe():
        return UNCLEAR
    return point(compare_strictness(new.spec.kind, ways.pop(), old.value, new.value))
