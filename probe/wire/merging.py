"""Whether the kernel says of a packet that it was put together from several segments, or is yet to be cut (offload)."""

from __future__ import annotations

import array
import fcntl
import os
import socket
import struct

SINCE = (6, 3)
"""The first Linux whose packet sockets mark super-segments (TP_STATUS_GSO_TCP)."""
_SIOCETHTOOL, _ETHTOOL_GFLAGS, _ETH_FLAG_LRO = 0x8946, 0x25, 1 << 15  # linux/sockios.h, linux/ethtool.h


def marked(interface: str | None, release: str | None = None) -> bool:
    """Whether every super-segment seen on the interface bears the mark; False where that is not known.

    Receive offload in the card (LRO) leaves packets that old drivers do not mark; of several interfaces one may do so.
    """
    return interface is not None and _version(release or os.uname().release) >= SINCE and not _card_merges(interface)


def _version(release: str) -> tuple[int, ...]:
    """Major and minor number of a kernel release; nothing where it is written otherwise."""
    parts = release.split(".")[:2]
    return tuple(int(part) for part in parts) if len(parts) == 2 and all(part.isdecimal() for part in parts) else ()


def _card_merges(interface: str) -> bool:
    """Whether the card merges what it receives, or may do so; an interface without such settings has no card."""
    value = array.array("B", struct.pack("II", _ETHTOOL_GFLAGS, 0))
    request = struct.pack("16sP16x", interface.encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            fcntl.ioctl(sock, _SIOCETHTOOL, request)
        except OSError:
            return True
    flags: int = struct.unpack("II", value.tobytes())[1]
    return bool(flags & _ETH_FLAG_LRO)
