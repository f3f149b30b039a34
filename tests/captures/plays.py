"""What ends of connections do for the recordings of ordinary traffic; no packet here is made by probe."""

from __future__ import annotations

import http.client
import socket
import subprocess
from contextlib import suppress

from tests.captures.stage import WEB, Stage, abort, fetch, pause

REQUEST = b"GET / HTTP/1.0\r\n\r\n"
DELAYED_ACK = 0.25
"""Seconds after which a delayed acknowledgment has been sent."""
ONE_OF = "limit rate 1/day burst 1 packets"
"""nft: matches the first packet only."""


def http_keep_alive(s: Stage) -> None:
    web = http.client.HTTPConnection(s.address, WEB, 20, source_address=(s.address, s.client))
    for _ in range(3):
        web.request("GET", "/")
        web.getresponse().read()
    web.close()


def http_closed_by_server(s: Stage) -> None:
    where = f"[{s.address}]" if s.version == 6 else s.address
    curl = ["curl", "-g", "-s", "-0", "-o", "/dev/null", "--noproxy", "*"]
    subprocess.run([*curl, f"http://{where}:{WEB}/"], check=True, timeout=20)


def http_keep_alive_timeout(s: Stage) -> None:
    with s.connect(s.client, WEB) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        fetch(client)  # nginx ends the idle connection after a second


def client_closes_first(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(b"hello")
    server.recv(100)
    client.shutdown(socket.SHUT_WR)
    pause(DELAYED_ACK)
    server.close()
    fetch(client)
    client.close()


def server_closes_first(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(REQUEST)
    server.recv(100)
    server.sendall(b"hello")
    server.close()
    fetch(client)
    pause(DELAYED_ACK)
    client.close()


def half_close(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(b"all of the question")
    client.shutdown(socket.SHUT_WR)
    fetch(server)
    for _ in range(3):
        pause(DELAYED_ACK)
        server.sendall(b"a part of the answer")
    server.close()
    fetch(client)
    client.close()


def client_aborts(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(REQUEST)
    server.recv(100)
    abort(client)
    with suppress(ConnectionResetError):
        server.recv(100)
    server.close()


def server_aborts(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(REQUEST)
    server.recv(100)
    abort(server)
    with suppress(ConnectionResetError):
        client.recv(100)
    client.close()


def unread_data(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(REQUEST)
    pause(DELAYED_ACK)
    server.close()  # without reading: Linux resets (RFC 2525 section 2.17)
    with suppress(ConnectionResetError):
        client.recv(100)
    client.close()


def data_to_a_closed_end(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    server.close()
    fetch(client)
    client.sendall(b"too late")
    pause(DELAYED_ACK)
    client.close()


def refused(s: Stage) -> None:
    with suppress(ConnectionRefusedError):
        s.connect(s.client, s.server)


def unanswered(s: Stage) -> None:
    with s.rules(f"input tcp dport {s.server} drop"), s.bound(s.client) as client:
        client.settimeout(1.5)
        with suppress(TimeoutError):
            client.connect((s.address, s.server))


def syn_lost(s: Stage) -> None:
    with s.rules(f"input tcp flags & (syn|ack) == syn {ONE_OF} drop"):
        _talk(s)


def syn_ack_lost(s: Stage) -> None:
    with s.rules(f"input tcp flags & (syn|ack) == syn|ack {ONE_OF} drop"):
        _talk(s)


def third_segment_lost(s: Stage) -> None:
    with s.rules(f"input tcp dport {s.server} tcp flags & (syn|ack) == ack {ONE_OF} drop"):
        _talk(s)


def fin_lost(s: Stage) -> None:
    with s.rules(f"input tcp sport {s.server} tcp flags & fin == fin {ONE_OF} drop"):
        _talk(s)


def last_ack_lost(s: Stage) -> None:
    ack = f"input tcp sport {s.server} tcp flags & (fin|syn|rst) == 0 ip{'6' if s.version == 6 else ''}"
    length = "length < 60" if s.version == 4 else "length < 45"
    client, server = s.pair(s.client, s.server)
    server.close()
    fetch(client)
    pause(DELAYED_ACK)
    with s.rules(f"{ack} {length} {ONE_OF} drop"):
        client.close()  # its FIN is acknowledged, and the acknowledgment is lost
        pause(1.0)


def simultaneous_close(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(b"hello")
    server.recv(100)
    pause(DELAYED_ACK)
    with s.rules(f"input tcp dport {s.server} tcp flags & fin == fin {ONE_OF} drop"):
        client.close()  # the FIN is lost on its way, so the server closes without knowing of it
        server.close()
        pause(1.0)


def simultaneous_open(s: Stage) -> None:
    with s.rules(f"input tcp dport {s.server} tcp flags & (syn|ack) == syn {ONE_OF} drop"):
        one, other = s.bound(s.client), s.bound(s.server)
        one.setblocking(False)
        with suppress(BlockingIOError):
            one.connect((s.address, s.server))  # lost on its way
        other.connect((s.address, s.client))
        one.settimeout(20)
        one.sendall(b"hello")
        other.recv(100)
        one.close()
        fetch(other)
        pause(DELAYED_ACK)
        other.close()


def lossy(s: Stage) -> None:
    loss = "meta l4proto tcp numgen random mod 100 < 15 drop"
    with s.rules(f"input {loss}", f"output {loss}"):
        for turn in range(5):
            client, server = s.pair(s.client + turn, s.server)
            client.sendall(REQUEST)
            server.recv(100)
            server.sendall(b"x" * 4000)
            server.close()
            fetch(client)
            client.close()
        pause(3.0)


def reused_four_tuple(s: Stage) -> None:
    with s.listener(s.server) as listener:
        for _ in range(3):
            client = s.connect(s.client, s.server)
            server, _ = listener.accept()
            client.sendall(REQUEST)
            server.recv(100)
            server.close()  # so that TIME-WAIT is the server's, and the client may use the port again
            fetch(client)
            client.close()


def keep_alive_probes(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    client.sendall(b"hello")
    server.recv(100)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
        client.setsockopt(socket.IPPROTO_TCP, option, 1)
    pause(2.5)
    client.close()
    fetch(server)
    server.close()


def zero_window(s: Stage) -> None:
    with s.listener(s.server, SO_RCVBUF=2048) as listener:
        client = s.connect(s.client, s.server)
        server, _ = listener.accept()
        client.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):
            while sent < 20_000:
                sent += client.send(b"x" * 1000)
        pause(1.0)
        client.settimeout(20)
        client.shutdown(socket.SHUT_WR)
        fetch(server)
        server.close()
        fetch(client)
        client.close()


def large_transfer(s: Stage) -> None:
    client, server = s.pair(s.client, s.server)
    server.settimeout(20)
    for _ in range(12):
        server.sendall(b"x" * 30_000)
        for _ in iter(lambda: client.recv(1 << 14), None):
            break
    server.close()
    fetch(client)
    client.close()


def mid_stream(s: Stage) -> None:
    client, server = s.opened.pop()
    client.sendall(REQUEST)
    server.recv(100)
    server.sendall(b"hello")
    server.close()
    fetch(client)
    pause(DELAYED_ACK)
    client.close()


def _talk(s: Stage) -> None:
    """A request, an answer, the server closes, the client after it."""
    with s.listener(s.server) as listener:
        client = s.connect(s.client, s.server)
        client.sendall(REQUEST)
        server, _ = listener.accept()
        server.settimeout(20)
        server.recv(100)
        server.sendall(b"hello")
        server.close()
        fetch(client)
        pause(DELAYED_ACK)
        client.close()
