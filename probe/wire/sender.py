"""Put whole IP packets on the wire: the kernel routes them and finds the neighbour, the header stays ours."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time

from probe.wire.addresses import socket_address
from probe.wire.errors import DownError, WireError
from probe.wire.rights import capable, missing

_IPV6_HDRINCL = 36
_PATIENCE = 1  # seconds a full send buffer may take to empty
_FULL_QUEUE_TRIES = 50
_FULL_QUEUE_PAUSE = 0.002  # seconds; nothing announces that a device queue has room again
_DOWN = (errno.ENETDOWN, errno.ENXIO, errno.ENODEV, errno.EIO)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)
_BUFFER = 1 << 20


class Sender:
    """A raw socket of one IP version with the IP header included."""

    def __init__(self, version: int, interface: str | None = None) -> None:
        """``interface`` pins the way out; None leaves it to the routes. WireError without CAP_NET_RAW."""
        kind = socket.AF_INET6 if version == 6 else socket.AF_INET
        capable()
        try:
            self._socket = socket.socket(kind, socket.SOCK_RAW, socket.IPPROTO_RAW)
        except PermissionError as error:
            raise WireError(missing()) from error
        if version == 6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_HDRINCL, 1)
        else:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        if interface:
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            except OSError as error:
                raise WireError(f"there is no interface {interface!r}; `ip link` lists those there are") from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _PATIENCE, 0))

    def send(self, packet: bytes, remote: str) -> None:
        """Send one packet towards the address ``remote`` (link-local: with zone); WireError when it cannot leave."""
        target = socket_address(remote, 0)
        for _ in range(_FULL_QUEUE_TRIES):
            try:
                self._socket.sendto(packet, target)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    kind = DownError if error.errno in (*_DOWN, *_NO_ROUTE) else WireError
                    raise kind(_why_not_sent(packet, remote, error)) from error
                time.sleep(_FULL_QUEUE_PAUSE)  # noqa: TID251  # there is no event to wait for
            else:
                return
        raise WireError(f"the device towards {remote} takes no more packets; send more slowly or lengthen its queue")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _why_not_sent(packet: bytes, remote: str, error: OSError) -> str:
    number = error.errno or 0
    reason = os.strerror(number).lower()
    if number in _DOWN:
        return f"the interface towards {remote} went down; bring it up again and run once more"
    if number in _NO_ROUTE:
        return f"there is no route to {remote} any more ({reason}); `ip route get {remote}` shows what the kernel knows"
    if number == errno.EMSGSIZE:
        return f"a packet of {len(packet)} octets is larger than the MTU towards {remote}; send less in one segment"
    if number in (errno.EPERM, errno.EACCES):
        return f"a firewall or route of this host forbids packets to {remote}; look at `nft list ruleset` and `ip rule`"
    if number == errno.EAGAIN:
        return f"the device towards {remote} took no packet for {_PATIENCE} s; look at its queue with `tc -s qdisc`"
    return f"the kernel would not send to {remote} ({reason}); look at the source address and `ip route get {remote}`"
