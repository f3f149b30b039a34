"""What `probe doctor` looks at, in order: packages, rights, kernel, the line on loopback, the way to a target.

The line is tried for real: raw and packet sockets, answers, the guard of held ports. Each finding has the command that
mends it.
"""

from __future__ import annotations

import array
import fcntl
import json
import os
import platform
import socket
import struct
import time
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from probe.cli.options.targets import Peer
from probe.live.options import CheckOptions
from probe.live.preflight import survey
from probe.results.exit_codes import ExitCode
from probe.spec.segment import ACK, RST, SYN, Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.errors import WireError
from probe.wire.link import Arrival
from probe.wire.namespace import BarredError, enter_private, private_possible
from probe.wire.raw import RawLink
from probe.wire.rights import capable as _capable
from probe.wire.route import find_route
from probe.wire.sockdiag import KernelTable

_LEAST = {"scapy": "2.7", "pyroute2": "0.7", "click": "8.1", "tabulate": "0.9"}
_MEND_RIGHT = (
    "sudo setpriv --reuid $(id -u) --regid $(id -g) --init-groups --inh-caps +net_raw --ambient-caps +net_raw"
    " $(command -v probe) check TARGET"
)
_LOOPBACK = {4: "127.0.0.1", 6: "::1"}
_PATIENCE = 2.0
_SIOCGIFFLAGS, _SIOCETHTOOL, _ETHTOOL_GTXCSUM = 0x8913, 0x8946, 0x16
_FIREWALL = "a firewall on this machine drops loopback traffic: see `sudo nft list ruleset`"


class State(StrEnum):
    """How something is that probing needs."""

    WORKS = "works"
    MISSING = "missing"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row; ``mend`` is the command that helps, if one is needed."""

    what: str
    state: State
    detail: str
    mend: str = ""


def diagnose(peers: Sequence[Peer], options: CheckOptions) -> tuple[list[Finding], ExitCode, str]:
    """All findings, what they come to for the shell, and in one sentence.

    ``peers`` are the targets to find the way to, and to ask what they answer (none: the lab is what matters).
    """
    capable, barred = _capable(), private_possible()
    versions = (4, 6) if capable or barred is None else ()
    lines = {version: try_line(version, private=not capable) for version in versions}
    system = f"{platform.python_version()} on {platform.system()} {platform.release()}"
    findings = [Finding("Python", State.WORKS, system), *map(_package, _LEAST), *_rights(capable, barred)]
    with KernelTable() as table:
        sockdiag = Finding("sock_diag", State.WORKS, "the kernel tells the true state of local peers")
        if not table.available:
            inferred = f"{table.reason}; states are inferred only"
            sockdiag = Finding("sock_diag", State.MISSING, inferred, "sudo modprobe tcp_diag")
    findings += [sockdiag, *(finding for line in lines.values() for finding in line)]
    ways = [_way(peer, options.interface) for peer in peers]
    findings += [finding for way in ways for finding in way]
    sound = (v for v, line in lines.items() if all(finding.state != State.MISSING for finding in line))
    usable = " and ".join(f"IPv{version}" for version in sound)
    if any(way[0].state is State.MISSING for way in ways):
        return findings, ExitCode.ENVIRONMENT, "there is no way to the target"
    if capable and usable:
        answer = f"probing works here, {usable}"
        asked = [_asked(peer, options) for peer in peers]
        findings += [finding for one in asked for finding in one]
        shut = [one[0].detail for one in asked if one[0].state is State.MISSING]
        code = ExitCode.INCONCLUSIVE if shut else ExitCode.CONFORMS
        return findings, code, "; ".join([answer, *shut])
    if peers:
        answer = "probing another host needs the capability CAP_NET_RAW; the lab (no TARGET) needs none"
        return findings, ExitCode.ENVIRONMENT, answer
    if usable:
        answer = f"the lab works here, {usable}; other hosts need the capability CAP_NET_RAW"
        return findings, ExitCode.CONFORMS, answer
    wrong = "neither raw sockets nor private namespaces can be had" if barred else "loopback does not work"
    return findings, ExitCode.ENVIRONMENT, wrong


def _asked(peer: Peer, options: CheckOptions) -> list[Finding]:
    """What the target answers to a SYN, first; then what could be played with it."""
    target = peer.endpoint
    try:
        found = survey(target, replace(options, interface=options.interface or peer.interface or None))
    except WireError as error:
        return [Finding(f"SYN to {target}", State.MISSING, str(error))]
    if not found.served:
        return [Finding(f"SYN to {target}", State.MISSING, found.reply)]
    state = State.NOT_JUDGED if found.lacking else State.WORKS
    return [
        Finding(f"SYN to {target}", State.WORKS, found.reply),
        Finding("trigger", State.WORKS, found.trigger),
        Finding("closed port", state, found.lacking or found.closed),
    ]


def _package(name: str) -> Finding:
    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())

    least = _LEAST[name]
    try:
        have = version(name)
    except PackageNotFoundError:
        have = ""
    if numbers(have) >= numbers(least):
        return Finding(name, State.WORKS, have)
    detail = f"{have} is too old" if have else "not installed"
    return Finding(name, State.MISSING, detail, f"python3 -m pip install '{name}>={least}'")


def _rights(capable: bool, barred: BarredError | None) -> list[Finding]:
    """The right to open raw sockets, and the namespace that gives it to the lab."""
    raw = Finding("CAP_NET_RAW", State.WORKS, "effective: raw and packet sockets can be opened")
    if not capable:
        detail = "not effective" if barred else "not effective: only the lab can be checked"
        raw = Finding("CAP_NET_RAW", State.MISSING, detail, _MEND_RIGHT)
    if barred is None:
        return [raw, Finding("private namespace", State.WORKS, "the lab can be made")]
    mend = "sudo $(command -v probe) check"  # root, to whom most of these bars do not apply
    if barred.settings:
        mend = "sudo sysctl " + " ".join(barred.settings)
    return [raw, Finding("private namespace", State.MISSING, str(barred), mend)]


def _way(peer: Peer, interface: str | None) -> list[Finding]:
    """The way to one target, the route first; raises TargetError where the address itself makes no sense."""
    what = f"route to {peer.endpoint.address}"
    try:
        route = find_route(peer.endpoint.address, interface=interface or peer.interface or None)
    except WireError as error:
        return [Finding(what, State.MISSING, str(error), f"ip route get {peer.endpoint.address}")]
    where = " (this host itself)" if route.local else ""
    found = Finding(what, State.WORKS, f"through {route.interface} from {route.source}{where}")
    return [found, *interface_findings(route.interface)]


# -- interfaces --------------------------------------------------------------------------------------------------------


def interface_findings(name: str) -> list[Finding]:
    """Whether an interface is up, and who completes checksums on it."""
    # IFF_UP, asked of the namespace we are in; /sys may show another one (netdevice(7)).
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH14x", name.encode(), 0))
        state = Finding(f"interface {name}", State.WORKS, "up")
        if not struct.unpack_from("H", answer, 16)[0] & 1:
            state = Finding(f"interface {name}", State.MISSING, "down", f"sudo ip link set {name} up")
        # With offload on (ETHTOOL_GTXCSUM), sums of what this host sends are completed after we saw the packet.
        what, value = f"checksum offload {name}", array.array("I", [_ETHTOOL_GTXCSUM, 0])
        try:
            fcntl.ioctl(any_socket, _SIOCETHTOOL, struct.pack("16sP16x", name.encode(), value.buffer_info()[0]))
        except OSError as error:
            unknown = f"the driver does not tell ({os.strerror(error.errno or 0).lower()})"
            return [state, Finding(what, State.NOT_JUDGED, unknown)]
    on = "on: sums of segments this host sends itself are not judged"
    return [state, Finding(what, State.WORKS, on if value[1] else "off: every sum is judged")]


# -- the line on loopback ----------------------------------------------------------------------------------------------


def try_line(version: int, *, private: bool) -> list[Finding]:
    """Try loopback of an IP version here, or, ``private``, in a namespace that a child makes and leaves with."""
    try:
        if version == 6:
            _free_port(version)
    except OSError:
        mend = "sudo sysctl net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0"
        return [Finding("IPv6", State.MISSING, "switched off or without loopback address", mend)]
    return _in_child(version) if private else _try(version)


def _in_child(version: int) -> list[Finding]:
    """The same in a private namespace: only a child can come back from one."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            try:
                enter_private()
                findings = _try(version)
            except WireError as error:
                findings = [Finding("private namespace", State.MISSING, str(error))]
            os.write(writer, json.dumps([asdict(finding) for finding in findings]).encode())
        except BaseException:  # noqa: BLE001  # nobody above may handle it: this process must end here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:  # noqa: PTH123  # a descriptor, not a path
        text = answer.read()
    os.waitpid(child, 0)
    found = [Finding(**{**item, "state": State(item["state"])}) for item in json.loads(text or b"[]")]
    return found or [Finding(f"loopback IPv{version}", State.MISSING, "the trial ended without a result")]


def _try(version: int) -> list[Finding]:
    """Raw socket, packet socket, loopback, guard, drop counter."""
    sockets = f"raw and packet socket IPv{version}"
    try:
        link = RawLink(_LOOPBACK[version])
    except WireError as error:
        return [Finding(sockets, State.MISSING, str(error))]
    with closing(link):
        seen, guarded = "crafted segments leave, arriving ones are seen", _guard(link, version)
        drops, dropped = f"drop counter IPv{version}", link.dropped()
        lost = Finding(drops, State.WORKS, "no packet lost")
        if dropped:
            mend = "sudo sysctl net.core.rmem_max=33554432"
            lost = Finding(drops, State.MISSING, f"{dropped} packets lost for lack of room", mend)
        return [Finding(sockets, State.WORKS, seen), *guarded, lost]


def _guard(link: RawLink, version: int) -> list[Finding]:
    """A SYN to a held port must draw nothing; a SYN to a closed port, sent after it, must draw a RST."""
    address = _LOOPBACK[version]
    asking, held, closed = link.pool.take(), link.pool.take(), _free_port(version)
    for port in (held, closed):  # loopback keeps order: what the held one draws comes first
        link.send(Flow(Endpoint(address, asking), Endpoint(address, port)), Segment(Seq(1), Seq(0), SYN))
    until, arrivals = time.monotonic() + _PATIENCE, list[Arrival]()
    while time.monotonic() < until:
        arrivals += link.receive(until)
        if any(a.flow.remote.port == closed and a.segment.has(RST | ACK) for a in arrivals):
            break
    resets = {a.flow.remote.port for a in arrivals if not a.sent and a.segment.flags & RST}
    loopback, guard = f"loopback IPv{version}", f"guard IPv{version}"
    if closed not in resets:
        return [Finding(loopback, State.MISSING, "a SYN to a closed port of our own drew no RST", _FIREWALL)]
    answers = Finding(loopback, State.WORKS, "a SYN to a closed port drew a RST")
    if held in resets:
        return [answers, Finding(guard, State.MISSING, "our kernel answers for a held port: runs will be inconclusive")]
    silent = link.pool.caveat or "our kernel keeps silent about a held port, no firewall needed"
    return [answers, Finding(guard, State.WORKS, silent)]


def _free_port(version: int) -> int:
    """A port where nothing listens; OSError where there is no loopback address."""
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as free:
        free.bind((_LOOPBACK[version], 0))
        return int(free.getsockname()[1])
