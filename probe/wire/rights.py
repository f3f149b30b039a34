"""What this process may do: the right to open raw and packet sockets, or what gives it; files under sudo.

The right is taken up where the interpreter's file grants it.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path

NET_RAW = 13
_VERSION_3 = 0x20080522  # linux/capability.h
_SETS = struct.Struct("=6I")  # effective, permitted, inheritable of capabilities 0 to 31, then of 32 to 63
_SUDO = (
    "run it with `sudo`, or with `setpriv --ambient-caps +net_raw --inh-caps +net_raw`, or run `probe check` without a"
    " target, which needs nothing"
)
_IN_CONTAINER = (Path("/.dockerenv"), Path("/run/.containerenv"))


def capable() -> bool:
    """Whether the calling thread has CAP_NET_RAW, taking it up first where it is permitted and not yet effective.

    A file capability that is permitted only (``setcap cap_net_raw=p``) lets the interpreter start in a container
    without the capability too, so that we get to say what is missing; exec would refuse an effective one.
    """
    bit = 1 << NET_RAW
    if _field("CapEff") & bit:
        return True
    if not _field("CapPrm") & bit:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = struct.pack("=Ii", _VERSION_3, 0), ctypes.create_string_buffer(_SETS.size)
    if libc.capget(header, sets):
        return False
    effective, *rest = _SETS.unpack(sets.raw)
    return not libc.capset(header, _SETS.pack(effective | bit, *rest))


def missing() -> str:
    """What gives CAP_NET_RAW here, as a sentence for the user.

    How the program gets it, and then the container: a mark of one may be left where nothing is contained.
    """
    if not in_container():
        mend = ""
    elif not _field("CapBnd") >> NET_RAW & 1:
        mend = "; in a container that is without it, start that with `--cap-add NET_RAW`"
    elif _field("NoNewPrivs"):
        mend = "; in a container, start that without `--security-opt no-new-privileges`, or with `--user 0`"
    else:
        mend = (
            "; in a container, whose ordinary users do not get it from `--cap-add NET_RAW` alone, start that with"
            " `--user 0`, or give the image's interpreter the file capability cap_net_raw=p"
        )
    return f"raw sockets need the capability CAP_NET_RAW: {_SUDO}{mend}"


def in_container() -> bool:
    """Whether docker or podman left a mark that this is a container."""
    return any(mark.exists() for mark in _IN_CONTAINER)


def _field(name: str) -> int:
    """A number of /proc/thread-self/status; the kernel writes capability sets in hexadecimal."""
    text = Path("/proc/thread-self/status").read_text(encoding="ascii", errors="replace")
    return next((int(line.split()[1], 16) for line in text.splitlines() if line.startswith(f"{name}:")), 0)


def give_to_caller(file: int | Path) -> None:
    """Under sudo, a file that we make belongs to who called sudo, not to root; by path or descriptor.

    A device or pipe is not ours to give away.
    """
    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() != 0 or not (uid.isdecimal() and gid.isdecimal()):
        return
    # File systems without owners and user namespaces refuse; the file is as good without.
    with suppress(OSError):
        if stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116  # of a descriptor as well
            os.chown(file, int(uid), int(gid))
