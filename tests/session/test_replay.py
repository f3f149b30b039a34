"""Replay, folded, remembered and cut to pieces, says what judging every packet of every connection says."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.capture.reader import Part
from probe.engine.connection import Connection
from probe.session.part import replay_part
from probe.session.replay import ReplayOptions, replay
from probe.session.stitch import Stitcher
from probe.session.tally import Asked
from tests.capture.build import Frame, pcap
from tests.session.reference import Summary, summaries
from tests.session.traffic import captures

SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))


def summary(connection: Connection) -> Summary:
    """A connection as ``reference.summaries`` writes it."""
    c = connection
    steps = [tuple((s.state, s.packet) for s in states) for states in (c.client_states, c.server_states)]
    return (
        c.index, c.first_packet, c.packets, c.opener, c.handshake, c.close, *steps, c.syn_again, c.syn_ack_again,
        c.fin_again, c.evidence, c.conn_state, c.history, c.completeness,
        tuple((f.rule, f.packets) for f in c.findings), str(c.verdict),
    )  # fmt: skip


def summaries_of(connections: tuple[Connection, ...]) -> list[Summary]:
    """In the order of the file."""
    return [summary(c) for c in sorted(connections, key=lambda c: c.index)]


@SLOW
@given(captures())
def test_what_is_folded_and_remembered_is_what_all_packets_say(frames: list[Frame]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture"
        path.write_bytes(pcap(frames))
        found = replay(ReplayOptions((str(path),), workers=1))
        assert summaries_of(found.listed) == summaries(path)
        assert sum(found.counts.values()) == found.connections == len(found.listed)


def in_parts(path: Path, places: list[int]) -> list[Connection]:
    """Replay cut at these octets, by the same steps as the real one."""
    asked = Asked(str(path))
    bounds = [0, *places, None]
    stitcher = Stitcher(asked)
    for start, end in itertools.pairwise(bounds):
        part = Part(str(path), start or 0, end, 1 if not start else None)
        stitcher.add(replay_part(part, asked, last=end is None))
    stitcher.finish()
    return [connection for _, _, connection in stitcher.tally.listed]


@SLOW
@given(captures(), st.data())
def test_cut_to_pieces_it_is_the_same(frames: list[Frame], data: st.DataObject) -> None:
    ends = [24]
    for frame in frames:
        ends.append(ends[-1] + 16 + len(frame.data))
    places = sorted(data.draw(st.sets(st.sampled_from(ends[1:-1]), max_size=4))) if len(ends) > 2 else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture"
        path.write_bytes(pcap(frames))
        whole = replay(ReplayOptions((str(path),), workers=1)).listed
        assert sorted(in_parts(path, places), key=lambda c: c.index) == sorted(whole, key=lambda c: c.index)
