"""A policy file → Policy: every key read, every name checked, all problems at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError, Problem
from policy.language.cases import read_cases
from policy.language.conditions import ConditionReader
from policy.language.parameters import merge_kinds, read_parameter
from policy.model.condition import AllOf, Condition, Leaf, outer_paths, walk
from policy.model.fields import ALTERNATIVES, SCHEMA
from policy.model.gates import EFFECTS, GATES, SEVERITIES
from policy.model.kinds import STRING, Kind, KindError, enum, list_of
from policy.model.policy import ParameterSpec, Policy
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Document, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.language.operands import Use
    from policy.model.policy import EquivalentMutant
    from policy.model.schema import Schema

KEYS = (
    "policy",
    "title",
    "severity",
    "when",
    "require",
    "params",
    "observed",
    "on_unknown",
    "effect",
    "instead",
    "because",
    "fix",
    "limits",
    "since",
    "references",
    "controls",
    "cases",
    "equivalent",
)
NEEDED = ("policy", "title", "severity", "require", "effect")
OTHER_FILES = {
    "policy_set": ("a policy set", "`policy list --config FILE` reads it"),
    "manifest": ("a manifest", "`policy check FILE` reads it"),
}
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def read_policy(document: Document, schema: Schema = SCHEMA, *, area: str = "", with_cases: bool = True) -> Policy:
    """The policy that the document holds. Raises PolicyError with every problem found.

    `with_cases` false leaves the cases unread, for commands that only judge.
    """
    reader = PolicyReader(document, schema)
    policy = reader.read(area, with_cases=with_cases)
    if reader.problems:
        raise PolicyError(*sorted(reader.problems, key=lambda problem: problem.location or ()))
    return policy


class PolicyReader:
    """Reads one policy; `problems` collects what is wrong."""

    def __init__(self, document: Document, schema: Schema) -> None:
        self.document = document
        self.file = document.file
        self.schema = schema
        self.problems: list[Problem] = []
        self.values = FactReader(schema, self.file, self.problems)
        self.conditions = ConditionReader(schema, self.file, self.problems)

    def refuse(self, node: Node, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(message, remedy, node.location(self.file)))

    def read(self, area: str, *, with_cases: bool) -> Policy:
        root = self.document.root
        if not isinstance(root, Mapping):
            self.refuse(root, "the policy is not a mapping", f"write the keys {', '.join(NEEDED)}")
            raise PolicyError(*self.problems)
        self._refuse_other_files(root)
        self._check_keys(root)
        required = root.get("require")
        when = self._condition(root, "when")
        require = self._condition(root, "require")
        params = self._params(root)
        cases = read_cases(root, params, self.schema, self.file, self.problems) if with_cases else ()
        policy = Policy(
            id=self._name(root),
            title=self._text(root, "title"),
            severity=self._choice(root, "severity", SEVERITIES) or "medium",
            when=when,
            require=require,
            params=params,
            effect=self._effect(root),
            observed=frozenset(self._observed(root, when, require)),
            on_unknown=self._choice(root, "on_unknown", ("same", *EFFECTS)),
            instead=self._texts(root, "instead", enum(*ALTERNATIVES)),
            because=" ".join(self._text(root, "because").split()),
            fix=" ".join(self._text(root, "fix").split()),
            limits=" ".join(self._text(root, "limits").split()),
            since=self._text(root, "since"),
            references=self._texts(root, "references", STRING),
            controls=self._controls(root),
            area=area,
            cases=cases,
            equivalents=self._equivalents(root) if with_cases else (),
            location=root.location(self.file),
            require_location=required.location(self.file) if required else None,
        )
        self._check_placeholders(root, params)
        return policy

    def _refuse_other_files(self, root: Mapping) -> None:
        """A manifest or a policy set is no policy: said once, not key by key."""
        for key, (what, remedy) in OTHER_FILES.items():
            if root.get(key) is not None and root.get("policy") is None:
                self.refuse(root.entries[key][0], f"this file is {what}, not a policy", remedy)
                raise PolicyError(*self.problems)

    def _check_keys(self, root: Mapping) -> None:
        for text, (key, _) in root.entries.items():
            if text not in KEYS:
                from policy.source.suggestion import nearest

                close = nearest(text, KEYS)
                self.refuse(
                    key,
                    f"unknown key `{text}`",
                    f"write `{close}`" if close else f"the keys are {', '.join(KEYS)}",
                )
        for text in NEEDED:
            if root.get(text) is None:
                where = root.location(self.file)._replace(end_line=0)
                self.problems.append(Problem(f"the policy has no `{text}`", f"add `{text}:`", where))

    def _name(self, root: Mapping) -> str:
        text = self._text(root, "policy")
        node = root.get("policy")
        if node is not None and text and not NAME.fullmatch(text):
            self.refuse(node, f"`{text}` is no policy id", "use lower-case words joined by hyphens: volatile-data")
        return text

    def _text(self, root: Mapping, key: str) -> str:
        node = root.get(key)
        if node is None:
            return ""
        value = self.values.read_value(STRING, node, key)
        return "" if value is NOTHING else str(value)

    def _choice(self, root: Mapping, key: str, choices: tuple[str, ...]) -> str | None:
        node = root.get(key)
        value = NOTHING if node is None else self.values.read_value(enum(*choices), node, key)
        return None if value is NOTHING else str(value)

    def _texts(self, root: Mapping, key: str, kind: Kind) -> tuple[str, ...]:
        node = root.get(key)
        value: Any = NOTHING if node is None else self.values.read_value(list_of(kind), node, key)
        return () if value is NOTHING else value.items

    def _condition(self, root: Mapping, key: str) -> Condition:
        node = root.get(key)
        return AllOf() if node is None else self.conditions.read(node, key)

    def _effect(self, root: Mapping) -> dict[str, str]:
        node = root.get("effect")
        if node is None:
            return {}
        return read_effect(node, self.values)

    def _observed(self, root: Mapping, when: Condition, require: Condition) -> Iterable[str]:
        node = root.get("observed")
        if node is None:
            return
        items = node.items if isinstance(node, Sequence) else [node]
        read = {*outer_paths(when), *outer_paths(require)}
        expressions = [part.reads for part in (*walk(when), *walk(require)) if isinstance(part, Leaf)]
        for item in items:
            path = item.text if isinstance(item, Scalar) else ""
            if path not in self.schema.fields:
                self.conditions.operands.refuse_field(item, path, self.schema.fields, member=False)
            elif any(path in reads for reads in expressions):
                message = f"`{path}` is under `observed`, and a CEL expression reads it, whoever told it"
                self.refuse(item, message, "test it without `cel`, or leave it out here")
            elif path not in read:
                self.refuse(item, f"`{path}` is under `observed` and no test reads it", "leave it out, or test it")
            else:
                yield path

    def _controls(self, root: Mapping) -> dict[str, tuple[str, ...]]:
        node = root.get("controls")
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.refuse(node, "`controls` needs frameworks", "write `controls: {nist-ai-rmf: [MANAGE 2.2]}`")
            return {}
        return {name: self._texts(node, name, STRING) for name in node.entries}

    def _equivalents(self, root: Mapping) -> tuple[EquivalentMutant, ...]:
        if root.get("equivalent") is None:
            return ()
        from policy.language.equivalents import read_equivalents

        return read_equivalents(root, self.schema, self.file, self.problems)

    # Parameters

    def _params(self, root: Mapping) -> tuple[ParameterSpec, ...]:
        node = root.get("params")
        if node is not None and not isinstance(node, Mapping):
            self.refuse(node, "`params` needs names", "write `params: {name: {default: …, about: …}}`")
        declared = node.entries if isinstance(node, Mapping) else {}
        uses: dict[str, list[Use]] = {}
        for use in self.conditions.operands.uses:
            uses.setdefault(use.name, []).append(use)
            if use.name not in declared:
                from policy.source.suggestion import nearest

                close = nearest(use.name, declared)
                remedy = (
                    f"write `{close}`" if close else f"declare it: `params: {{{use.name}: {{default: …, about: …}}}}`"
                )
                self.problems.append(Problem(f"parameter `{use.name}` is not declared", remedy, use.location))
        return tuple(self._param(key, value, uses.get(name, [])) for name, (key, value) in declared.items())

    def _param(self, key: Scalar, node: Node, uses: list[Use]) -> ParameterSpec:
        name = key.text
        if not PARAMETER_NAME.fullmatch(name):
            self.refuse(key, f"`{name}` is no parameter name", "use lower-case words joined by `_`")
        if not uses:
            self.refuse(key, f"parameter `{name}` is not used", "use it in a test, or leave it out")
        kind = self._common_kind(uses)
        default: Any = None
        about = ""
        if not isinstance(node, Mapping):
            self.refuse(
                node,
                f"parameter `{name}` needs `default` or `about`",
                f"write `{name}: {{default: …, about: …}}`",
            )
            return ParameterSpec(name, kind)
        for text, (word, value) in node.entries.items():
            if text == "default":
                default = self._default(kind, value, name) if uses else None
            elif text == "about":
                about = self._text(node, "about")
            else:
                self.refuse(word, f"unknown key `{text}` in parameter `{name}`", "the keys are default, about")
        return ParameterSpec(name, kind, default, about, key.location(self.file))

    def _default(self, kind: Kind, node: Node, name: str) -> Any:
        value = read_parameter(kind, node, name, self.values)
        return None if value is NOTHING else value

    def _common_kind(self, uses: list[Use]) -> Kind:
        common = uses[0].kind if uses else STRING
        for use in uses[1:]:
            merged = merge_kinds(common, use.kind)
            if merged is None:
                self._refuse_use(use, uses[0])
            common = merged or common
        return common

    def _refuse_use(self, use: Use, first: Use) -> None:
        kind, other = use.kind.describe(), first.kind.describe()
        message = f"parameter `{use.name}` stands for {kind} here and for {other} elsewhere"
        related = ((f"used for {other} here", first.location),)
        self.problems.append(Problem(message, "use two parameters", use.location, related))

    def _check_placeholders(self, root: Mapping, params: tuple[ParameterSpec, ...]) -> None:
        names = {spec.name for spec in params}
        for key in ("fix", "because", "title"):
            node = root.get(key)
            if isinstance(node, Scalar):
                for name in PLACEHOLDER.findall(node.text):
                    if name not in names:
                        self.refuse(node, f"`{key}` speaks of `{{{name}}}`, which is no parameter", "name a parameter")


def read_effect(node: Node, values: FactReader) -> dict[str, str]:
    """The mapping of gate (or `default`) to effect; a single effect stands for every gate."""
    kind = enum(*EFFECTS)
    if isinstance(node, Scalar):
        value = values.read_value(kind, node, "effect")
        return {} if value is NOTHING else {"default": value}
    if not isinstance(node, Mapping) or not node.entries:
        values.refuse(node, "`effect` needs an effect", "write `effect: {commit: flag, default: block}`")
        return {}
    effects: dict[str, str] = {}
    for text, (key, inner) in node.entries.items():
        if text not in (*GATES, "default"):
            try:
                enum(*GATES, "default").read(text, plain=True)
            except KindError as error:
                values.refuse(key, f"no gate of that name: {error.message}", error.remedy)
            continue
        value = values.read_value(kind, inner, f"effect.{text}")
        if value is not NOTHING:
            effects[text] = value
    return effects
