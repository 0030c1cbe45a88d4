"""Asking a server over http or https, and nothing else; imports nothing of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib.request import BaseHandler, OpenerDirector


def make_opener(*handlers: BaseHandler, proxied: bool = True) -> OpenerDirector:
    """Without the handlers of redirects, files, FTP and passwords, which `urlopen` has; with some of one's own.

    What is not `proxied` goes to the server itself, whatever the environment says of proxies.
    """
    from urllib.request import (
        HTTPDefaultErrorHandler,
        HTTPErrorProcessor,
        HTTPHandler,
        HTTPSHandler,
        OpenerDirector,
        ProxyHandler,
    )

    opener = OpenerDirector()
    for handler in (
        *((ProxyHandler,) if proxied else ()),
        HTTPHandler,
        HTTPSHandler,
        HTTPDefaultErrorHandler,
        HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    for own in handlers:
        opener.add_handler(own)
    return opener
