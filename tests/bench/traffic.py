"""Record the benchmark capture: short HTTP/1.0 connections between a real server and real clients.

``python -m tests.bench.traffic FILE [--connections N]`` runs in a network namespace of its own. The server closes
first; client ports are used again and again, so that 100,000 connections share 30,000 four-tuples.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

PORT = 80
CLIENTS, SERVERS = 3, 2
TUPLES = 30_000
FIRST_PORT = 20_000
REQUEST = b"GET / HTTP/1.0\r\nHost: bench\r\n\r\n"
RESPONSE = b"HTTP/1.0 200 OK\r\nContent-Length: 150\r\nConnection: close\r\n\r\n" + b"x" * 150
_INSIDE = "PROBE_BENCH_INSIDE"


def record(path: Path, connections: int) -> None:
    """Write the capture of so many connections. RuntimeError when the recorder lost packets."""
    isolate = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    command = [*isolate, sys.executable, "-m", "tests.bench.traffic", str(path), "--connections", str(connections)]
    done = subprocess.run(command, env=os.environ | {_INSIDE: "1"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the benchmark traffic could not be recorded: {done.stderr.strip()[-500:]}")


def _inside(path: Path, connections: int) -> None:
    """Server, clients and recorder, in a namespace of their own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener = socket.create_server(("127.0.0.1", PORT), backlog=4096)
    servers = [_fork(lambda: _serve(listener)) for _ in range(SERVERS)]
    recorder = _Recorder(path)
    try:
        shares = [len(range(index, connections, CLIENTS)) for index in range(CLIENTS)]
        clients = [_fork(lambda at=index, n=share: _fetch(at, n)) for index, share in enumerate(shares)]  # type: ignore[misc]
        failed = [pid for pid in clients if os.waitpid(pid, 0)[1]]
        recorder.finish()
        if failed:
            raise RuntimeError("a client failed")
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _fork(work: Callable[[], None]) -> int:
    """The pid of a child that does the work and ends."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def _serve(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            if connection.recv(4096):
                connection.sendall(RESPONSE)


def _fetch(index: int, count: int) -> None:
    """Fetch the page ``count`` times, each time from the next port of this client's own share."""
    ports = range(FIRST_PORT + index, FIRST_PORT + TUPLES, CLIENTS)
    for turn in range(count):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.bind(("127.0.0.1", ports[turn % len(ports)]))
            connection.connect(("127.0.0.1", PORT))
            connection.sendall(REQUEST)
            while connection.recv(4096):
                pass


class _Recorder:
    """tcpdump on the loopback interface."""

    def __init__(self, path: Path) -> None:
        command = ["tcpdump", "-i", "lo", "-n", "-s", "0", "-B", "262144", "-w", str(path), "tcp"]
        if os.geteuid() == 0:
            command[1:1] = ["-Z", "root"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert self._process.stderr is not None
        self._words: IO[bytes] = self._process.stderr
        self._wait_for(rb"listening on")

    def _wait_for(self, pattern: bytes, seconds: float = 30) -> re.Match[bytes]:
        text, deadline = b"", time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._words], [], [], left)[0]:
                text += os.read(self._words.fileno(), 4096)
                if found := re.search(pattern, text):
                    return found
                if self._process.poll() is not None:
                    break
        raise RuntimeError(f"tcpdump did not say what was awaited: {text.decode(errors='replace')}")

    def finish(self) -> None:
        """Stop once the packets of two looks, longer apart than the kernel's buffer holds them back, are the same."""
        before, now = -1, self._captured()
        while now != before:
            select.select([], [], [], 2.5)
            before, now = now, self._captured()
        self._process.send_signal(signal.SIGINT)
        dropped = int(self._wait_for(rb"(\d+) packets? dropped by kernel")[1])
        self._process.wait(30)
        if dropped:
            raise RuntimeError(f"tcpdump lost {dropped} packets")

    def _captured(self) -> int:
        self._process.send_signal(signal.SIGUSR1)
        return int(self._wait_for(rb"(\d+) packets? captured")[1])


def main() -> None:
    """Record to the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--connections", type=int, default=100_000)
    arguments = parser.parse_args()
    if os.environ.get(_INSIDE):
        _inside(arguments.file, arguments.connections)
    else:
        record(arguments.file.resolve(), arguments.connections)


if __name__ == "__main__":
    main()
