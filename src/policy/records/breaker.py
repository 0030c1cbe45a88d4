"""A database that does not answer is asked by one at a time, and the others know at once."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError
from policy.records.faults import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

DOWN: Final = ("lost", "unreachable")
HELD: Final = (*DOWN, "locked")
"""Faults that who writes has in common with all others who do; reading goes on while somebody else writes."""
ANSWERS: Final = ("draft", "refused", "locked", "full", "read-only", "schema", "corrupt")
"""Faults of which only a database that answers tells."""


class Turn:
    """One that asks: it began when so many faults had been met."""

    def __init__(self, breaker: Breaker, *, probes: bool) -> None:
        self._breaker = breaker
        self._met = breaker.met
        self.probes = probes

    def check(self) -> None:
        """Raises what others have met while this one waited for its turn."""
        fault = self._breaker.fault
        if not self.probes and fault is not None and self._breaker.met != self._met:
            raise repeat(fault)


class Breaker:
    """Is told what comes of each question; threads share it. `kinds` are the faults that others would meet, too."""

    def __init__(self, kinds: tuple[str, ...] = DOWN) -> None:
        self.kinds = kinds
        self.fault: LedgerError | None = None
        # How many faults there were.
        self.met = 0
        # The thread that looks whether it still is down; 0 where none does.
        self._prober = 0
        self._lock = Lock()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Ask within. Raises LedgerError at once where it is down, and somebody looks already whether it still is."""
        with self._lock:
            if self.fault is not None and self._prober not in (0, get_ident()):
                raise repeat(self.fault)
            begins = self.fault is not None and not self._prober
            if begins:
                self._prober = get_ident()
            turn = Turn(self, probes=self.fault is not None)
        try:
            yield turn
        except PolicyError as error:
            if isinstance(error, LedgerError) and error.kind in self.kinds:
                self._note(error)
            elif not isinstance(error, LedgerError) or error.kind in ANSWERS:
                # Whoever refuses has been answered, and so has whom the database refuses.
                self._clear()
            raise
        else:
            self._clear()
        finally:
            if begins:
                self._prober = 0

    def _clear(self) -> None:
        if self.fault is not None:
            with self._lock:
                self.fault = None

    def _note(self, error: LedgerError) -> None:
        with self._lock:
            self.fault = error
            self.met += 1


def repeat(fault: LedgerError) -> LedgerError:
    """The same fault, for somebody else."""
    problem = fault.problems[0]
    return LedgerError(fault.kind, problem.message, problem.remedy)
