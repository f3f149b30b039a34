"""Captures made for the bench: a scan of many ports, each SYN refused; nothing has to be sent for it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from probe.spec.segment import ACK, RST, SYN

_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
_AT_ONCE = 1 << 16
_FIELDS = {
    "seconds": ("<u4", 0), "micros": ("<u4", 4), "kept": ("<u4", 8), "sent": ("<u4", 12),
    "first": ("u1", 16), "total": (">u2", 18), "ttl": ("u1", 24), "protocol": ("u1", 25),
    "source": (">u4", 28), "target": (">u4", 32), "sport": (">u2", 36), "dport": (">u2", 38),
    "seq": (">u4", 40), "ack": (">u4", 44), "offset": ("u1", 48), "flags": ("u1", 49), "window": (">u2", 50),
}  # fmt: skip
_FORMATS, _OFFSETS = zip(*_FIELDS.values(), strict=True)
_RECORD = np.dtype({"names": list(_FIELDS), "formats": _FORMATS, "offsets": _OFFSETS, "itemsize": 56})


def write(path: Path, connections: int) -> None:
    """A SYN and the RST,ACK that refuses it for each of so many connections, ten microseconds apart, from one host."""
    with path.open("wb") as file:
        file.write(_HEADER)
        for begin in range(0, connections, _AT_ONCE):
            number = np.arange(begin, min(begin + _AT_ONCE, connections))
            rows = np.zeros((len(number), 2), _RECORD)
            rows["kept"] = rows["sent"] = rows["total"] = 40
            rows["first"], rows["ttl"], rows["protocol"], rows["offset"] = 0x45, 64, 6, 0x50
            ours, theirs = 0x0A000001, 0x0A010000 + number // 60_000
            for at, (source, target) in enumerate(((ours, theirs), (theirs, ours))):
                rows["seconds"][:, at], rows["micros"][:, at] = np.divmod(number * 10 + at * 5, 1_000_000)
                rows["source"][:, at], rows["target"][:, at] = source, target
            rows["seconds"] += 1_700_000_000
            port = 1 + number % 60_000
            rows["sport"][:, 0] = rows["dport"][:, 1] = 40_000
            rows["dport"][:, 0] = rows["sport"][:, 1] = port
            rows["seq"][:, 0] = number * 64_000 % 2**32
            rows["ack"][:, 1] = (number * 64_000 + 1) % 2**32
            rows["flags"][:] = SYN, RST | ACK
            rows["window"][:, 0] = 1024
            file.write(rows.tobytes())
