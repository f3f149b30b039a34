"""Each event of an intrusion detection system, made into a capture: what replay says of it is what the page says."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from probe.replay.extracting import extract
from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Evidence
from tests.capture.build import FOUR_A, FOUR_B, Frame, ethernet, ipv4, pcap, tcp
from tests.helpers.packets import talk
from tests.replay.events import EVENTS, Event


def capture(event: Event) -> bytes:
    """The event as a file, its packets a quarter of a second apart."""
    payloads, frames = iter(event.payloads), []
    for place, packet in enumerate(talk(event.packets)):
        s, ends = packet.segment, (FOUR_A, FOUR_B)
        source, target = ends if packet.from_client else ends[::-1]
        ports = (40000, 80) if packet.from_client else (80, 40000)
        text = (next(payloads) if event.payloads else b"." * s.length) if s.length else b""
        stamps = b"\1\1\x08\x0a" + struct.pack("!II", event.clocks[place], 0) if event.clocks else b""
        body = tcp(
            source + target, *ports, int(s.seq), int(s.ack), s.flags, window=s.window, payload=text, options=stamps
        )
        frames.append(Frame(ethernet(ipv4(body, source, target)), int(packet.time * 1e9)))
    return pcap(frames)


def told(path: Path) -> str:
    """What replay says, in one line: the findings, else what is odd, else what the record lacks."""
    if replay(ReplayOptions((str(path),), workers=1)).connections > 1:
        return "two connections"
    found = extract(str(path), 0)
    if found.connection.findings:
        return " ".join(f"{finding.word} {finding.rule}" for finding in found.connection.findings)
    if found.connection.doubtful:
        return f"doubtful {found.connection.doubtful[0].rule}"
    if found.oddities:
        return " ".join(f"oddity {odd.kind}" for odd in found.oddities)
    return "nothing" if found.connection.evidence is Evidence.COMPLETE else found.connection.evidence.value


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_what_is_told_of_an_event(event: Event, tmp_path: Path) -> None:
    path = tmp_path / "event.pcap"
    path.write_bytes(capture(event))
    assert told(path) == event.told


def test_what_breaks_no_rule_has_its_reason() -> None:
    assert [e.name for e in EVENTS if bool(e.why) == e.told.startswith(("fail", "warn"))] == []
