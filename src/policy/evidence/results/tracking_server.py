"""One answer of an HTTP server, within a time and a size, and from nowhere else."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from policy.evidence.data.json_text import BrokenTextError, read_line_value
from policy.web import make_opener

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

SECONDS = 10.0
LARGEST_ANSWER = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class NoAnswerError(Exception):
    """Why there is no answer; `status` is what the server said, 0 where it said nothing."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def fetch_json(address: str, headers: Mapping[str, str], seconds: float = SECONDS) -> Any:
    """The JSON that a GET of an http or https address gives; raises NoAnswerError.

    Nothing is redirected: headers hold credentials, which are for this server only. No reason names the address or a
    header, since an address may hold credentials, too.
    """
    from threading import Thread

    if not address.startswith(("http://", "https://")):
        raise NoAnswerError("its address is no http or https address")
    answers: list[bytes | Exception] = []

    def ask() -> None:
        try:
            answers.append(_fetch(address, headers, seconds))
        except Exception as fault:  # noqa: BLE001 - raised again where it is waited for
            answers.append(fault)

    # A time-out of the connection holds for each step: a server may trickle, and looking up a name has no limit.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    answer = answers[0] if answers else NoAnswerError(f"it did not answer within {seconds:g} seconds")
    if isinstance(answer, Exception):
        raise answer
    try:
        return read_line_value(answer, 1)
    except BrokenTextError:
        raise NoAnswerError("its answer is not JSON") from None


def _fetch(address: str, headers: Mapping[str, str], seconds: float) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request

    deadline = monotonic() + seconds
    try:
        with make_opener().open(Request(address, headers=dict(headers)), timeout=seconds) as response:  # noqa: S310 - checked
            return _read_up_to(response, deadline)
    except HTTPError as fault:
        fault.close()
        raise NoAnswerError(_explain_status(fault.code), fault.code) from None
    except TimeoutError:
        raise NoAnswerError(f"it did not answer within {seconds:g} seconds") from None
    except OSError as fault:
        raise NoAnswerError(_explain_fault(fault, seconds)) from None
    except (HTTPException, ValueError, UnicodeError):
        raise NoAnswerError("what it answers is not HTTP, or its address is none") from None


def _read_up_to(response: HTTPResponse, deadline: float) -> bytes:
    data = bytearray()
    while more := response.read1(_CHUNK):
        data += more
        if len(data) > LARGEST_ANSWER:
            raise NoAnswerError(f"its answer is larger than {LARGEST_ANSWER // 1024**2} MiB")
        if monotonic() > deadline:
            raise TimeoutError
    return bytes(data)


def _explain_fault(fault: OSError, seconds: float) -> str:
    """What kept it from being reached; urllib wraps what the system said."""
    cause = getattr(fault, "reason", fault)
    if isinstance(cause, TimeoutError):
        return f"it did not answer within {seconds:g} seconds"
    told = getattr(cause, "strerror", None) or type(fault).__name__
    return f"it cannot be reached: {told}"


def _explain_status(status: int) -> str:
    if 300 <= status < 400:
        return "it sends on to another address, which is not followed"
    if status in (401, 403):
        return f"it refuses access ({status})"
    return f"it answers with the error {status}"
