"""What a policy says of its mutants: which of them no case can tell from it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.model.kinds import STRING
from policy.model.policy import EquivalentMutant
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Sequence

if TYPE_CHECKING:
    from policy.model.schema import Schema
    from policy.source.node import Node

KEYS = ("mutant", "because")
EXAMPLE = 'write `equivalent: [{mutant: "…", because: …}]`'


def read_equivalents(root: Mapping, schema: Schema, file: str, problems: list[Problem]) -> tuple[EquivalentMutant, ...]:
    """The explanations under the policy's `equivalent`; what is wrong is added to `problems`."""
    node = root.get("equivalent")
    if node is None:
        return ()
    reader = FactReader(schema, file, problems)
    if not isinstance(node, Sequence):
        reader.refuse(node, "`equivalent` needs a list", EXAMPLE)
        return ()
    read: dict[str, EquivalentMutant] = {}
    for item in node.items:
        explained = _read_explanation(item, file, reader)
        if explained is None:
            continue
        first = read.setdefault(explained.mutant, explained)
        if first is not explained:
            message = f"`{explained.mutant}` is explained twice"
            related = (("the other one", first.location),) if first.location else ()
            problems.append(Problem(message, "leave one out", explained.location, related))
    return tuple(read.values())


def _read_explanation(node: Node, file: str, reader: FactReader) -> EquivalentMutant | None:
    if not isinstance(node, Mapping):
        reader.refuse(node, "an explanation needs `mutant` and `because`", EXAMPLE)
        return None
    for text, (key, _) in node.entries.items():
        if text not in KEYS:
            reader.refuse(key, f"unknown key `{text}` in an explanation", f"the keys are {', '.join(KEYS)}")
    texts = [_read_text(node, key, reader) for key in KEYS]
    return EquivalentMutant(texts[0], texts[1], node.location(file)) if all(texts) else None


def _read_text(node: Mapping, key: str, reader: FactReader) -> str:
    value = node.get(key)
    if value is None:
        reader.refuse(node, f"the explanation has no `{key}`", f"add `{key}:`")
        return ""
    text = reader.read_value(STRING, value, key)
    return "" if text is NOTHING else " ".join(str(text).split())
