"""Where ordinary traffic is made and recorded: a private namespace with a loopback, nginx, nft and tcpdump in it."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from probe.spec.segment import Endpoint
from probe.wire.namespace import pdeathsig

ADDRESSES = {4: "127.0.0.1", 6: "::1"}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
WEB = 80
_NGINX = """
pid {dir}/nginx.pid; error_log /dev/null; daemon off; worker_processes 1; user root;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s; keepalive_timeout 1s;
  server {{ listen 127.0.0.1:{port}; listen [::1]:{port}; location / {{ return 200 "hello\\n"; }} }} }}
"""


def pause(seconds: float) -> None:
    """Let timers of the kernel run: what is recorded here is what they do."""
    select.select([], [], [], seconds)


class Stage:
    """One IP version of the loopback, ports nobody used before, and what a scene needs on them."""

    def __init__(self, version: int, number: int) -> None:
        self.version = version
        self.address = ADDRESSES[version]
        self.client, self.server = 40001 + 10 * number, 8001 + number
        self.opened: list[tuple[socket.socket, socket.socket]] = []

    def listener(self, port: int, **options: int) -> socket.socket:
        """A listening socket; options of SOL_SOCKET by name are set before it listens."""
        made = self.bound(port, **options)
        made.listen(16)
        return made

    def bound(self, port: int, **options: int) -> socket.socket:
        """A socket bound to the port."""
        made = socket.socket(FAMILIES[self.version])
        made.settimeout(20)
        for name, value in {"SO_REUSEADDR": 1, **options}.items():
            made.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        made.bind((self.address, port))
        return made

    def connect(self, port: int, remote: int, **options: int) -> socket.socket:
        """A connection from the port to the remote port."""
        made = self.bound(port, **options)
        made.connect((self.address, remote))
        return made

    def pair(self, port: int, remote: int) -> tuple[socket.socket, socket.socket]:
        """A connection: the client's socket and the server's."""
        with self.listener(remote) as listener:
            client = self.connect(port, remote)
            server, _ = listener.accept()
            server.settimeout(20)
            return client, server

    @contextmanager
    def rules(self, *rules: str) -> Iterator[None]:
        """nft rules, each with its hook (``input``, ``output``) in front, until the block ends."""
        lines = ["add table inet scene"]
        hooks = {rule.split()[0] for rule in rules}
        lines += [f"add chain inet scene {hook} {{ type filter hook {hook} priority 0; }}" for hook in hooks]
        lines += [f"add rule inet scene {rule}" for rule in rules]
        subprocess.run(["nft", "-f", "-"], input="\n".join(lines) + "\n", text=True, check=True)
        try:
            yield
        finally:
            subprocess.run(["nft", "delete", "table", "inet", "scene"], check=True)


def abort(connection: socket.socket) -> None:
    """Close with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def fetch(connection: socket.socket) -> bytes:
    """All that comes until the end of file."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@contextmanager
def web(folder: Path) -> Iterator[None]:
    """nginx on port 80 of both loopback addresses."""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(dir=folder, port=WEB), encoding="utf-8")
    with _child(["nginx", "-c", str(config)]):
        deadline = time.monotonic() + 20
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", WEB), 1):
                break
            if time.monotonic() > deadline:
                raise RuntimeError("nginx does not listen")
            pause(0.05)
        yield


@contextmanager
def target() -> Iterator[dict[int, Endpoint]]:
    """A `probe target`: IP version -> endpoint."""
    from probe.lab import Lab

    with Lab(private=False) as lab:
        yield lab.endpoints


@contextmanager
def _child(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=pdeathsig)  # noqa: PLW1509
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def tcpdump(path: Path, *words: str, interface: str = "lo") -> Iterator[None]:
    """Record to the file until the block ends and no packet is on its way any more."""
    command = [
        "tcpdump",
        "-i",
        interface,
        "-n",
        "-U",
        "--immediate-mode",
        "-B",  # a packet takes as much room as the device's largest one would: 2,000 of them, if it is not its turn
        "131072",
        "--nano",
        "-w",
        str(path),
        *words,
    ]
    if os.geteuid() == 0:
        command[1:1] = ["-Z", "root"]
    with _child(command) as process:
        _said(process, rb"listening on")
        yield
        before, now = -1, _captured(process)
        while now != before:
            pause(0.3)
            before, now = now, _captured(process)
        process.send_signal(signal.SIGINT)
        if int(_said(process, rb"(\d+) packets? dropped by kernel")[1]):
            raise RuntimeError("tcpdump lost packets")
        process.wait(20)


def _captured(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGUSR1)
    return int(_said(process, rb"(\d+) packets? captured")[1])


def _said(process: subprocess.Popen[bytes], pattern: bytes) -> re.Match[bytes]:
    text, deadline = b"", time.monotonic() + 20
    assert process.stderr is not None
    while (left := deadline - time.monotonic()) > 0:
        if select.select([process.stderr], [], [], left)[0]:
            text += os.read(process.stderr.fileno(), 4096)
            if found := re.search(pattern, text):
                return found
            if process.poll() is not None:
                break
    raise RuntimeError(f"tcpdump did not say what was awaited: {text.decode(errors='replace')}")
