"""What hosts on the way reject: kinds of segment of which errors came, and of which none was ever answered."""

from __future__ import annotations

from probe.engine.belief.events import IcmpError, Seen, Transcript
from probe.engine.path.labelled import Labelled
from probe.engine.path.models import model
from probe.engine.path.rejected import Rejections, kind
from probe.results.path import Standing, Suspect
from probe.spec.icmp import Icmp
from probe.spec.segment import ACK, FIN, PSH, SYN, Segment
from probe.spec.seq import Seq

PROHIBITED, TOO_BIG = Icmp("192.0.2.254", 4, 3, 13), Icmp("192.0.2.254", 4, 3, 4, 576)
SENT = (
    Segment(Seq(0), flags=SYN),
    Segment(Seq(1), Seq(1), PSH | ACK, length=4),
    Segment(Seq(5), Seq(1), FIN | ACK),
)


def record(*errors: tuple[int, Icmp]) -> Transcript:
    events = [Seen(float(i), to_peer=True, segment=segment) for i, segment in enumerate(SENT)]
    return Transcript(list(events), errors=[IcmpError(float(i), i, i, icmp) for i, icmp in errors])


def test_what_is_rejected_and_never_answered_is_void_in_every_record() -> None:
    rejections = Rejections()
    rejections.heard("close-by-us", record((2, PROHIBITED)), answered=(0, 1))
    rejections.heard("close-by-peer", record(), answered=(0, 1))
    found = rejections.suspicion()
    assert (found.suspect, found.standing, found.fits, found.variant) == (Suspect.ICMP, Standing.ACCEPTED, 1, "F.")
    assert found.reason == "a host on the way rejects segments: administratively prohibited, says 192.0.2.254"
    made = model(found.suspect, found.variant)
    assert made is not None
    assert made.keeps(Labelled(record().events)) == {2}


def test_a_kind_that_was_answered_once_is_rejected_for_another_reason() -> None:
    rejections = Rejections()
    rejections.heard("fin-outside", record((2, PROHIBITED)), answered=(0,))
    rejections.heard("close-by-us", record(), answered=(0, 1, 2))
    assert rejections.suspicion().variant == ""
    assert model(Suspect.ICMP, "") is None


def test_a_segment_that_is_too_big_is_no_kind() -> None:
    rejections = Rejections()
    rejections.heard("full-segments", record((1, TOO_BIG)), answered=(0,))
    assert (rejections.suspicion().fits, rejections.suspicion().variant) == (1, "")


def test_kinds() -> None:
    assert [kind(segment) for segment in SENT] == ["S", ".+", "F."]
