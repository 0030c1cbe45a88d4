"""Python parts → the calls in them that start a fine-tuning."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING

from policy.evidence.source.commands import name_commands
from policy.evidence.source.names import UNKNOWN, Names
from policy.structs import NamedTuple

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Sequence

    from policy.evidence.source.python_parts import Part, Spot
    from policy.evidence.source.scopes import Scope
    from policy.plugins.contracts import TrainingCall

# Loading these loads no weights.
_WITHOUT_WEIGHTS = re.compile(r"(Config|Tokenizer\w*|Processor|FeatureExtractor|Template)\.from_pretrained$")
_LOADING = re.compile(r"\w*from\w*_pretrained\(\)")
_PEFT = "peft.get_peft_model"
_PASSED_ON = re.compile(r"\.with_(raw|streaming)_response\b")
_CLIENTS = frozenset({"openai.OpenAI", "openai.AsyncOpenAI"})
_ADDRESSES = frozenset({"openai.api_base", "openai.api_type", "openai.base_url"})
MOST_LOCATED = 100
# What makes a trainer train; it can be asked to evaluate, or for a loss, without.
_TRAINING = frozenset({"train", "step", "hyperparameter_search"})


class FoundCall(NamedTuple):
    """A call that starts a fine-tuning: what it is known as, its full name, where it stands, and in which cell.

    After the first hundred of a file, where it stands is no longer told: it is the place of the last of those.
    """

    known: TrainingCall
    name: str
    spot: Spot
    label: str


class _RawCall(NamedTuple):
    known: TrainingCall
    name: str
    part: int
    function: ast.expr

    @property
    def offset(self) -> int:
        return self.function.col_offset


def find_calls(parts: Sequence[Part], known: Sequence[TrainingCall]) -> list[FoundCall]:
    """The calls in some parts that are run one after the other, in their order. Raises UnparsedError."""
    search = CallSearch(parts)
    found = sorted(search.list_calls(known), key=lambda call: (call.part, call.function.lineno, call.offset, call.name))
    located = [FoundCall(call.known, call.name, *search.locate(call)) for call in found[:MOST_LOCATED]]
    # To locate a call is to count characters, and a file can hold a hundred thousand of them.
    return located + [FoundCall(call.known, call.name, *located[-1][2:]) for call in found[MOST_LOCATED:]]


class CallSearch:
    """The calls of some parts by the names that they may have."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.names = Names([part.tree for part in parts])
        # What is the same for all calls that are known by one name.
        self._beside: dict[str, bool] = {}
        self._loading: dict[str, bool] = {}

    @cached_property
    def called(self) -> set[str]:
        """The names of everything that is called."""
        return {name for _, call, scope in self.names.calls for name in self._name(call, scope)}

    @cached_property
    def asked(self) -> dict[str, set[str]]:
        """The methods that are called, by the name of what they belong to."""
        asked: dict[str, set[str]] = {}
        for name in self.called:
            owner, _, method = name.rpartition(".")
            asked.setdefault(owner, set()).add(method)
        return asked

    def list_calls(self, known: Sequence[TrainingCall]) -> Iterator[_RawCall]:
        for number, call, scope in self.names.calls:
            found = self._recognise(call, scope, known)
            if found is not None:
                yield _RawCall(*found, number, call.func)

    def locate(self, call: _RawCall) -> tuple[Spot, str]:
        """Where a call stands, and in which cell."""
        part = self.parts[call.part]
        return part.locate(call.function), part.label

    def _name(self, call: ast.Call, scope: Scope) -> tuple[str, ...]:
        names = tuple(_PASSED_ON.sub("", name) for name in self.names.resolve(call.func, scope))
        return (*names, *name_commands(call, names, scope))

    def _recognise(
        self, call: ast.Call, scope: Scope, known: Sequence[TrainingCall]
    ) -> tuple[TrainingCall, str] | None:
        """What a call is known as; of several things that it may be, what they have in common."""
        found = [(row, name) for name in self._name(call, scope) if (row := self._find_known(name, known))]
        if not found:
            return None
        row, name = found[0]
        tools, methods = {other.tool for other, _ in found}, {other.method for other, _ in found}
        row = row._replace(tool=row.tool if len(tools) == 1 else "", method=row.method if len(methods) == 1 else "")
        if row.tool == "openai" and self._is_elsewhere:
            row = row._replace(tool="")
        # Who owns a method that counts whoever it belongs to is of no use to a reader.
        known_as = row.name.removeprefix("*.")
        return row, (name if "*" in known_as else known_as).removeprefix("$ ")

    def _find_known(self, name: str, known: Sequence[TrainingCall]) -> TrainingCall | None:
        row = next((row for row in known if compile_name(row.name).fullmatch(name)), None)
        if row is None or self._is_made_for_other(name):
            return None
        if row.beside and not self._is_called(row.beside):
            return None
        return row if not row.pretrained or self._loads_weights(row) else None

    def _is_called(self, beside: str) -> bool:
        if beside not in self._beside:
            self._beside[beside] = any(map(compile_name(beside).fullmatch, self.called))
        return self._beside[beside]

    def _is_made_for_other(self, name: str) -> bool:
        """Whether the call makes an object that is asked to do this and that, and never to train."""
        asked = self.asked.get(f"{name}()", set())
        is_class = name.rpartition(".")[2][:1].isupper()
        return is_class and bool(asked) and _TRAINING.isdisjoint(asked)

    def _loads_weights(self, row: TrainingCall) -> bool:
        """Whether an object that the row's method belongs to is made with a model whose weights were loaded."""
        if row.name not in self._loading:
            made = compile_name(row.name.rpartition("()")[0])
            makers = [
                (call, scope)
                for _, call, scope in self.names.calls
                if any(map(made.fullmatch, self._name(call, scope)))
            ]
            self._loading[row.name] = any(self._is_loaded(call, scope) for call, scope in makers)
        return self._loading[row.name]

    def _is_loaded(self, call: ast.Call, scope: Scope) -> bool:
        values = self._list_models(call, scope)
        if any(_LOADING.search(value) or f"{_PEFT}()" in value for value in values):
            return True
        return all(value.startswith(UNKNOWN) for value in values) and self._is_loading_beside

    def _list_models(self, call: ast.Call, scope: Scope) -> list[str]:
        """What the model may be that an object is made with."""
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if "model_init" in given:
            return list(self.names.resolve_result(given["model_init"], scope))
        model = given.get("model") or next(iter(call.args), None)
        return list(self.names.resolve(model, scope))

    @cached_property
    def _is_loading_beside(self) -> bool:
        """Whether the source loads weights somewhere, for a model that comes from where nobody can tell."""
        loads = any(name.endswith("from_pretrained") and not _WITHOUT_WEIGHTS.search(name) for name in self.called)
        scratch = any(name.endswith(".from_config") for name in self.called)
        return (loads and not scratch) or _PEFT in self.called

    @cached_property
    def _is_elsewhere(self) -> bool:
        """Whether a client of OpenAI is told another address than its own: other services speak the same language."""
        made = (call for _, call, scope in self.names.calls if not _CLIENTS.isdisjoint(self._name(call, scope)))
        told = any(keyword.arg in ("base_url", None) for call in made for keyword in call.keywords)
        return told or not _ADDRESSES.isdisjoint(self.names.attributes)


@cache
def compile_name(name: str) -> re.Pattern[str]:
    """A pattern for the name of a known call, also where it is imported from the module that defines it."""
    package, dot, rest = name.partition(".")
    pattern = "".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", rest))
    first = ".*" if package == "*" else re.escape(package).replace(r"\*", ".*")
    return re.compile(rf"{first}(\.[\w.]+)?{re.escape(dot)}{pattern}")
