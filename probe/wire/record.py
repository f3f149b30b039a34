"""Write packets with comments to a pcapng file that Wireshark shows.

Scapy's writer has no section comment and formats each field by itself; the three blocks needed are written here
(draft-ietf-opsawg-pcapng sections 4.1 to 4.3).
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from probe.wire.errors import WireError
from probe.wire.link import Closing
from probe.wire.rights import give_to_caller

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_MAGIC, _UNKNOWN_LENGTH = 0x1A2B3C4D, -1
_LINKTYPE_RAW = 101
_END, _COMMENT, _HARDWARE, _OS, _APPLICATION = 0, 1, 2, 3, 4
_NAME, _RESOLUTION, _FLAGS = 2, 9, 2
_NANOSECONDS = b"\x09"
_INBOUND, _OUTBOUND = 1, 2
_LONGEST = 0xFFFF
_BUFFER = 1 << 18
_BLOCK_HEAD = struct.Struct("<II")
_PACKET_HEAD = struct.Struct("<IIIIIII")
_OPTION = struct.Struct("<HH")


class Recorder(Closing):
    """A pcapng file being written: link type RAW, nanoseconds."""

    def __init__(self, path: str | os.PathLike[str], comment: str = "") -> None:
        """Start the file with ``comment`` in its section header. WireError when it cannot be written."""
        self._path = Path(path)
        self.count = 0
        try:
            # Own buffer: after a full disk Python's would try again, and fail again, when it is closed.
            self._file = self._path.open("wb", buffering=0)
            give_to_caller(self._file.fileno())
        except OSError as error:
            raise WireError(self._unwritable(error)) from error
        self._pending = bytearray(_head(comment))
        self.flush()

    def add(self, packet: bytes, time: float, comments: Sequence[str] = (), *, sent: bool | None = None) -> int:
        """Append one packet (bytes from the IP header on, ``time`` in seconds since the epoch); return its number.

        Numbers count from 1, as Wireshark counts. ``sent`` marks the direction, None leaves it open.
        """
        size = len(packet)
        options = _packet_options(tuple(comments), sent)
        length = 32 + size + (-size % 4) + len(options)
        # The stamp that gives the same time when it is read: what stands before the point is not multiplied.
        stamp = int(time) * 1_000_000_000 + round((time - int(time)) * 1e9)
        self._pending += (
            _PACKET_HEAD.pack(_PACKET, length, 0, stamp >> 32 & 0xFFFFFFFF, stamp & 0xFFFFFFFF, size, size)
            + packet
            + bytes(-size % 4)
            + options
            + struct.pack("<I", length)
        )
        if len(self._pending) > _BUFFER:
            self.flush()
        self.count += 1
        return self.count

    def flush(self) -> None:
        """Hand everything to the system; WireError when it does not take it."""
        data, self._pending = bytes(self._pending), bytearray()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._file.close()
            raise WireError(self._unwritable(error)) from error

    def close(self) -> None:
        """Flush and close; WireError when the rest cannot be written."""
        if not self._file.closed:
            self.flush()
            self._file.close()

    def _unwritable(self, error: OSError) -> str:
        reason = os.strerror(error.errno or 0).lower()
        return f"cannot write {self._path} ({reason}); name a file in a directory you may write to that has room"


def _head(comment: str) -> bytes:
    """The blocks that a file begins with: a section, and its one interface."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms that `--help` must not pay

    try:
        ours = version("handshake-probe")
    except PackageNotFoundError:  # run from a source tree that is not installed
        ours = "(not installed)"
    options = [
        (_HARDWARE, platform.machine().encode()),
        (_OS, f"{platform.system()} {platform.release()}".encode()),
        (_APPLICATION, f"probe {ours}".encode()),
        *([(_COMMENT, comment.encode())] if comment else []),
    ]
    section = struct.pack("<IHHq", _MAGIC, 1, 0, _UNKNOWN_LENGTH) + _options(options)
    interface = struct.pack("<HHI", _LINKTYPE_RAW, 0, 0) + _options([(_NAME, b"probe"), (_RESOLUTION, _NANOSECONDS)])
    return _block(_SECTION, section) + _block(_INTERFACE, interface)


def _block(kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return _BLOCK_HEAD.pack(kind, length) + body + struct.pack("<I", length)


def _options(options: Sequence[tuple[int, bytes]], sent: bool | None = None) -> bytes:
    """The options and their end mark; nothing at all where there are none."""
    if sent is not None:
        options = (*options, (_FLAGS, struct.pack("<I", _OUTBOUND if sent else _INBOUND)))
    written = b""
    for kind, data in options:
        fits = data if len(data) <= _LONGEST else data[:_LONGEST].decode(errors="ignore").encode()  # whole characters
        written += _OPTION.pack(kind, len(fits)) + fits + bytes(-len(fits) % 4)
    return written and written + _OPTION.pack(_END, 0)


@lru_cache(maxsize=1024)
def _packet_options(comments: tuple[str, ...], sent: bool | None) -> bytes:
    """Remembered, as exchanges played over and over carry the same comments."""
    return _options([(_COMMENT, comment.encode()) for comment in comments], sent)
