"""Whether a request to act is meant: no page of somebody else's makes a browser send one that is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from policy.gates.mlflow.server.api.exchange import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.gates.mlflow.server.api.exchange import Answer

JSON: Final = "application/json"


def check_origin(headers: Mapping[str, str], host: str) -> Answer | None:
    """The refusal of a request to act, None where it is taken; `host` is the server's, as the request names it.

    A browser sends passwords and cookies by itself, but no form and no link of another site makes it send JSON, and
    what it sends to another site names where it comes from.
    """
    if "Cookie" in headers:
        remedy = "send the user and the password with the request, and no cookie"
        return describe(403, "a request with a cookie decides nothing here", remedy)
    for name in ("Origin", "Referer"):
        if name in headers and not _is_own(headers[name], host):
            return describe(403, f"the request comes from another site, by its header `{name}`", "send it yourself")
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return describe(403, "the request comes from another site, by its header `Sec-Fetch-Site`", "send it yourself")
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != JSON:
        return describe(415, "the request is not said to be JSON", f"send the header `Content-Type: {JSON}`")
    return None


def _is_own(address: str, host: str) -> bool:
    """Whether a page is one of this server; behind a proxy the scheme may be another one."""
    try:
        found = urlsplit(address)
    except ValueError:
        return False
    return found.scheme in ("http", "https") and found.netloc.lower() == host.lower()
