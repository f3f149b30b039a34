"""Hold source ports so that our own kernel stays silent about the connections we craft from them.

A listening socket owns the port and drops everything, so nothing is answered (RFC 9293 section 3.10.7.1 would have
our kernel reset a connection it does not know). A BPF filter that returns 0 does it where the kernel takes one; newer
kernels (seen: 6.18) want CAP_NET_ADMIN for a filter on a TCP socket. Without that the socket asks for a TTL of 255,
which only a neighbour's packet can have, and only if its stack starts there (most start at 64 or 128; RFC 5082 uses
the same fact). No firewall rule, and nothing is left behind after a kill.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections import deque

from probe.wire.addresses import family, socket_address
from probe.wire.bpf import NOTHING, attach
from probe.wire.errors import WireError
from probe.wire.link import Closing
from probe.wire.rights import in_container

_IP_MINTTL, _IPV6_MINHOPCOUNT = 21, 73
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)


class Guard(Closing):
    """One held port of one address (``0.0.0.0`` or ``::``: every address of that version).

    ``complete`` is False where only the TTL guards: packets of a neighbour that sends them with 255 get through.
    """

    def __init__(self, address: str, port: int = 0) -> None:
        """Hold ``port`` (0: one the kernel picks). WireError when it is taken or the address is not ours."""
        try:
            self._socket = socket.socket(family(address), socket.SOCK_STREAM)
            try:
                self.complete = _silence(self._socket)  # before bind: no segment may find the listener unguarded
                if self._socket.family == socket.AF_INET6:
                    self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                self._socket.bind(socket_address(address, port))
                self._socket.listen(1)
            except OSError:
                self._socket.close()
                raise
        except OSError as error:
            raise WireError(_why_not_held(address, port, error)) from error
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the port back; from now on our kernel answers for it."""
        self._socket.close()


def _silence(sock: socket.socket) -> bool:
    """Let the socket take no packet; False where it takes those with a TTL (hop limit) of 255."""
    try:
        attach(sock, NOTHING)
    except PermissionError:
        option = (socket.IPPROTO_IPV6, _IPV6_MINHOPCOUNT) if sock.family == socket.AF_INET6 else (0, _IP_MINTTL)
        sock.setsockopt(*option, 255)
        return False
    return True


def _why_not_held(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE and port:
        return f"port {port} of {address} is taken by another socket; stop its owner (see `ss -tlnp`) or take another"
    if error.errno == errno.EADDRINUSE:
        return f"no free port is left on {address}; run fewer exchanges at once or widen net.ipv4.ip_local_port_range"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address} is not an address of this host; choose a source address that `ip address` lists"
    if error.errno == errno.EACCES:
        return f"port {port} needs CAP_NET_BIND_SERVICE; choose a port of 1024 or above, or use sudo"
    if error.errno in _OUT_OF_FILES:
        return "every held port takes a file descriptor and none is left; raise the limit with `ulimit -n`"
    reason = os.strerror(error.errno or 0).lower()
    return f"port {port} of {address} cannot be held ({reason}); choose another source address or port"


class PortPool(Closing):
    """Source ports of one address, each held from ``take`` until the pool closes or runs out of fresh ones.

    A port given back stays held, as late segments of its last connection may still come, and is handed out again,
    the longest idle first, only when no fresh one can be had. Ports are held in the network namespace in which the
    calling thread is at ``take``.
    """

    def __init__(self, address: str, *, guarded: bool = True) -> None:
        """``guarded=False`` only picks port numbers: our kernel will answer for them."""
        self.address = address
        self.spared: set[int] = set()
        """Never handed out: where a peer of this machine listens, or must refuse us, we must hold nothing."""
        self._guarded = guarded
        self._guards: dict[int, Guard] = {}
        self._idle: deque[int] = deque()

    def __contains__(self, port: int) -> bool:
        return port in self._guards

    def __len__(self) -> int:
        return len(self._guards)

    @property
    def caveat(self) -> str:
        """What the guard does not keep out, as a sentence for the user; empty where it keeps out everything."""
        if not self._guarded:
            return "source ports are not guarded: our own kernel answers the peer"
        if all(guard.complete for guard in self._guards.values()):
            return ""
        mend = "run it with `sudo`" + ", or start the container with `--cap-add NET_ADMIN`" * in_container()
        return f"without CAP_NET_ADMIN our kernel answers neighbours whose packets have a TTL of 255; {mend}"

    def take(self, port: int = 0) -> int:
        """A port that nothing else uses: a fresh one, or the given one. WireError when there is none."""
        if port in self._guards and port in self._idle:
            self._idle.remove(port)
            return port
        unfit: list[Guard] = []  # kept until there is another, or the kernel might pick the same again
        try:
            guard = self._open(port)
            while not port and (guard.port in self.spared or guard.port in self._guards):
                unfit.append(guard)
                guard = self._open(0)
        except WireError:
            if port or not self._idle:
                raise
            return self._idle.popleft()
        finally:
            for other in unfit:
                other.close()
        if not self._guarded:
            guard.close()
        self._guards[guard.port] = guard
        return guard.port

    def _open(self, port: int) -> Guard:
        try:
            return Guard(self.address, port)
        except WireError as error:
            cause = error.__cause__
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            if not isinstance(cause, OSError) or cause.errno not in _OUT_OF_FILES or soft == hard:
                raise
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return Guard(self.address, port)

    def give(self, port: int) -> None:
        """Take a port back; KeyError when it was never handed out."""
        if port not in self._guards:
            raise KeyError(port)
        self._idle.append(port)

    def close(self) -> None:
        """Let go of every port."""
        for guard in self._guards.values():
            guard.close()
        self._guards.clear()
        self._idle.clear()
