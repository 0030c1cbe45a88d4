"""What a policy that can be read still lacks, or says in a way that misleads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.language.polarity import Signed, walk_signed
from policy.language.vocabulary import ORDER, PRESENT, SEVERAL
from policy.model.condition import AllOf, Count, Each, Leaf, Literal, Now, Operand, Some
from policy.model.money import Money
from policy.source.node import Mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.condition import Condition
    from policy.model.policy import Policy
    from policy.source.node import Document

LONGEST_TITLE = 80
LONGEST_BECAUSE = 600
PLACEHOLDER = re.compile(r"<[^<>]+>")

# Each id names what is wrong; it stands in brackets at the end of the message.
RULES = {
    "absence-test": "a test that a missing fact can meet: more facts could turn pass into fail",
    "bare-each": "`each` without `some` or `count` on the same list holds where the list is empty",
    "commit-only": "a policy that acts at commits alone is passed by with `git commit --no-verify`",
    "constant-test": "a test against an empty list has the same result whatever the fact is",
    "file-name": "a policy is found by its id: the file bears its name",
    "fixed-threshold": "a threshold that is no parameter cannot be changed by a policy set",
    "long-because": f"`because` is read in a terminal: {LONGEST_BECAUSE} characters are enough",
    "long-title": f"a title is one line: {LONGEST_TITLE} characters are enough",
    "no-about": "a parameter says what it means, for those who set it",
    "no-because": "a policy says why it is there",
    "no-cases": "a policy shows by cases that it does what it should",
    "no-fix": "a policy says what to do about a failure",
    "placeholder": "a text in angle brackets stands for one that is still to be written",
    "repeated-value": "a value that stands in a list twice is a slip, or another value is missing",
    "single-value": "a list of one value is an `equals`",
    "title-full-stop": "a title is no sentence: it stands in tables and headings",
}


def lint_policy(policy: Policy, document: Document) -> list[Problem]:
    """What should be better in a policy that was read without problems; every problem is a warning."""
    linter = Linter(policy, document)
    linter.lint_texts()
    linter.lint_settings()
    for part in walk_signed(policy):
        linter.lint_condition(part)
    linter.lint_lists()
    return sorted(linter.problems, key=lambda problem: problem.location or Location(document.file))


class Linter:
    """Lints one policy; `problems` collects what was found."""

    def __init__(self, policy: Policy, document: Document) -> None:
        self.policy = policy
        self.document = document
        self.problems: list[Problem] = []

    def warn(self, rule: str, message: str, remedy: str, location: Location | None) -> None:
        """Note a finding of a rule."""
        where = location or self.locate("policy")
        self.problems.append(Problem(f"{message} [{rule}]", remedy, where, level="warning"))

    def locate(self, key: str) -> Location:
        """Where the value of a key stands; where it is not there, the id of the policy."""
        root = self.document.root
        node = (root.get(key) or root.get("policy") or root) if isinstance(root, Mapping) else root
        return node.location(self.document.file)

    def lint_texts(self) -> None:
        """Title, reason, remedy, and what they rest on."""
        policy = self.policy
        if policy.title.endswith("."):
            self.warn("title-full-stop", "the title ends with a full stop", "remove it", self.locate("title"))
        self._limit("long-title", "title", policy.title, LONGEST_TITLE)
        self._limit("long-because", "because", policy.because, LONGEST_BECAUSE)
        for key in ("title", "because", "fix", "limits"):
            self._lint_placeholder(f"the `{key}`", getattr(policy, key), self.locate(key))
        self._need("no-because", policy.because, "does not say why", "add `because:`")
        self._need("no-fix", policy.fix, "does not say what to do", "add `fix:`")
        self._need("no-cases", policy.cases, "has no cases", "add `cases: [{given: …, expect: …}]`")

    def _need(self, rule: str, value: Any, lack: str, remedy: str) -> None:
        if not value:
            self.warn(rule, f"the policy {lack}", remedy, None)

    def _lint_placeholder(self, what: str, text: str, location: Location | None) -> None:
        if PLACEHOLDER.fullmatch(text):
            self.warn("placeholder", f"{what} is still a placeholder", f"write it: {text[1:-1]}", location)

    def _limit(self, rule: str, key: str, text: str, longest: int) -> None:
        if len(text) > longest:
            message = f"the `{key}` has {len(text)} characters, more than {longest}"
            self.warn(rule, message, "say it shorter", self.locate(key))

    def lint_settings(self) -> None:
        """Id, effect and parameters."""
        policy = self.policy
        name = self.document.file.rpartition("/")[2].rpartition(".")[0]
        if name != policy.id:
            self.warn(
                "file-name",
                f"the policy `{policy.id}` stands in a file named `{name}`",
                f"rename the file to `{policy.id}.yaml`",
                None,
            )
        if set(policy.effect) == {"commit"}:
            message = "the policy has an effect at commits only, which can be bypassed"
            self.warn("commit-only", message, "add `default:` or another gate", self.locate("effect"))
        for spec in policy.params:
            self._lint_placeholder(f"`about` of parameter `{spec.name}`", spec.about, spec.location)
            if not spec.about:
                message = f"parameter `{spec.name}` does not say what it means"
                self.warn("no-about", message, "add `about:`", spec.location)

    def lint_condition(self, part: Signed) -> None:
        """One test: its threshold, its values, and what it says of missing facts."""
        test = part.condition
        if isinstance(test, Count):
            for word, operand in test.bounds:
                self._lint_threshold(word, operand, test.location)
        if not isinstance(test, Leaf):
            return
        if test.test in ORDER:
            self._lint_threshold(test.test, test.operand, test.location)
        if test.test in SEVERAL and isinstance(test.operand, Literal):
            self._lint_values(test, test.operand.value)
        if test.test == PRESENT:
            self._lint_presence(test, part)

    def _lint_threshold(self, word: str, operand: Operand, location: Location | None) -> None:
        literal = operand.offset if isinstance(operand, Now) else operand
        if isinstance(literal, Literal) and read_size(literal.value) not in (0, 1):
            message = f"the threshold of `{word}` is no parameter"
            self.warn("fixed-threshold", message, "name it under `params:` and write `{param: NAME}`", location)

    def _lint_values(self, leaf: Leaf, values: tuple[Any, ...]) -> None:
        what = f"`{leaf.test}` on `{leaf.path}`"
        if not values:
            result = "true" if leaf.test in ("none_of", "contains_none") else "false"
            self.warn("constant-test", f"{what} names no value and is always {result}", "name values", leaf.location)
        elif len(set(values)) < len(values):
            self.warn("repeated-value", f"{what} names a value twice", "remove one of the two", leaf.location)
        elif len(values) == 1 and leaf.test in ("one_of", "none_of"):
            word = "equals" if leaf.test == "one_of" else "not_equals"
            self.warn("single-value", f"{what} names one value only", f"use `{word}`", leaf.location)

    def _lint_presence(self, leaf: Leaf, part: Signed) -> None:
        wanted = isinstance(leaf.operand, Literal) and leaf.operand.value
        if part.in_when:
            message = f"`when` asks whether `{leaf.path}` is known: a policy that it leaves out is not judged"
            self.warn("absence-test", message, "test its value, or ask for it under `require`", leaf.location)
        elif part.signs != {1 if wanted else -1}:
            message = f"a missing `{leaf.path}` meets this test, and stating it can turn a pass into a fail"
            self.warn("absence-test", message, "require a value instead", leaf.location)

    def lint_lists(self) -> None:
        """Every `each` that an empty list would meet."""
        counted = {*counted_lists(self.policy.when), *counted_lists(self.policy.require)}
        for part in walk_signed(self.policy):
            test = part.condition
            if isinstance(test, Each) and not part.in_when and 1 in part.signs and test.path not in counted:
                message = f"`each` on `{test.path}` holds where the list is empty"
                remedy = f"say how many are needed: `{test.path}: {{count: {{at_least: 1}}}}`"
                self.warn("bare-each", message, remedy, test.location)


def read_size(value: Any) -> Any:
    """What a threshold is measured by: of money the amount."""
    return value.amount if isinstance(value, Money) else value


def counted_lists(condition: Condition) -> Iterator[str]:
    """The lists of which the condition asks at least one entry."""
    if isinstance(condition, AllOf):
        for item in condition.items:
            yield from counted_lists(item)
    elif isinstance(condition, Some) or (isinstance(condition, Count) and any(map(asks_entry, condition.bounds))):
        yield condition.path


def asks_entry(bound: tuple[str, Operand]) -> bool:
    """Whether a bound on a number of entries refuses none at all."""
    test, operand = bound
    value = operand.value if isinstance(operand, Literal) else 1
    if test == "not_equals":
        return bool(value == 0)
    return test == "more_than" or (test in ("at_least", "equals") and bool(value > 0))
