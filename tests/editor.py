"""YAML as an editor sees it: values by the core schema of YAML 1.2, checked against a JSON Schema."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

from policy.source.node import Mapping, Node, Scalar, Sequence
from tests.building import make_document

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(f"{sign}inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}


def see(text: str) -> Any:
    """What an editor takes the YAML text for."""
    return see_node(make_document(text).root)


def see_node(node: Node) -> Any:
    """What an editor takes the node for."""
    if isinstance(node, Sequence):
        return [see_node(item) for item in node.items]
    if isinstance(node, Mapping):
        return {name: see_node(value) for name, (_, value) in node.entries.items()}
    assert isinstance(node, Scalar)
    if not node.plain:
        return node.text
    if node.text in WORDS:
        return WORDS[node.text]
    if INTEGER.fullmatch(node.text):
        return int(node.text, 0) if node.text[:2] in ("0x", "0o") else int(node.text)
    return float(node.text) if NUMBER.fullmatch(node.text) else node.text


class Editor:
    """Underlines what a JSON Schema does not allow."""

    def __init__(self, schema: dict[str, Any]) -> None:
        Draft7Validator.check_schema(schema)
        self.validator = Draft7Validator(schema, format_checker=FormatChecker(["date"]))

    def accepts(self, value: Any) -> bool:
        return bool(self.validator.is_valid(value))

    def underlines(self, value: Any) -> list[str]:
        """The paths of what is wrong, from the innermost alternatives, such as `$.require.approach`."""
        errors = list(self.validator.iter_errors(value))
        return sorted({inner.json_path for error in errors for inner in _find_causes(error)})


def _find_causes(error: Any) -> list[Any]:
    causes = [cause for part in error.context or () for cause in _find_causes(part)]
    return causes or [error]
