"""What of a record is the peer's behind a SYN proxy, segment by segment as Linux's synproxy passes it on."""

from __future__ import annotations

from probe.engine.belief.events import Event, Missing, Seen, Transcript
from probe.engine.path.proxy import through
from probe.spec.segment import ACK, FIN, PSH, RST, SYN, Segment
from probe.spec.seq import Seq


def ours(seq: int, ack: int, flags: int, length: int = 0) -> tuple[bool, Segment]:
    return True, Segment(Seq(seq), Seq(ack), flags, length=length, payload=b"x" * length)


def theirs(seq: int, ack: int, flags: int, window: int = 0, length: int = 0) -> tuple[bool, Segment]:
    return False, Segment(Seq(seq), Seq(ack), flags, window, length=length, payload=b"x" * length)


SHAKE = (ours(0, 0, SYN), theirs(0, 1, SYN | ACK), ours(1, 1, ACK))
UPDATE = theirs(1, 1, ACK, 500)


def record(*segments: tuple[bool, Segment]) -> Transcript:
    events: list[Event] = [Seen(at / 10, to_peer, s, at + 1) for at, (to_peer, s) in enumerate(segments)]
    return Transcript(events)


def numbers(transcript: Transcript) -> list[int]:
    return [e.number for e in transcript.events if isinstance(e, Seen)]


def test_a_handshake_that_never_ended_shows_nothing_of_the_peer() -> None:
    assert through(record(ours(0, 0, SYN), theirs(0, 1, SYN | ACK), ours(1, 99, ACK), theirs(99, 0, RST))) is None


def test_text_on_the_handshake_goes_no_further_than_the_proxy() -> None:
    assert through(record(*SHAKE[:2], ours(1, 1, ACK | PSH, 5))) is None
    assert through(record(ours(0, 0, SYN, 5), theirs(0, 6, SYN | ACK), ours(6, 1, ACK))) is None


def test_the_last_handshake_counts_and_one_update_of_the_window() -> None:
    early = (ours(50, 0, SYN), theirs(70, 51, SYN | ACK), ours(51, 0, RST))
    passed = through(record(*early, *SHAKE, UPDATE, UPDATE, ours(1, 1, ACK | FIN)))
    assert passed is not None
    assert numbers(passed.transcript) == [4, 5, 6, 7, 9]
    assert (passed.begins, passed.taken, passed.changed) == (3, False, False)


def test_syns_on_a_connection_and_their_answers_are_the_proxys() -> None:
    again = (ours(0, 0, SYN), theirs(777, 1, SYN | ACK), ours(1, 778, ACK))
    passed = through(record(*SHAKE, UPDATE, *again, ours(1, 1, ACK | PSH, 1)))
    assert passed is not None
    assert passed.taken
    assert numbers(passed.transcript) == [1, 2, 3, 4, 8]


def test_a_reset_bears_the_number_it_would_refuse_with_and_ends_the_record() -> None:
    close = (ours(1, 1, ACK | FIN), theirs(1, 2, ACK | FIN), ours(2, 2, ACK), ours(0, 2, ACK | PSH, 1))
    passed = through(record(*SHAKE, UPDATE, *close, theirs(1, 0, RST), ours(0, 2, ACK | PSH, 1)))
    assert passed is not None
    assert passed.changed
    assert numbers(passed.transcript) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    last = passed.transcript.events[-1]
    assert isinstance(last, Seen)
    assert last.segment.seq == 2


def test_what_was_missed_names_and_places_move_with_their_events() -> None:
    whole = record(ours(50, 0, SYN), *SHAKE, UPDATE, ours(1, 1, ACK | PSH, 1))
    whole.named, whole.places = {0: "early", 5: "late"}, {0: 0, 1: 1, 3: 2, 5: 3}
    whole.missing = [Missing(0, "S.", "", False, 1.0), Missing(5, ".", "", False, 1.0)]
    passed = through(whole)
    assert passed is not None
    assert passed.transcript.named == {4: "late"}
    assert passed.transcript.places == {0: 1, 2: 2, 4: 3}
    assert [(m.what, m.index) for m in passed.transcript.missing] == [(".", 4)]
