"""The baseline: the same open and close, one Scapy ``sr1()`` per step, as scripts do it; not judged, not recorded."""

from __future__ import annotations

import random
import time
from typing import Any

from scapy.config import conf
from scapy.layers.inet import IP, TCP
from scapy.sendrecv import send, sniff, sr1
from scapy.supersocket import L3RawSocket

from probe.spec.segment import Endpoint
from probe.wire.guard import PortPool

_PATIENCE = 2.0


def exchanges_per_second(target: Endpoint, count: int) -> float:
    """The rate of ``count`` exchanges over IPv4, from guarded ports as ours; RuntimeError when one does not succeed."""
    conf.verb = 0
    conf.L3socket = L3RawSocket  # the only way that works on loopback
    with PortPool(target.address) as pool:
        ports = [pool.take() for _ in range(count + 1)]
        _exchange(target, ports.pop())  # the first one pays for Scapy's caches
        began = time.perf_counter()
        for port in ports:
            _exchange(target, port)
        return count / (time.perf_counter() - began)


def _exchange(target: Endpoint, port: int) -> None:
    ip = IP(src=target.address, dst=target.address)
    iss = random.getrandbits(31)
    opened = _answer(ip / TCP(sport=port, dport=target.port, seq=iss, flags="S"))
    peer = opened[TCP].seq + 1
    send(ip / TCP(sport=port, dport=target.port, seq=iss + 1, ack=peer, flags="A"))
    closed = _answer(ip / TCP(sport=port, dport=target.port, seq=iss + 1, ack=peer, flags="FA"))
    if "F" not in closed[TCP].flags:  # four segments: the peer's FIN comes by itself
        fin = sniff(count=1, timeout=_PATIENCE, iface="lo", lfilter=lambda p: TCP in p and p[TCP].dport == port)
        if not fin or "F" not in fin[0][TCP].flags:
            raise RuntimeError("the baseline missed the peer's FIN")
    send(ip / TCP(sport=port, dport=target.port, seq=iss + 2, ack=peer + 1, flags="A"))


def _answer(packet: Any) -> Any:  # noqa: ANN401  # Scapy's packets have no types
    answer = sr1(packet, timeout=_PATIENCE)
    if answer is None:
        raise RuntimeError("the baseline got no answer from the target")
    return answer
