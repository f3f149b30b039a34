"""One connection of a capture in full: every packet, judged as it stands, nothing folded away."""

from __future__ import annotations

from probe.replay.judging import described, record
from probe.replay.picking import pick
from probe.replay.run import ReplayOptions
from probe.results.connection import Connection, Packet


def packets_of(options: ReplayOptions, index: int) -> tuple[Connection, tuple[Packet, ...]]:
    """Connection ``index`` of the one file of ``options`` with all its packets.

    TargetError where the file has no such connection, CaptureError where it is no capture.
    """
    file = options.files[0]
    picked = pick(file, index)
    packets = list(picked.packets)
    found = record(packets, options.profile, reused=False)
    connection = described(packets, found, file, picked.index, (picked.client, picked.server))
    return connection, tuple(packets)
