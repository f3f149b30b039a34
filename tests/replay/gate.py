"""Work that says when it starts and waits to be let on, so that a test can kill its process in the middle of it."""

from __future__ import annotations

import os
import socket
from collections import Counter
from contextlib import closing
from typing import NamedTuple, Self

from probe.capture.reader import Part, Reading
from probe.results.connection import Connection

DEADLINE = 60


class Counted(NamedTuple):
    """What there is to tell of a part: records, segments, payload octets, records passed over by reason."""

    records: int
    segments: int
    octets: int
    skipped: Counter[str]


def counted(part: Part) -> Counted:
    """The part, read to its end."""
    reading = Reading(part)
    segments, octets = 0, 0
    for chunk in reading:
        segments += len(chunk)
        octets += int(chunk.columns.length.sum())
    return Counted(reading.records, segments, octets, reading.skipped)


def counted_behind_the_gate(part: Part, port: int) -> Counted:
    """`counted`, once the gate on that port has let this process on."""
    _pass_gate(port)
    return counted(part)


def _pass_gate(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), DEADLINE)) as gate:
        gate.sendall(f"{os.getpid()}\n".encode())
        assert gate.recv(1) == b"!"


_passed = False


def wanted_behind_the_gate(connection: Connection, port: int, home: int) -> bool:
    """Every connection; each process but ``home`` passes the gate once, when its first one has been judged."""
    global _passed  # noqa: PLW0603  # what a process has done outlives its tasks
    if not _passed and os.getpid() != home:
        _pass_gate(port)
        _passed = True
    return connection.index >= 0


class Gate:
    """Where work reports its process and waits."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port = int(self._listener.getsockname()[1])
        self.waiting: list[tuple[int, socket.socket]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for _pid, connection in self.waiting:
            connection.close()

    def admit(self) -> int:
        """The process of the next piece of work that begins; it waits."""
        connection, _ = self._listener.accept()
        connection.settimeout(DEADLINE)
        with connection.makefile() as lines:
            pid = int(lines.readline())
        self.waiting.append((pid, connection))
        return pid

    def open(self, pid: int) -> None:
        """Let everything of that process on."""
        for connection in [c for p, c in self.waiting if p == pid]:
            connection.sendall(b"!")
            connection.close()
        self.waiting = [(p, c) for p, c in self.waiting if p != pid]
