"""The few requests to GitHub's REST API that a comment takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.reports.layout import clean
from policy.structs import NamedTuple
from policy.web import make_opener

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.error import HTTPError

SECONDS = 20.0
LARGEST_ANSWER = 32 * 1024 * 1024
PAGE, MOST_PAGES = 100, 100
VERSION = "2022-11-28"


class ForgeError(Exception):
    """Why a request had no success; `status` is what the server said, 0 where it said nothing."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Forge(NamedTuple):
    """Where the API is, the token for it, and the repository as `owner/name`. Every method raises ForgeError."""

    address: str
    token: str
    repository: str

    def list_comments(self, number: int) -> list[Any]:
        """All comments of a pull request, oldest first."""
        found: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            part = self._send("GET", f"issues/{number}/comments?per_page={PAGE}&page={page}")
            if not isinstance(part, list):
                raise ForgeError("the server's answer is no list of comments")
            found += part
            if len(part) < PAGE:
                return found
        raise ForgeError(f"there are more than {PAGE * MOST_PAGES} comments to look through")

    def post_comment(self, number: int, body: str) -> None:
        self._send("POST", f"issues/{number}/comments", {"body": body})

    def edit_comment(self, comment: int, body: str) -> None:
        self._send("PATCH", f"issues/comments/{comment}", {"body": body})

    def _send(self, method: str, path: str, document: Any = None) -> Any:
        """Nothing is redirected: the token is for this server only."""
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.parse import quote
        from urllib.request import Request

        if not self.address.startswith(("https://", "http://")):
            raise ForgeError("GITHUB_API_URL is no http or https address")
        address = f"{self.address.rstrip('/')}/repos/{quote(self.repository)}/{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "tunegate",
            "X-GitHub-Api-Version": VERSION,
        }
        data = None if document is None else json.dumps(document).encode()
        request = Request(address, data, headers, method=method)  # noqa: S310 - the address is looked at above
        try:
            with make_opener().open(request, timeout=SECONDS) as response:
                return _read_answer(response)
        except HTTPError as fault:
            with fault:
                raise ForgeError(_explain_status(fault), fault.code) from None
        except OSError as fault:
            cause = getattr(fault, "reason", fault)
            raise ForgeError(f"the server cannot be reached: {clean(str(cause), 200)}") from None
        except (HTTPException, ValueError, RecursionError):
            raise ForgeError("the server's answer is not what GitHub's API gives") from None


def _read_answer(response: HTTPResponse) -> Any:
    data = response.read(LARGEST_ANSWER + 1)
    if len(data) > LARGEST_ANSWER:
        raise ForgeError(f"the server's answer is larger than {LARGEST_ANSWER // 1024**2} MiB")
    return json.loads(data)


def _explain_status(fault: HTTPError) -> str:
    """The status, and the server's own words where it has some."""
    if 300 <= fault.code < 400:
        return "the server sends on to another address, which is not followed"
    try:
        said = json.loads(fault.read(LARGEST_ANSWER))["message"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        said = ""
    return f"the server answers with {fault.code}" + (
        f" ({clean(said, 200)})" if isinstance(said, str) and said else ""
    )
