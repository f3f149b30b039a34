"""Applications that behave oddly, for traffic of real kernels: ``python -m tests.live.odd`` serves, ``visit`` calls.

They read late or never, send much, half-close, abort, close with data unread, and let keep-alives run.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from random import Random
from threading import Thread

from tests.captures.stage import abort, pause

PORT = 7000
"""Where the server listens; nothing does on the next port."""
_ANYWHERE = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
_BUFFER = 8192
"""A receive buffer that soon fills: windows close."""
_TCP_KEEPIDLE, _TCP_KEEPINTVL = 4, 5


def _serve(connection: socket.socket, how: int) -> None:
    """One connection, in one of eight ways."""
    connection.settimeout(20)
    with connection, suppress(OSError):
        match how:
            case 0:
                _drain(connection)
            case 1:
                connection.recv(100)
                connection.sendall(b"x" * 200_000)
            case 2:
                abort(connection)
            case 3:
                connection.recv(10)
                connection.shutdown(socket.SHUT_WR)
                _drain(connection)
            case 4:
                pause(0.3)  # and closes with data unread: Linux resets (RFC 2525 section 2.17)
            case 5:
                while data := connection.recv(65536):
                    connection.sendall(data)
            case 6:
                pause(1)
                _drain(connection)
            case _:
                for level, option in (
                    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                    (socket.IPPROTO_TCP, _TCP_KEEPIDLE),
                    (socket.IPPROTO_TCP, _TCP_KEEPINTVL),
                ):
                    connection.setsockopt(level, option, 1)
                connection.recv(10)
                pause(2)


def _drain(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def is_refused(number: int) -> bool:
    """Whether the visit goes to the port where nothing listens."""
    return Random(number).random() < 0.05


def visit(address: str, number: int) -> None:
    """Connect and do one of six things, the same for the same number."""
    chance = Random(number)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as made, suppress(OSError):
        made.settimeout(15)
        made.connect((address, PORT + is_refused(number)))
        _behave(made, chance)


def _behave(connection: socket.socket, chance: Random) -> None:
    how = chance.randrange(6)
    connection.sendall(b"hello")
    if how == 0:
        connection.shutdown(socket.SHUT_WR)
    elif how == 1:
        abort(connection)
    elif how == 2:
        connection.sendall(b"y" * chance.randrange(1, 200_000))
    elif how == 3:
        pause(0.5)
    elif how == 4:
        connection.settimeout(4)
        _drain(connection)


def main() -> None:
    """Serve on both IP versions until the process is ended."""
    listeners = [_listener(family) for family in _ANYWHERE]
    print("ready", flush=True)  # noqa: T201  # what the test waits for
    for listener in listeners[1:]:
        Thread(target=_accept, args=(listener,), daemon=True).start()
    _accept(listeners[0])


def _listener(family: socket.AddressFamily) -> socket.socket:
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((_ANYWHERE[family], PORT))
    listener.listen(16)
    return listener


def _accept(listener: socket.socket) -> None:
    chance = Random(int(listener.family))
    while True:
        connection, _ = listener.accept()
        Thread(target=_serve, args=(connection, chance.randrange(8)), daemon=True).start()


if __name__ == "__main__":
    main()
