"""What broke in the code of a plugin, said without the values that it worked on."""

from __future__ import annotations

import os

BREAKING = (Exception, SystemExit)
"""What a plugin may raise; one that exits must not end the command, with 0 of all things."""


class ToldFaultError(Exception):
    """Something broke in another process; the text says what, as `describe_fault` does."""


def describe_fault(error: BaseException) -> str:
    """`ValueError in acme.py, line 12`.

    The error's own text may quote personal data, or an address in memory that is another one each time: it
    would stand in reports, and in digests that must be the same again.
    """
    if isinstance(error, ToldFaultError):
        return str(error)
    name, trace = type(error).__name__, error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return name
    return f"{name} in {os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno}"
