"""The target's listening sockets: one per address, the same port on all, IPv6 where there is any."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence

BACKLOG = 4096
LOOPBACK = ("127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # asked for by name only
_TRIES = 50  # a port free for IPv4 can be taken for IPv6
_NO_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT}
_MENDS = {
    errno.EADDRINUSE: "another program listens there, so choose another port, or 0 for a free one",
    errno.EACCES: "ports below 1024 are for root, so choose a higher one",
    errno.EADDRNOTAVAIL: "no interface of this machine has that address",
    errno.EAFNOSUPPORT: "this machine has that IP version switched off",
}


class ListenError(Exception):
    """The target cannot listen there; one sentence that names the cause and the mend."""


def addresses_of(host: str | None) -> tuple[str, ...]:
    """The addresses to listen on: loopback for None, every one for ``*``, else those of the name or literal."""
    if host is None:
        return LOOPBACK
    if host == "*":
        return EVERYWHERE
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        found = socket.getaddrinfo(bare, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ListenError(f"{host} is neither an address nor a name that resolves ({error}): check --host") from error
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def listen(addresses: Sequence[str], port: int, note: Callable[[str], None]) -> list[socket.socket]:
    """Listening sockets on the same port; port 0 finds one that is free on all.

    Of several addresses those whose IP version is missing here are left out, and ``note`` is told. Raises ListenError.
    """
    for _ in range(_TRIES - 1 if not port else 0):
        try:
            return _listen_all(addresses, port, note)
        except ListenError as error:
            if not isinstance(error.__cause__, OSError) or error.__cause__.errno != errno.EADDRINUSE:
                raise
    return _listen_all(addresses, port, note)


def _listen_all(addresses: Sequence[str], port: int, note: Callable[[str], None]) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    missing: list[str] = []
    failure: ListenError | None = None
    for address in addresses:
        try:
            listeners.append(_listen_one(address, port))
            port = listeners[0].getsockname()[1]
        except OSError as error:
            failure = ListenError(f"cannot listen on {address} port {port}: {_reason(error)}")
            failure.__cause__ = error
            if error.errno not in _NO_FAMILY or len(addresses) == 1:
                break
            missing.append(f"not listening on {address}: {os.strerror(error.errno or 0)}")
            failure = failure if len(missing) == len(addresses) else None
    if failure is not None:
        for listener in listeners:
            listener.close()
        raise failure
    for sentence in missing:
        note(sentence)
    return listeners


def _listen_one(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        sock.bind(socket.getaddrinfo(address, port, family, socket.SOCK_STREAM, flags=flags)[0][4])
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _reason(error: OSError) -> str:
    mend = _MENDS.get(error.errno or 0, "check the address and the port")
    return f"{error.strerror or error} ({mend})"
