"""Real paths in network namespaces: the tester, routers and a host in a row, with firewalls where a test wants them.

Everything between is this machine's kernel: veth pairs, forwarding, nft. The tester stands in the namespace of the test
process. All of it is gone with the ``Chain``.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from probe.spec.segment import Endpoint
from probe.wire.namespace import inside
from tests.helpers.processes import started

_HOLDER = "from probe.wire.namespace import enter_private; enter_private(); print(flush=True); input()"
_COUNT = itertools.count()
_FIRST = {4: "10.{}.0.{}", 6: "fd{}::{}"}
_PREFIX = {4: 24, 6: 64}

FILTER = """
table inet path {{
  chain here {{ type filter hook {hook} priority 0; ct state invalid counter drop; {more} }}
}}
"""
"""A stateful filter: what its connection tracking calls invalid is dropped."""
STATEFUL_HOST = FILTER.format(hook="input", more="")
STATEFUL_ROUTER = FILTER.format(hook="forward", more="")
STRICT_HOST = FILTER.format(hook="input", more="ct state new tcp flags & (syn | ack | rst | fin) != syn drop;")
"""The same, and a connection begins with a SYN."""
REFUSING_HOST = """
table inet path {
  chain here { type filter hook input priority 0; ct state invalid reject with tcp reset
  }
}
"""
"""A filter that answers what is invalid with a RST."""
SERVED_ONLY = """
table inet path {{
  chain here {{
    type filter hook input priority 0; policy drop;
    tcp dport {port} accept
    ct state established,related accept
  }}
}}
"""
"""One port is open to whatever comes; the rest must belong to a connection of the host's."""
NO_SCANS = """
table inet path {
  chain here {
    type filter hook input priority 0;
    tcp flags & (syn | fin) == (syn | fin) drop
    tcp flags & (syn | rst) == (syn | rst) drop
    tcp flags & (fin | syn | rst | psh | ack | urg) == 0 drop
    tcp flags & (fin | ack) == fin drop
  }
}
"""
"""Rules against port scans, as they stand in many guides: they keep nothing in mind."""
NO_UNKNOWN_OPTIONS = """
table inet path {
  chain here {
    type filter hook forward priority 0;
    tcp option 253 exists drop
    tcp option 77 exists drop
  }
}
"""
"""A router that knows its options, and drops what has others."""
MSS_WANTED = """
table inet path {
  chain here { type filter hook input priority 0; tcp flags & (syn | ack) == syn tcp option maxseg missing drop
  }
}
"""
"""What guides have against CVE-2019-11477: no connection without an MSS."""
MSS_CLAMP = """
table inet path {
  chain here { type filter hook forward priority 0; tcp flags syn tcp option maxseg size set 536
  }
}
"""
"""What a router for a PPPoE line does; nft spoils the checksum where the number begins at an odd octet."""
MASQUERADE = """
table inet path {
  chain out { type nat hook postrouting priority srcnat; oifname "on*" masquerade; }
}
"""
"""Address translation as a router for a home does it: what has no mapping is not translated."""
MASQUERADE_CLOSED = """
table inet path {
  chain out { type nat hook postrouting priority srcnat; oifname "on*" masquerade; }
  chain through { type filter hook forward priority 0; ct state invalid drop; }
}
"""
"""The same, with a filter: what has no mapping is dropped."""
LIMIT = """
table inet path {
  chain here {
    type filter hook input priority 0
    tcp flags & (syn | ack) == syn limit rate over 10/second burst 20 packets reject with tcp reset
  }
}
"""
"""So many SYNs at a time are let in, the others answered with a RST."""
CONNECTIONS = """
table inet path {{
  chain here {{ type filter hook input priority 0; tcp flags & (fin | syn | rst | ack) == syn ct count over 2 {verdict}
  }}
}}
"""
"""So many connections may stand at a time."""
REJECT = """
table inet path {{
  chain through {{ type filter hook forward priority 0; tcp dport {port} reject with icmpx admin-prohibited; }}
}}
"""
SYNPROXY = """
table inet path {{
  chain before {{ type filter hook prerouting priority raw; tcp dport {port} tcp flags syn notrack; }}
  chain here {{
    type filter hook {hook} priority 0;
    tcp dport {port} ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm;
    ct state invalid drop;
  }}
}}
"""


class Chain:
    """A row of namespaces: ours, ``routers`` that forward, a host. ``rules`` (nft) go into the node of that number.

    Node 0 is ours, the last one the host; link N joins node N and N + 1: ``up{N}`` on the side of the tester is called
    ``on*`` where it leads on to the host, ``back*`` where it leads back. ``mtu`` is that of the last link, ``sysctls``
    (name below /proc/sys, value) are set on the host.
    """

    def __init__(
        self,
        *,
        routers: int = 0,
        rules: Mapping[int, str] | None = None,
        mtu: int = 1500,
        sysctls: Mapping[str, str] | None = None,
    ) -> None:
        self.rules, self.mtu, self.sysctls = dict(rules or {}), mtu, dict(sysctls or {})
        self._number = next(_COUNT)
        self._last = routers + 1
        self._exits = ExitStack()
        self._pids: list[int] = []

    def address(self, node: int, version: int = 4) -> str:
        """The address of a node on the link that leads back to the tester (of node 0: on its only link)."""
        link, side = (node - 1, 2) if node else (0, 1)
        return _FIRST[version].format(78 + link, side)

    @property
    def host(self) -> dict[int, str]:
        """The host's addresses, by IP version."""
        return {version: self.address(self._last, version) for version in (4, 6)}

    def device(self, link: int) -> str:
        """The interface of a link on the side of the tester."""
        return f"on{self._number}x{link}"

    def pid(self, node: int) -> int:
        """A process in the namespace of a node other than ours."""
        return self._pids[node - 1]

    def __enter__(self) -> Chain:
        try:
            for _ in range(self._last):
                holder = started([sys.executable, "-c", _HOLDER], self._exits)
                assert holder.stdout is not None
                holder.stdout.readline()
                self._pids.append(holder.pid)
            self._wire()
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def start(self, command: Sequence[str], node: int | None = None) -> subprocess.Popen[str]:
        """Start a program on the host (or another node); it ends with this object."""
        with inside(self.pid(self._last if node is None else node)):
            return started(command, self._exits)

    def start_target(self, port: int = 0) -> dict[int, Endpoint]:
        """A `probe target` on the host: IP version -> endpoint. Port 0: any."""
        process = self.start([sys.executable, "-m", "probe.target", "--host", "*", "--port", str(port)])
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        return {version: Endpoint(address, port) for version, address in self.host.items()}

    def run(self, command: Sequence[str], node: int, text: str = "") -> str:
        """Run a program on a node to its end; its output."""
        if not node:
            return _ran(command, text)
        with inside(self.pid(node)):
            return _ran(command, text)

    def set(self, node: int, name: str, value: str) -> None:
        """A setting of a node's kernel, named as below /proc/sys."""
        with inside(self.pid(node)):
            Path("/proc/sys", name).write_text(value, encoding="ascii")

    def _wire(self) -> None:
        for link in range(self._last):
            on, back, far = self.device(link), f"back{self._number}x{link}", self.pid(link + 1)
            self.run(["ip", "link", "add", on, "type", "veth", "peer", "name", back, "netns", str(far)], link)
            if not link:
                self._exits.callback(_ran, ["ip", "link", "del", on])
            for node, name, side in ((link, on, 1), (link + 1, back, 2)):
                lines = [f"link set {name} up" + (f" mtu {self.mtu}" if link == self._last - 1 else "")]
                for version, form in _FIRST.items():
                    if version == 6 and self.mtu < 1280:  # RFC 8200 section 5: no link of IPv6
                        continue
                    quiet = " nodad" if version == 6 else ""
                    lines.append(
                        f"-{version} addr add {form.format(78 + link, side)}/{_PREFIX[version]} dev {name}{quiet}"
                    )
                self._batch(lines, node)
        for node in range(self._last + 1):
            self._batch(list(self._routes(node)), node)
            if 0 < node < self._last:
                self.set(node, "net/ipv4/ip_forward", "1")
                self.set(node, "net/ipv6/conf/all/forwarding", "1")
            if node in self.rules:
                self.run(["nft", "-f", "-"], node, self.rules[node])
        for name, value in self.sysctls.items():
            self.set(self._last, name, value)

    def _routes(self, node: int) -> list[str]:
        """To every link that the node is not on."""
        out = []
        for link in range(self._last):
            for version, form in _FIRST.items():
                if version == 6 and self.mtu < 1280:
                    continue
                if link > node:
                    via = form.format(78 + node, 2)
                elif link < node - 1:
                    via = form.format(78 + node - 1, 1)
                else:
                    continue
                out.append(f"-{version} route add {form.format(78 + link, 0)}/{_PREFIX[version]} via {via}")
        return out

    def _batch(self, lines: Sequence[str], node: int) -> None:
        for line in lines:
            self.run(["ip", *line.split()], node)


def _ran(command: Sequence[str], text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
