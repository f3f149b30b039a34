"""See packets as the kernel sees them: a packet socket with filter, kernel time, checksum state and drop counter."""

from __future__ import annotations

import array
import contextlib
import fcntl
import math
import os
import select
import socket
import struct
import time
from typing import NamedTuple

from probe.wire.bpf import NOTHING, Program, attach
from probe.wire.decode import Checksum
from probe.wire.errors import DownError, WireError
from probe.wire.rights import capable, missing

_ETH_P_ALL = 0x0003
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_AUXDATA = 263, 6, 8
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_NOT_READY, _VLAN_VALID, _VALID, _GSO = 1 << 3, 1 << 4, 1 << 7, 1 << 8  # TP_STATUS_* of linux/if_packet.h
_VLAN_ID = 0x0FFF
_AUXDATA = struct.Struct("IIIHHHH")
_TIMESPEC = struct.Struct("ll")
_STATISTICS = struct.Struct("II")
_ROOM = 1 << 16
_ANCILLARY_ROOM = socket.CMSG_SPACE(_AUXDATA.size) + socket.CMSG_SPACE(_TIMESPEC.size)
_BUFFER = 32 << 20
_MARKED_SINCE = (6, 3)
"""The first Linux whose packet sockets mark super-segments (TP_STATUS_GSO_TCP)."""
_SIOCETHTOOL, _ETHTOOL_GFLAGS, _ETH_FLAG_LRO = 0x8946, 0x25, 1 << 15  # linux/sockios.h, linux/ethtool.h
_Ancillary = tuple[int, int, bytes]
_BATCH = 1 << 16  # more than the buffer holds: what was there on entry is read, and a flood still lets us go


class Sighting(NamedTuple):
    """A packet from the IP header on, when the kernel saw it (seconds since the epoch), and where.

    ``merged``: the kernel says that it stands for several segments.
    """

    packet: bytes
    time: float
    length: int
    checksum: Checksum
    interface: str
    merged: bool = False


class Sniffer:
    """A packet socket on one interface, or on all of them."""

    def __init__(self, interface: str | None, program: Program) -> None:
        """``interface`` None: all. WireError without CAP_NET_RAW or when the interface is gone or down."""
        capable()
        try:
            # Protocol 0 until bind: nothing comes in before the filter is in place. Python's bind names one
            # interface; to hear all of them the protocol must be given here, and what came too early be thrown away.
            protocol = 0 if interface else socket.htons(_ETH_P_ALL)
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, protocol)
        except PermissionError as error:
            raise WireError(missing()) from error
        self._where = interface or "every interface"
        self._dropped = 0
        self._broken = ""
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        with contextlib.suppress(PermissionError):  # past net.core.rmem_max only with CAP_NET_ADMIN; a help, no need
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        attach(self._socket, NOTHING)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
        attach(self._socket, program)
        if interface:
            try:
                self._socket.bind((interface, _ETH_P_ALL))
            except OSError as error:
                self._socket.close()
                raise WireError(f"cannot listen on {interface} ({_reason(error)}); see `ip link`") from error
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def fileno(self) -> int:
        """The socket's descriptor, for a poll of the caller's own."""
        return self._socket.fileno()

    def wait(self, until: float) -> None:
        """Return when a packet is there, or at the monotonic time ``until``, or when the line broke."""
        self._poll.poll(max(0, math.ceil((until - time.monotonic()) * 1000)))

    def drain(self) -> list[Sighting]:
        """Every packet that is there now, oldest first. WireError when the interface went down."""
        if self._broken:
            raise DownError(self._broken)
        found: list[Sighting] = []
        receive = self._socket.recvmsg
        try:
            for _ in range(_BATCH):
                sighting = _read(*receive(_ROOM, _ANCILLARY_ROOM))
                if sighting is not None:
                    found.append(sighting)
        except BlockingIOError:
            pass
        except OSError as error:
            self._broken = f"{self._where} failed while listening ({_reason(error)}); bring it up and run once more"
            if not found:
                raise DownError(self._broken) from error
        return found

    def dropped(self) -> int:
        """Packets the kernel had no room for, since the start."""
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        self._dropped += _STATISTICS.unpack(counts)[1]  # reading resets the kernel's counter
        return self._dropped

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()


def _read(packet: bytes, ancillary: list[_Ancillary], flags: int, source: tuple[str, int]) -> Sighting | None:
    """One sighting; None for a packet of a VLAN that this interface only carries."""
    when, status, length, vlan = 0.0, 0, len(packet), 0
    for level, kind, data in ancillary:
        if level == _SOL_PACKET:
            status, length, _, _, _, vlan, _ = _AUXDATA.unpack(data)
        elif kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            when = seconds + nanoseconds / 1e9
    if status & _VLAN_VALID and vlan & _VLAN_ID:
        return None
    hint: Checksum = "offloaded" if status & _NOT_READY else "ok" if status & _VALID else "unknown"
    return Sighting(packet, when, length, hint, source[0], bool(status & _GSO))


def marked(interface: str | None, release: str | None = None) -> bool:
    """Whether every super-segment seen on the interface bears the mark; False where that is not known.

    Receive offload in the card (LRO) leaves packets that old drivers do not mark; of several interfaces one may do so.
    """
    parts = (release or os.uname().release).split(".")[:2]
    if interface is None or len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return False
    if (int(parts[0]), int(parts[1])) < _MARKED_SINCE:
        return False
    value = array.array("B", struct.pack("II", _ETHTOOL_GFLAGS, 0))
    request = struct.pack("16sP16x", interface.encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            fcntl.ioctl(sock, _SIOCETHTOOL, request)
        except OSError:
            return False  # the card does not say: it may merge what it receives
    flags: int = struct.unpack("II", value.tobytes())[1]
    return not flags & _ETH_FLAG_LRO
