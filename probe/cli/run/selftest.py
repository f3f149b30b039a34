"""Tries the line on loopback: raw and packet sockets, answers, the guard; looks at interfaces."""

from __future__ import annotations

import array
import fcntl
import json
import os
import socket
import struct
import time
import traceback
from contextlib import closing
from dataclasses import asdict, dataclass

from probe.spec.segment import ACK, RST, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.errors import WireError
from probe.wire.link import Arrival
from probe.wire.namespace import enter_private
from probe.wire.raw import RawLink

_LOOPBACK = {4: "127.0.0.1", 6: "::1"}
_PATIENCE = 2.0
_SIOCGIFFLAGS, _SIOCETHTOOL, _ETHTOOL_GTXCSUM = 0x8913, 0x8946, 0x16
_FIREWALL = "a firewall on this machine drops loopback traffic: see `sudo nft list ruleset`"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: ``word`` is works, missing or not judged; ``mend`` the command that helps, if one is needed."""

    what: str
    word: str
    detail: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What loopback of one IP version can do."""

    version: int
    works: bool
    findings: tuple[Finding, ...]


def try_line(version: int, *, private: bool) -> Line:
    """Try loopback of an IP version here, or, ``private``, in a namespace that a child makes and leaves with."""
    if version == 6 and not _ipv6():
        mend = "sudo sysctl net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0"
        return Line(6, False, (Finding("IPv6", "missing", "switched off or without loopback address", mend),))
    findings = _in_child(version) if private else _try(version)
    return Line(version, all(f.word != "missing" for f in findings), tuple(findings))


def interface_findings(name: str) -> list[Finding]:
    """Whether an interface is up, and who completes checksums on it."""
    up = _is_up(name)
    state = Finding(f"interface {name}", "works", "up")
    if not up:
        state = Finding(f"interface {name}", "missing", "down", f"sudo ip link set {name} up")
    return [state, _offload(name)]


def _is_up(name: str) -> bool:
    """IFF_UP, asked of the namespace we are in; /sys may show another one (netdevice(7))."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH14x", name.encode(), 0))
    return bool(struct.unpack_from("H", answer, 16)[0] & 1)


def _ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as probe:
            probe.bind((_LOOPBACK[6], 0))
    except OSError:
        return False
    return True


def _in_child(version: int) -> list[Finding]:
    """The same in a private namespace: only a child can come back from one."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.write(writer, json.dumps([asdict(f) for f in _privately(version)]).encode())
            code = 0
        finally:
            if code:
                traceback.print_exc()  # nobody above may handle it: this process must end here
            os._exit(code)
    os.close(writer)
    with open(reader, "rb") as answer:  # noqa: PTH123  # a descriptor, not a path
        text = answer.read()
    os.waitpid(child, 0)
    found = [Finding(**item) for item in json.loads(text or b"[]")]
    return found or [Finding(f"loopback IPv{version}", "missing", "the trial ended without a result")]


def _privately(version: int) -> list[Finding]:
    try:
        enter_private()
    except WireError as error:
        return [Finding("private namespace", "missing", str(error))]
    return _try(version)


def _try(version: int) -> list[Finding]:
    """Raw socket, packet socket, loopback, guard, drop counter."""
    sockets = f"raw and packet socket IPv{version}"
    try:
        link = RawLink(_LOOPBACK[version])
    except WireError as error:
        return [Finding(sockets, "missing", str(error))]
    with closing(link):
        found = [Finding(sockets, "works", "crafted segments leave, arriving ones are seen")]
        return found + _guard(link, version) + [_drops(link, version)]


def _guard(link: RawLink, version: int) -> list[Finding]:
    """A SYN to a held port must draw nothing; a SYN to a closed port, sent after it, must draw a RST."""
    address = _LOOPBACK[version]
    asking, held, closed = link.pool.take(), link.pool.take(), _closed_port(version)
    arrivals = _ask(link, Endpoint(address, asking), [Endpoint(address, held), Endpoint(address, closed)])
    resets = {a.flow.remote.port for a in arrivals if not a.sent and a.segment.flags & RST}
    loopback, guard = f"loopback IPv{version}", f"guard IPv{version}"
    if closed not in resets:
        return [Finding(loopback, "missing", "a SYN to a closed port of our own drew no RST", _FIREWALL)]
    answers = Finding(loopback, "works", "a SYN to a closed port drew a RST")
    if held in resets:
        return [answers, Finding(guard, "missing", "our kernel answers for a held port: runs will be inconclusive")]
    silent = link.pool.caveat or "our kernel keeps silent about a held port, no firewall needed"
    return [answers, Finding(guard, "works", silent)]


def _closed_port(version: int) -> int:
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as free:
        free.bind((_LOOPBACK[version], 0))
        return int(free.getsockname()[1])


def _ask(link: RawLink, local: Endpoint, remotes: list[Endpoint]) -> list[Arrival]:
    """Send a SYN to each in turn; everything seen until the last one answered. Loopback keeps order."""
    for remote in remotes:
        link.send(Flow(local, remote), Segment(Seq(1), Seq(0), SYN))
    until, seen = time.monotonic() + _PATIENCE, list[Arrival]()
    while time.monotonic() < until:
        seen += link.receive(until)
        if any(a.flow.remote == remotes[-1] and a.segment.has(RST | ACK) for a in seen):
            break
    return seen


def _drops(link: RawLink, version: int) -> Finding:
    dropped = link.losses().dropped
    what = f"drop counter IPv{version}"
    if dropped:
        mend = "sudo sysctl net.core.rmem_max=33554432"
        return Finding(what, "missing", f"{dropped} packets lost for lack of room", mend)
    return Finding(what, "works", "no packet lost")


def _offload(name: str) -> Finding:
    """ETHTOOL_GTXCSUM; with offload on, the sums of what this host sends are completed after we saw the packet."""
    what = f"checksum offload {name}"
    value = array.array("I", [_ETHTOOL_GTXCSUM, 0])
    request = struct.pack("16sP16x", name.encode(), value.buffer_info()[0])
    try:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            fcntl.ioctl(sock, _SIOCETHTOOL, request)
    except OSError as error:
        return Finding(what, "not judged", f"the driver does not tell ({os.strerror(error.errno or 0).lower()})")
    if value[1]:
        return Finding(what, "works", "on: sums of segments this host sends itself are not judged")
    return Finding(what, "works", "off: every sum is judged")
