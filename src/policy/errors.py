"""The error family: every problem carries where it is and what to do about it."""

from __future__ import annotations

from policy.structs import NamedTuple


class Location(NamedTuple):
    """A place in a file: `file` relative to the project's root, lines and columns from 1, ends exclusive."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing that is wrong with an input, or (level `warning`) that someone should know about it."""

    message: str
    remedy: str = ""
    location: Location | None = None
    related: tuple[tuple[str, Location], ...] = ()
    level: str = "error"

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        remedy = f"\n  help: {self.remedy}" if self.remedy else ""
        return f"{where}{self.message}{remedy}"


class PolicyError(Exception):
    """The input, the configuration or a policy is wrong; holds every problem that was found, not the first."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[PolicyError], tuple[Problem, ...]]:
        return type(self), self.problems


class NothingToJudgeError(PolicyError):
    """There is no subject, or no policy to judge it by: never a vacuous pass."""

    exit_code = 3
