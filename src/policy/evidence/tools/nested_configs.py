"""Configs of sections within sections, whose values may refer to each other as OmegaConf has it: `${a.b}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.evidence.tools.config_reading import ConfigReading, Setting
from policy.source.node import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

# Recipes are composed below `recipes`, and refer to themselves by that name.
_REFERENCE = re.compile(r"\$\{(?:oc\.select:)?(?:recipes\.)?([A-Za-z_][\w.]*)(?:,\s*([^{}$]*))?\}")
_OPEN = "${"
# References can lead in a circle, and grow with each step.
_STEPS = 5
_LONGEST = 1000

NOTHING: Final = Setting(None, None)
EMPTY: Final = Mapping({}, 1, 1, 1, 1)


class NestedReading(ConfigReading):
    """A reading that follows references; one that leads elsewhere leaves the value open, which is no fault."""

    def _look_up(self, key: str, within: Mapping | None, wanted: str, read: Callable[[str], Any]) -> Setting:
        mapping = self.root if within is None else within
        entry = mapping.entries.get(key)
        if entry and isinstance(entry[1], Scalar) and _OPEN in entry[1].text:
            node = entry[1]
            text = expand(self.root, node.text)
            if text is None:
                return Setting(None, node)
            followed = Scalar(text, node.plain, node.line, node.column, node.end_line, node.end_column)
            mapping = Mapping({key: (entry[0], followed)}, 1, 1, 1, 1)
        return super()._look_up(key, mapping, wanted, read)


def find_section(root: Mapping, *keys: str) -> Mapping:
    """The mapping below the keys; an empty one where there is none."""
    for key in keys:
        node = root.get(key)
        if not isinstance(node, Mapping):
            return EMPTY
        root = node
    return root


def expand(root: Mapping, text: str) -> str | None:
    """The text with its references replaced by what they name; None where one leads nowhere, or in a circle."""
    for _ in range(_STEPS):
        if _OPEN not in text:
            return text
        if len(text) > _LONGEST:
            return None
        *texts, rest = _split(text)
        parts = [(before, _follow(root, path, default)) for before, path, default in texts]
        if not parts or any(named is None for _, named in parts):
            return None
        text = "".join(f"{before}{named}" for before, named in parts) + rest[0]
    return None


def _split(text: str) -> list[tuple[str, ...]]:
    """The references, each as the text before it, its path and its default; then what is left."""
    pieces = _REFERENCE.split(text)
    return [tuple(pieces[start : start + 3]) for start in range(0, len(pieces), 3)]


def _follow(root: Mapping, path: str, default: str | None) -> str | None:
    *sections, key = path.split(".")
    node = find_section(root, *sections).get(key)
    if isinstance(node, Scalar) and len(node.text) <= _LONGEST:
        return node.text
    return default
