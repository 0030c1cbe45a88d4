"""Who sits at the command line: whom the operating system names, and no environment variable."""

from __future__ import annotations

import os

from policy.model.person import name_user


def identify_user() -> str:
    """The user of this process, marked as one of whom only the operating system says who it is: `os:alice@host`."""
    try:
        import pwd
    except ImportError:  # not on this system: what it has instead
        from getpass import getuser
        from platform import node

        return name_user(getuser(), node())
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        user = str(os.getuid())
    return name_user(user, os.uname().nodename)
