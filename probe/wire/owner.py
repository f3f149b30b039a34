"""Under sudo, a file that we make belongs to who called sudo, not to root."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path


def give_to_caller(file: int | Path) -> None:
    """Change the owner of a regular file, given by path or descriptor. A device or pipe is not ours to give away."""
    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() != 0 or not (uid.isdecimal() and gid.isdecimal()):
        return
    # File systems without owners and user namespaces refuse; the file is as good without.
    with suppress(OSError):
        if stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116  # of a descriptor as well
            os.chown(file, int(uid), int(gid))
