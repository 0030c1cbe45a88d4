"""One request to an address: no redirect is followed, no proxy asked, nothing read but the status, and all in time."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

SECONDS: Final = 10.0
PORTS: Final = {"https": 443, "http": 80}
HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "tunegate"}


class Answer(NamedTuple):
    """The status, 0 where there is none, and what is said of it."""

    status: int
    said: str

    @property
    def is_taken(self) -> bool:
        """Whether whoever is there has it now."""
        return 200 <= self.status < 300


def post(url: str, headers: Mapping[str, str], body: bytes, seconds: float = SECONDS) -> Answer:
    """Send a body. Whatever goes wrong is an answer, too."""
    ends = time.monotonic() + seconds
    parts = urlsplit(url)
    try:
        taken = _connect(parts.hostname or "", parts.port or PORTS[parts.scheme], ends)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        return Answer(0, f"cannot be reached: {said}")
    with taken, taken.dup() as other:
        # A time-out of a socket begins anew with each byte that comes.
        timer = Timer(max(0.0, ends - time.monotonic()), _cut, [other])
        timer.daemon = True
        timer.start()
        late = Answer(0, f"did not answer within {seconds:g} s")
        try:
            answer = _exchange(parts, taken, headers, body)
        except ssl.SSLCertVerificationError as error:
            return Answer(0, f"is not who it should be: {error.verify_message}")
        except TimeoutError:
            return late
        except (OSError, HTTPException) as error:
            return late if time.monotonic() >= ends else Answer(0, f"broke off: {type(error).__name__}")
        else:
            # What was cut off may look whole.
            return late if time.monotonic() >= ends else answer
        finally:
            timer.cancel()


def _connect(host: str, port: int, ends: float) -> socket.socket:
    """A connection to the first of its addresses that answers."""
    fault: OSError = OSError("it has no address")
    for family, kind, protocol, _, place in _look_up(host, port, ends):
        found = socket.socket(family, kind, protocol)
        try:
            found.settimeout(max(0.01, ends - time.monotonic()))
            found.connect(place)
        except OSError as error:
            found.close()
            fault = error
        else:
            return found
    raise fault


def _look_up(host: str, port: int, ends: float) -> list[Any]:
    """The addresses of a name. Raises OSError, or UnicodeError, also where nobody tells them in time.

    A resolver has no limit but its own, which may be half a minute: who asks it is left behind.
    """
    told: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            told.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            told.put(error)

    Thread(target=ask, name="policy-webhooks-name", daemon=True).start()
    try:
        found = told.get(timeout=max(0.01, ends - time.monotonic()))
    except Empty:
        raise TimeoutError("nobody told its address in time") from None
    if isinstance(found, Exception):
        raise found
    return found


def _exchange(parts: SplitResult, taken: socket.socket, headers: Mapping[str, str], body: bytes) -> Answer:
    host = parts.hostname or ""
    if parts.scheme == "https":
        taken = ssl.create_default_context().wrap_socket(taken, server_hostname=host)
    connection = HTTPConnection(host, parts.port or PORTS[parts.scheme])
    connection.sock = taken
    # Where this connection ends, no other is made.
    connection.auto_open = 0
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, {"Host": parts.netloc, **HEADERS, **headers})
        status = connection.getresponse().status
    finally:
        connection.close()
    return Answer(status, f"answered {status}")


def _cut(taken: socket.socket) -> None:
    with suppress(OSError):
        taken.shutdown(socket.SHUT_RDWR)
