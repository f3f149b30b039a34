"""Starts and stops the target: where it listens, what it says of that, and what ends it."""

from __future__ import annotations

import errno
import ipaddress
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from probe.target.server import Note, Server

_BACKLOG = 4096
_TRIES = 50  # a port free for IPv4 can be taken for IPv6
_NO_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT}
_MENDS = {
    errno.EADDRINUSE: "another program listens there, so choose another port, or 0 for a free one",
    errno.EACCES: "ports below 1024 are for root, so choose a higher one",
    errno.EADDRNOTAVAIL: "no interface of this machine has that address",
    errno.EAFNOSUPPORT: "this machine has that IP version switched off",
}


def run(host: str | None, port: int, *, lifeline: int | None = None, verbose: bool = False) -> int:
    """Serve until SIGTERM or SIGINT, as `probe target` does; the exit code: 0 stopped, 4 cannot listen.

    ``host`` None is loopback, ``*`` every address; ``port`` 0 a free one. One line ``listening on ADDRESS:PORT`` an
    address goes to standard output, all in one piece; warnings, and with ``verbose`` every connection's end, go to
    standard error. The end of ``lifeline`` (a pipe) ends the target too. Main thread only.
    """

    def warn(text: str) -> None:
        sys.stderr.write(f"probe target: {text}\n")
        sys.stderr.flush()

    # Thousands of connections need as many descriptors; the soft limit is often 1024.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        stops = [stack.enter_context(_signals())] + ([] if lifeline is None else [lifeline])
        try:
            listeners = listen(addresses_of(host), port, warn)
        except ListenError as error:
            warn(str(error))
            return 4
        for listener in listeners:
            stack.enter_context(listener)
        server = Server(listeners, stops, warn if verbose else lambda text: None)
        endpoints = [listener.getsockname()[:2] for listener in listeners]
        if not all(ipaddress.ip_address(address).is_loopback for address, _ in endpoints):
            warn("whoever reaches this address can make it connect anywhere: for test networks only")
        # One write: a pipe takes that much whole, so a reader that has one line has them all.
        shown = ((f"[{address}]" if ":" in address else address, port) for address, port in endpoints)
        sys.stdout.write("".join(f"listening on {address}:{port}\n" for address, port in shown))
        sys.stdout.flush()
        server.run()
    return 0


@contextmanager
def _signals() -> Iterator[int]:
    """A descriptor that becomes readable on SIGTERM or SIGINT; the former handlers come back afterwards.

    A SIGINT that is ignored stays ignored: Ctrl-C is then meant for the script that put us in the background.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        before_wakeup = signal.set_wakeup_fd(writer.fileno())
        stopping = [signal.SIGTERM]
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            stopping.append(signal.SIGINT)
        # The wake-up descriptor tells the loop; without a handler the signal would end the process.
        before = {number: signal.signal(number, lambda _number, _frame: None) for number in stopping}
        try:
            yield reader.fileno()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before_wakeup)


# Listening: one socket an address, the same port on all, IPv6 where there is any


class ListenError(Exception):
    """The target cannot listen there; one sentence that names the cause and the mend."""


def addresses_of(host: str | None) -> tuple[str, ...]:
    """The addresses to listen on: loopback for None, every one for ``*``, else those of the name or literal."""
    if host is None:
        return "127.0.0.1", "::1"
    if host == "*":
        return "0.0.0.0", "::"  # noqa: S104  # asked for by name only
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        found = socket.getaddrinfo(bare, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ListenError(f"{host!r} is neither an address nor a name that resolves ({why}): check --host") from error
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def listen(addresses: Sequence[str], port: int, note: Note) -> list[socket.socket]:
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


def _listen_all(addresses: Sequence[str], port: int, note: Note) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    missing: list[str] = []
    for address in addresses:
        try:
            listeners.append(_listen_one(address, port))
            port = listeners[0].getsockname()[1]
        except OSError as error:
            missing.append(f"not listening on {address}: {os.strerror(error.errno or 0)}")
            if error.errno in _NO_FAMILY and len(missing) < len(addresses):
                continue
            for listener in listeners:
                listener.close()
            mend = _MENDS.get(error.errno or 0, "check the address and the port")
            raise ListenError(f"cannot listen on {address} port {port}: {error.strerror or error} ({mend})") from error
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
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
