"""Knocking at a port: what each answer is called, and that loss alone, or one ICMP error, ends nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from probe.engine.belief.events import Command, Seen, Send, WakeAt
from probe.engine.play.conductor import Setting
from probe.engine.play.knock import GAPS, SECONDS, Answer, Knock
from probe.spec.icmp import Icmp
from probe.spec.segment import ACK, RST, SYN, Endpoint, Segment
from probe.spec.seq import Seq

TARGET = Endpoint("192.0.2.7", 81)
PROHIBITED = Icmp("192.0.2.254", 4, 3, 13)
Reply = Callable[[int], Segment | Icmp | None]


def played(reply: Reply, patience: float = 1.0) -> tuple[Knock, list[Segment]]:
    """The knock and what it sent, where ``reply`` answers the SYN of that number (from 1) after 1 ms."""
    knock = Knock(Setting(Seq(1000)), SECONDS * patience)
    sent: list[Segment] = []
    now = 0.0
    todo: list[Command] = knock.start(now)
    wake = 0.0
    while not knock.finished:
        segments = [c.segment for c in todo if isinstance(c, Send)]
        wake = next((c.time for c in todo if isinstance(c, WakeAt)), wake)
        todo = []
        for segment in segments:
            sent.append(segment)
            todo += knock.seen(Seen(now, to_peer=True, segment=segment, number=len(sent)))
            answer = reply(sum(bool(s.flags & SYN) for s in sent)) if segment.flags & SYN else None
            if isinstance(answer, Icmp):
                todo += knock.reported(now + 0.001, answer, segment)
            elif answer is not None:
                todo += knock.seen(Seen(now + 0.001, to_peer=False, segment=answer, number=len(sent)))
        if not segments:
            now = wake
            todo = knock.woken(now)
    return knock, sent + [c.segment for c in todo if isinstance(c, Send)]


@pytest.mark.parametrize("lost", range(len(GAPS)))
def test_an_open_port_is_found_behind_loss_and_nothing_is_left_on_it(lost: int) -> None:
    answer = Segment(Seq(5), Seq(1001), SYN | ACK)
    knock, sent = played(lambda number: answer if number > lost else None)
    assert (knock.answer, knock.reply, knock.tries) == (Answer.OPEN, answer, lost + 1)
    assert sent[-1] == Segment(Seq(1001), flags=RST)
    assert {s.seq for s in sent[:-1]} == {Seq(1000)}, "one connection, however many SYNs"


def test_a_reset_refuses() -> None:
    knock, sent = played(lambda number: Segment(Seq(0), Seq(1001), RST | ACK))
    assert (knock.answer, len(sent)) == (Answer.REFUSED, 1)
    assert knock.sentence(TARGET) == "192.0.2.7:81 refuses connections (RST)"


def test_a_silent_port_is_filtered_after_the_whole_patience() -> None:
    knock, sent = played(lambda number: None)
    assert (knock.answer, len(sent)) == (Answer.SILENT, 7)
    assert knock.sentence(TARGET) == "192.0.2.7:81 is filtered or down: no answer to 7 SYNs in 4 s"
    assert played(lambda number: None, patience=10)[0].took == pytest.approx(40)


def test_icmp_ends_it_once_it_came_again() -> None:
    knock, sent = played(lambda number: PROHIBITED)
    assert (knock.answer, len(sent), knock.took) == (Answer.UNREACHABLE, 2, 0)
    assert knock.sentence(TARGET) == "192.0.2.7:81 cannot be reached: administratively prohibited, says 192.0.2.254"


def test_a_host_that_limits_its_errors_is_believed_at_the_end() -> None:
    knock, _ = played(lambda number: PROHIBITED if number == 1 else None)
    assert knock.answer is Answer.UNREACHABLE


def test_an_error_for_a_moment_is_outweighed_by_an_answer() -> None:
    answer = Segment(Seq(5), Seq(1001), SYN | ACK)
    knock, _ = played(lambda number: PROHIBITED if number == 1 else answer)
    assert knock.answer is Answer.OPEN


def test_the_peers_time_runs_from_the_syn_that_left() -> None:
    """The first segment of a process takes a while to craft: no second SYN goes out on its heels."""
    knock = Knock(Setting(Seq(1000)), SECONDS)
    (sends, _) = knock.start(0.0)
    assert isinstance(sends, Send)
    assert not [c for c in knock.woken(0.4) if isinstance(c, Send)], "it has not been seen to leave"
    knock.seen(Seen(0.5, to_peer=True, segment=sends.segment, number=1))
    assert not [c for c in knock.woken(0.6) if isinstance(c, Send)]
    assert [c for c in knock.woken(0.5 + GAPS[0] * SECONDS) if isinstance(c, Send)]
