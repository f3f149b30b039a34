"""What `probe doctor` looks at, in order, and what it makes of it."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from probe.cli.options.targets import Peer
from probe.cli.run.selftest import Finding, Line, interface_findings, try_line
from probe.wire.errors import WireError
from probe.wire.namespace import private_possible
from probe.wire.rights import capable as _capable
from probe.wire.route import Route, find_route
from probe.wire.sockdiag import KernelTable

_NEWEST_NEEDED = {"scapy": "2.7", "pyroute2": "0.7", "click": "8.1", "tabulate": "0.9"}
_MEND_RIGHT = (
    "sudo setpriv --reuid $(id -u) --regid $(id -g) --init-groups --inh-caps +net_raw --ambient-caps +net_raw"
    " $(command -v probe) check TARGET"
)
_SETTING = re.compile(r"(?:kernel|user)\.\w+(?:=\d+)?")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, whether probing works, and that in one sentence."""

    findings: tuple[Finding, ...]
    works: bool
    answer: str


def diagnose(peers: Sequence[Peer], interface: str | None = None) -> Diagnosis:
    """Look at everything; ``peers`` are the targets to find the way to (none: the lab is what matters)."""
    capable = _capable()
    forbidden = private_possible()
    lines = [try_line(number, private=not capable) for number in (4, 6)] if capable or forbidden is None else []
    findings = [_interpreter(), *_packages(), _right(capable, forbidden), _namespace(forbidden), _diag()]
    findings += [finding for line in lines for finding in line.findings]
    ways = [_way(peer, interface) for peer in peers]
    findings += [finding for _, found in ways for finding in found]
    works, answer = _answer(capable, forbidden, lines, [route for route, _ in ways])
    return Diagnosis(tuple(findings), works, answer)


def _answer(
    capable: bool, forbidden: str | None, lines: Sequence[Line], routes: Sequence[Route | None]
) -> tuple[bool, str]:
    usable = [line.version for line in lines if line.works]
    kinds = " and ".join(f"IPv{number}" for number in usable)
    if None in routes:
        return False, "there is no way to the target"
    if capable and usable:
        return True, f"probing works here, {kinds}"
    if routes:
        return False, "probing another host needs the capability CAP_NET_RAW; the lab (no TARGET) needs none"
    if usable:
        return True, f"the lab works here, {kinds}; other hosts need the capability CAP_NET_RAW"
    return False, "neither raw sockets nor private namespaces can be had" if forbidden else "loopback does not work"


def _interpreter() -> Finding:
    return Finding("Python", "works", f"{platform.python_version()} on {platform.system()} {platform.release()}")


def _packages() -> list[Finding]:
    return [_package(name, least) for name, least in _NEWEST_NEEDED.items()]


def _package(name: str, least: str) -> Finding:
    try:
        have = version(name)
    except PackageNotFoundError:
        return Finding(name, "missing", "not installed", f"python3 -m pip install '{name}>={least}'")
    if _numbers(have) < _numbers(least):
        return Finding(name, "missing", f"{have} is too old", f"python3 -m pip install '{name}>={least}'")
    return Finding(name, "works", have)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _right(capable: bool, forbidden: str | None) -> Finding:
    if capable:
        return Finding("CAP_NET_RAW", "works", "effective: raw and packet sockets can be opened")
    detail = "not effective: only the lab can be checked" if forbidden is None else "not effective"
    return Finding("CAP_NET_RAW", "missing", detail, _MEND_RIGHT)


def _namespace(forbidden: str | None) -> Finding:
    if forbidden is None:
        return Finding("private namespace", "works", "the lab can be made")
    return Finding("private namespace", "missing", forbidden, _mend_namespace(forbidden))


def _mend_namespace(reason: str) -> str:
    """The setting the reason names, else to be root, to whom most of these bars do not apply."""
    settings = _SETTING.findall(reason)
    if not settings:
        return "sudo $(command -v probe) check"
    return "sudo sysctl " + " ".join(s if "=" in s else f"{s}=10000" for s in settings)


def _diag() -> Finding:
    with KernelTable() as table:
        if table.available:
            return Finding("sock_diag", "works", "the kernel tells the true state of local peers")
        return Finding("sock_diag", "missing", f"{table.reason}; states are inferred only", "sudo modprobe tcp_diag")


def _way(peer: Peer, interface: str | None) -> tuple[Route | None, list[Finding]]:
    """The way to one target; an unreachable one raises TargetError where the address itself makes no sense."""
    what = f"route to {peer.endpoint.address}"
    try:
        route = find_route(peer.endpoint.address, interface=interface or peer.interface or None)
    except WireError as error:
        return None, [Finding(what, "missing", str(error), f"ip route get {peer.endpoint.address}")]
    where = " (this host itself)" if route.local else ""
    found = Finding(what, "works", f"through {route.interface} from {route.source}{where}")
    return route, [found, *interface_findings(route.interface)]
