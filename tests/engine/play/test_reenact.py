"""A capture made of one dialogue, played again: the same peer, faulty ones, other text, a peer that vanishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe import scenarios
from probe.engine.belief.events import Seen
from probe.engine.judge.attempt import Opinion
from probe.engine.judge.jury import heard_enough, settle
from probe.engine.play.conductor import Setting
from probe.engine.play.reenact.conductor import Reenactment, beside
from probe.engine.play.reenact.turns import ScriptError, script
from probe.results.connection import Packet
from probe.results.verdict import Verdict
from probe.scenarios.steps import Send
from probe.scenarios.triggers import HTTP, NONE, TARGET, Trigger
from probe.spec.segment import (
    ACK,
    FIN,
    MSS,
    NOP,
    PSH,
    RST,
    SACK,
    SYN,
    TIMESTAMPS,
    WSCALE,
    Endpoint,
    Flow,
    Option,
    Segment,
)
from probe.spec.seq import Seq
from probe.wire.craft import pack
from tests.helpers import faults
from tests.helpers.dialogue import Dialogue, Loses
from tests.helpers.peer import Peer, closed_port
from tests.helpers.play import CLEAN, kept

Makes = Callable[[], Peer]
OPTIONS = st.lists(
    st.sampled_from(
        [
            Option(NOP),
            Option(MSS, b"\x05\xb4"),
            Option(WSCALE, b"\x07"),
            Option(TIMESTAMPS, bytes(8)),
            Option(SACK, bytes(8)),
            Option(253, b"x" * 16),
            Option(WSCALE, b"", "length 0"),
        ]
    ),
    max_size=2,
).map(tuple)


def captured(name: str, make: Makes = Peer, trigger: Trigger = TARGET) -> list[Packet]:
    """What a recorder on the line would have seen of an exchange."""
    events = Dialogue(scenarios.ALL[name], make(), trigger).run().transcript.judged
    seen = [e for e in events if isinstance(e, Seen)]
    return [Packet(i, e.time, e.to_peer, e.segment) for i, e in enumerate(seen, 1)]


class Again(Dialogue):
    """A dialogue whose tester re-enacts."""

    def __init__(self, packets: list[Packet], peer: Peer, iss: int = 0x7FFFFFF0, loses: Loses = kept) -> None:
        play = Reenactment(script(packets), Setting(Seq(iss), NONE), stamp=0xFFFFFFFE)
        super().__init__(play.scenario, peer, NONE, loses=loses)
        self.conductor = self.play = play

    def sent(self) -> list[Segment]:
        """What the re-enactment sent before clearing up."""
        return [e.segment for _, e in self.play.transcript.seen() if e.to_peer]


def again(packets: list[Packet], make: Makes = Peer) -> tuple[Opinion, Reenactment]:
    """The jury's verdict, and the last attempt."""
    heard: list[Opinion] = []
    talk = None
    while not heard_enough(heard, CLEAN):
        talk = Again(packets, make(), iss=0x7FFFFFF0 + len(heard))
        talk.run()
        heard.append(talk.opinion())
    assert talk is not None
    return settle(heard, CLEAN), talk.play


@pytest.mark.parametrize(
    "name",
    [
        s.id
        for s in scenarios.ALL.values()
        if (s.port, s.opens, s.distinct_isns, s.slow) == ("open", "us", False, False)
        and not any(isinstance(step, Send) and step.fresh for step in s.steps)  # a second connection within the first
    ],
)
def test_same_peer_does_the_same(name: str) -> None:
    packets = captured(name)
    opinion, play = again(packets)
    assert opinion.word is Verdict.PASS, opinion
    assert play.departures == []


def test_numbers_are_those_of_the_new_connection() -> None:
    packets = captured("close-by-us")
    talk = Again(packets, Peer(iss=Seq(77)))
    talk.run()
    relative = [(s.seq - talk.play.tester.iss, s.flags, s.length) for s in talk.sent()]
    assert relative == [
        (p.segment.seq - packets[0].segment.seq, p.segment.flags, p.segment.length) for p in packets if p.from_client
    ]
    assert {s.ack - 77 for s in talk.sent() if s.flags & ACK} == {1, 2}


def test_refused_in_the_capture_and_refused_again() -> None:
    packets = captured("refused", closed_port)
    opinion, play = again(packets, closed_port)
    assert (opinion.word, play.departures) == (Verdict.PASS, [])


def test_refused_only_now_is_inconclusive_and_a_departure() -> None:
    opinion, play = again(captured("close-by-us"), closed_port)
    assert opinion.word is Verdict.INCONCLUSIVE
    assert [(d.step, d.captured, d.live) for d in play.departures] == [(2, "S. seq 0 ack 1", "R. seq 0 ack 1")]


def test_faulty_peer_is_found_and_the_departure_named() -> None:
    def make() -> Peer:
        return Peer(faults={"E6": faults.as_before})

    opinion, play = again(captured("close-by-us"), make)
    assert opinion.word is Verdict.FAIL, opinion
    assert opinion.findings[0].clause.startswith("RFC 9293")
    assert play.departures
    assert play.departures[0].live.startswith("nothing for 1.0 s")


def test_vanished_peer_is_found_and_ends_soon() -> None:
    def make() -> Peer:
        peer = Peer()
        real = peer.arrives
        peer.arrives = lambda segment, now: real(segment, now) if segment.flags & SYN else []  # type: ignore[method-assign]
        return peer

    opinion, play = again(captured("close-by-peer", trigger=HTTP, make=lambda: Peer(speaks_http=True)), make)
    assert opinion.word is Verdict.FAIL
    assert play.departures[0].live.endswith("s")
    assert play.transcript.events[-1].time - play.transcript.events[0].time < 20


def test_nobody_there_is_inconclusive() -> None:
    def make() -> Peer:
        peer = Peer()
        peer.arrives = lambda segment, now: []  # type: ignore[method-assign]
        return peer

    opinion, play = again(captured("close-by-us"), make)
    assert opinion.word is Verdict.INCONCLUSIVE
    assert [d.captured for d in play.departures] == ["S. seq 0 ack 1"]


@pytest.mark.parametrize(("before", "now"), [(120, 300), (300, 120)])
def test_other_text_is_acknowledged_as_it_comes(before: int, now: int) -> None:
    def speaks(octets: int) -> Makes:
        def make() -> Peer:
            peer = Peer()
            real = peer._verb

            def verb(verb: str, words: list[str], now: float) -> list[Segment]:
                first = real("send", [str(octets)], now) if verb == "close" else []
                return first + real(verb, words, now)

            peer._verb = verb  # type: ignore[method-assign]
            return peer

        return make

    packets = captured("close-by-peer", speaks(before))
    assert sum(p.segment.length for p in packets if not p.from_client) == before
    opinion, play = again(packets, speaks(now))
    assert opinion.word is Verdict.PASS, opinion
    texts = [(d.captured, d.live) for d in play.departures]
    assert texts == [(f"{before} octets of text in all", f"{now} octets of text in all")]
    last = [e.segment for _, e in play.transcript.seen() if e.to_peer and e.segment.flags & ACK][-1]
    assert last.ack - play.tester.peer == now + 2


@given(st.data())
@settings(max_examples=40)
def test_any_capture_comes_to_an_end(data: st.DataObject) -> None:
    """Whatever follows the SYN: the re-enactment ends, every segment can be sent, both are set side by side."""
    packets = [packet(1, True, Segment(Seq(2**32 - 5), flags=SYN, options=data.draw(OPTIONS)), 0.0)]
    for number in range(2, data.draw(st.integers(2, 12))):
        length = data.draw(st.sampled_from([0, 0, 1, 700, 9000]))
        segment = Segment(
            Seq(2**32 - 5 + data.draw(st.integers(-3, 900))),
            Seq(data.draw(st.integers(0, 2**32 - 1))) if data.draw(st.booleans()) else Seq(2**32 - 4),
            data.draw(st.integers(0, 255)),
            length=length,
            options=data.draw(OPTIONS),
            faults=data.draw(st.sampled_from([(), (), ("checksum",), ("short header",)])),
        )
        packets.append(packet(number, data.draw(st.booleans()), segment))
    talk = Again(packets, Peer())
    talk.run(limit=600)
    flow = Flow(Endpoint("192.0.2.1", 1024), Endpoint("192.0.2.2", 80))
    for segment in talk.sent():
        pack(flow, segment)
    assert [c.step for c in beside(talk.play)] == [p.number for p in packets]


def test_client_goes_on_to_close_where_the_text_ends_early() -> None:
    segments = opened()
    for at in (0, 100, 200):
        segments.append((SERVER, Segment(S + 1 + at, C + 1, ACK | PSH, length=100)))
        segments.append((CLIENT, Segment(C + 1, S + 101 + at, ACK)))
    segments += [(CLIENT, Segment(C + 1, S + 301, FIN | ACK)), (SERVER, Segment(S + 301, C + 2, FIN | ACK))]
    talk = Again(by_hand(*segments, (CLIENT, Segment(C + 2, S + 302, ACK))), Peer())
    talk.run()
    assert [(d.step, d.live) for d in talk.play.departures] == [
        (4, "nothing for 1.0 s"),
        (8, "0 octets of text in all"),
    ]
    assert [(s.flags, s.ack - talk.play.tester.peer) for s in talk.sent()][-2:] == [(FIN | ACK, 1), (ACK, 2)]
    assert talk.opinion().word is Verdict.PASS


# -- captures by hand --------------------------------------------------------------------------------------------------


def packet(number: int, from_client: bool, segment: Segment, time: float | None = None) -> Packet:
    return Packet(number, number * 0.001 if time is None else time, from_client, segment)


def by_hand(*segments: tuple[bool, Segment]) -> list[Packet]:
    return [packet(i, from_client, s) for i, (from_client, s) in enumerate(segments, 1)]


def stamp(value: int, echo: int = 0) -> Option:
    return Option(TIMESTAMPS, value.to_bytes(4, "big") + echo.to_bytes(4, "big"))


C, S = Seq(1000), Seq(5000)
CLIENT, SERVER = True, False


def opened(*, options: tuple[Option, ...] = (), answer: tuple[Option, ...] = ()) -> list[tuple[bool, Segment]]:
    return [
        (CLIENT, Segment(C, flags=SYN, options=options)),
        (SERVER, Segment(S, C + 1, SYN | ACK, options=answer)),
        (CLIENT, Segment(C + 1, S + 1, ACK, window=100, options=(stamp(8, 900),) if answer else ())),
    ]


def test_timestamps_and_scale_are_dropped_where_the_live_peer_has_none() -> None:
    both = (stamp(7), Option(WSCALE, b"\x07"), Option(MSS, b"\x05\xb4"))
    talk = Again(by_hand(*opened(options=both, answer=(stamp(900, 7), *both[1:]))), Peer(offers=False))
    talk.run()
    first, second = talk.sent()[:2]
    assert first.timestamps == (0xFFFFFFFE, 0)
    assert second.options == ()
    assert second.window == 100 << 7


def test_timestamps_follow_the_live_connection() -> None:
    def stamped(peer: Peer, segment: Segment, reaction: object, out: list[Segment]) -> list[Segment]:
        return [replace(s, options=(stamp(4242, 7), Option(WSCALE, b"\x02"))) for s in out]

    both = (stamp(7), Option(WSCALE, b"\x07"))
    packets = by_hand(*opened(options=both, answer=(stamp(900, 7), both[1])))
    talk = Again(packets, Peer(faults={"L4": stamped}, offers=False))
    talk.run()
    second = talk.sent()[1]
    if talk.play._rewriter.syn_ack is None or not talk.play._rewriter.syn_ack.timestamps:
        pytest.fail("the fault did not apply")
    assert second.timestamps == (0xFFFFFFFF, 4242)
    assert second.window == 100
    assert [o.kind for o in second.options] == [NOP, NOP, TIMESTAMPS]


def test_sack_blocks_of_the_capture_are_left_out() -> None:
    segments = opened()
    segments.append((CLIENT, Segment(C + 1, S + 1, ACK, options=(Option(NOP), Option(NOP), Option(SACK, bytes(8))))))
    talk = Again(by_hand(*segments), Peer())
    talk.run()
    assert talk.sent()[2].options == ()


def test_large_segment_is_cut_to_the_peers_size() -> None:
    text = bytes(range(250)) * 4
    segments = [*opened(), (CLIENT, Segment(C + 1, S + 1, ACK | PSH | FIN, length=1000, payload=text))]
    talk = Again(by_hand(*segments), Peer(offers=False))
    talk.run()
    pieces = [s for s in talk.sent() if s.length]
    assert [(s.seq - talk.play.tester.iss, s.length, s.flags) for s in pieces] == [
        (1, 536, ACK),
        (537, 464, ACK | PSH | FIN),
    ]
    assert b"".join(s.payload for s in pieces) == text


def test_odd_segments_keep_their_distances() -> None:
    odd = Segment(C - 5, S + 100, ACK, urgent=7, reserved=1)
    talk = Again(by_hand(*opened(), (CLIENT, odd), (CLIENT, Segment(C + 1, flags=RST))), Peer(iss=Seq(9)))
    talk.run()
    sent = talk.sent()[2]
    assert (sent.seq - talk.play.tester.iss, sent.ack - 9, sent.urgent, sent.reserved) == (-5, 100, 7, 1)


def test_repetition_is_left_out_where_the_live_peer_is_quicker() -> None:
    syn = Segment(C, flags=SYN)
    packets = [
        packet(1, CLIENT, syn, 0.0),
        packet(2, CLIENT, syn, 1.0),
        packet(3, SERVER, Segment(S, C + 1, SYN | ACK), 1.01),
        packet(4, CLIENT, Segment(C + 1, S + 1, ACK), 1.02),
        packet(5, CLIENT, Segment(C + 1, S + 1, RST | ACK), 1.03),
    ]
    talk = Again(packets, Peer())
    talk.run()
    assert [s.flags for s in talk.sent()] == [SYN, ACK, RST | ACK]
    assert talk.play.left_out == [2]
    assert talk.play.departures == []


def test_text_is_acknowledged_where_the_peer_waits_for_it() -> None:
    """The captured server sent 400 octets at a time, this one waits for an ACK after each 100."""
    segments = [
        *opened(),
        (SERVER, Segment(S + 1, C + 1, ACK | PSH, length=400)),
        (CLIENT, Segment(C + 1, S + 401, ACK)),
        (CLIENT, Segment(C + 1, S + 401, RST | ACK)),
    ]
    peer = Peer()
    real = peer.arrives

    def arrives(segment: Segment, now: float) -> list[Segment]:
        out = real(segment, now)
        sent = peer.tcb.snd_nxt.ahead_of(peer.tcb.iss) - 1 if peer.tcb.iss is not None else 0
        waits = segment.flags == ACK and segment.ack == peer.tcb.snd_nxt and sent < 400
        return out + (peer.call("SEND", 100) if waits else [])

    peer.arrives = arrives  # type: ignore[method-assign]
    talk = Again(by_hand(*segments), peer)
    talk.run()
    assert talk.play.departures == []
    assert [s.ack - talk.play.tester.peer for s in talk.sent() if s.flags == ACK] == [1, 101, 201, 301, 401]


def test_much_more_text_is_taken_to_its_end_within_the_scaled_window() -> None:
    """RFC 7323 section 2.3: the window field counts in units of the scale that both SYNs offered."""

    def scaled(peer: Peer, segment: Segment, reaction: object, out: list[Segment]) -> list[Segment]:
        return [replace(s, options=(Option(WSCALE, b"\x02"),)) for s in out]

    options = (Option(WSCALE, b"\x07"),)
    segments = [
        *opened(options=options, answer=options),
        (SERVER, Segment(S + 1, C + 1, ACK | PSH, length=400)),
        (SERVER, Segment(S + 401, C + 1, FIN | ACK)),
        (CLIENT, Segment(C + 1, S + 402, ACK, window=100)),
    ]
    peer, size, most = Peer(faults={"L4": scaled}), 400_000, 0
    real = peer.arrives

    def arrives(segment: Segment, now: float) -> list[Segment]:
        nonlocal most
        out = real(segment, now)
        if segment.flags != ACK or segment.ack != peer.tcb.snd_nxt or peer.tcb.iss is None:
            return out
        sent = peer.tcb.snd_nxt.ahead_of(peer.tcb.iss) - 1
        most = max(most, segment.window << 7)
        return out + (peer.call("SEND", 10_000) if sent < size and segment.window << 7 >= 10_000 else [])

    peer.arrives = arrives  # type: ignore[method-assign]
    talk = Again(by_hand(*segments), peer)
    talk.run()
    assert talk.play.tester.text_received == size
    assert most < 1 << 16


@pytest.mark.parametrize(
    "packets",
    [
        [],
        by_hand((SERVER, Segment(S, C + 1, SYN | ACK)), (CLIENT, Segment(C + 1, S + 1, ACK))),
        by_hand((CLIENT, Segment(C + 1, S + 1, ACK | PSH, length=3))),
    ],
)
def test_without_the_clients_syn_there_is_nothing_to_play(packets: list[Packet]) -> None:
    with pytest.raises(ScriptError, match="SYN was not captured"):
        script(packets)


def test_text_missing_from_the_capture_is_known() -> None:
    segments = [*opened(), (CLIENT, Segment(C + 11, S + 1, ACK | PSH, length=5))]
    assert script(by_hand(*segments)).hole == 1
