"""One file over https, within a time and a size, and without credentials."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.loading.bundles.reference import LOOPBACK
from policy.web import make_opener

if TYPE_CHECKING:
    from http.client import HTTPResponse

SECONDS: Final = 120.0
MOST_REDIRECTS: Final = 5
CHECK: Final = "check the address and the network, or fetch it by other means and name the file"
_CHUNK: Final = 64 * 1024


class DownloadError(Exception):
    """Why the file did not come."""


def download(address: str, most: int, seconds: float = SECONDS) -> bytes:
    """The bytes at an https address, at most so many. Raises PolicyError."""
    from threading import Thread

    answers: list[bytes | Exception] = []

    def ask() -> None:
        try:
            answers.append(_fetch(address, most, seconds))
        except Exception as fault:  # noqa: BLE001 - raised again where it is waited for
            answers.append(fault)

    # A time-out of the connection holds for each step: a server may trickle, and looking up a name has no limit.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    answer = answers[0] if answers else TimeoutError()
    if isinstance(answer, bytes):
        return answer
    raise PolicyError(Problem(f"`{address}` was not fetched: {_explain(answer, seconds)}", CHECK)) from None


def _fetch(address: str, most: int, seconds: float) -> bytes:
    deadline = monotonic() + seconds
    with _open(address, seconds) as response:
        data = bytearray()
        while more := response.read1(_CHUNK):
            data += more
            if len(data) > most:
                raise DownloadError(f"it is larger than {most // 1024**2} MiB")
            if monotonic() > deadline:
                raise TimeoutError
        length = response.length
    if length:
        raise DownloadError("it ends too early")
    return bytes(data)


def _open(address: str, seconds: float) -> HTTPResponse:
    from urllib.request import HTTPRedirectHandler, Request

    class Redirects(HTTPRedirectHandler):
        """Follows a few redirects, and only to where the connection is as safe."""

        max_redirections = MOST_REDIRECTS

        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if not newurl.startswith("https://") and not is_loopback(newurl):
                fp.close()
                raise DownloadError("it sends on to an address without https, which is not followed")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    response: HTTPResponse = make_opener(Redirects()).open(Request(address), timeout=seconds)  # noqa: S310 - the scheme is checked
    return response


def is_loopback(address: str) -> bool:
    """Whether an http address leads to this machine."""
    return any(address.startswith((f"http://{host}/", f"http://{host}:")) for host in LOOPBACK)


def _explain(fault: Exception, seconds: float) -> str:
    from http.client import HTTPException
    from urllib.error import HTTPError

    cause = getattr(fault, "reason", fault)
    if isinstance(fault, HTTPError):
        fault.close()
        return f"the server answers with {fault.code}"
    if isinstance(fault, DownloadError):
        return str(fault)
    if isinstance(cause, TimeoutError):
        return f"it did not come within {seconds:g} seconds"
    if isinstance(cause, OSError):
        return f"it cannot be reached: {getattr(cause, 'strerror', None) or type(cause).__name__}"
    if isinstance(fault, HTTPException | ValueError):
        return "what answers there is not HTTP"
    raise fault
