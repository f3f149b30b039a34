"""The command that brings a peer back, and whether it is the same stack that came back."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe.live.revival import ReviveError, Signature, run_command
from probe.spec.segment import ACK, MSS, NOP, SYN, WSCALE, Endpoint, Option, Segment
from probe.spec.seq import Seq

PEER = Endpoint("192.0.2.7", 80)


def reply(number: int, *options: Option) -> Segment:
    return Segment(Seq(number), Seq(1), SYN | ACK, options=options)


def test_the_command_is_told_which_peer_it_is(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_command(f'echo "$PROBE_TARGET $PROBE_ADDRESS $PROBE_PORT" > {out}', PEER, 10)
    assert out.read_text() == "192.0.2.7:80 192.0.2.7 80\n"


def test_one_that_leaves_a_process_behind_is_over_when_it_ends() -> None:
    run_command("sleep 60 & echo on", PEER, 10)


@pytest.mark.parametrize(
    ("command", "seconds", "said"),
    [
        ("echo first; echo no such relay >&2; exit 3", 10, r"--revive failed \(exit code 3\): .*: no such relay$"),
        ("kill -9 $$", 10, r"--revive failed \(signal 9\)"),
        ("sleep 60", 0.1, r"--revive took longer than 0\.1 s and was ended: sleep 60$"),
    ],
)
def test_one_that_fails_is_one_sentence_with_its_last_words(command: str, seconds: float, said: str) -> None:
    with pytest.raises(ReviveError, match=said):
        run_command(command, PEER, seconds)


SIZE, SCALE = Option(MSS, b"\x05\xb4"), Option(WSCALE, b"\x07")
BEFORE = Signature.of([reply(n, SIZE, Option(NOP)) for n in (5, 900, 17)], 64)


@pytest.mark.parametrize(
    ("now", "differs"),
    [
        (Signature.of([reply(77, SIZE)], 64), ""),
        (Signature.of([reply(n, SIZE) for n in (1, 2, 3)], 64), ""),
        (Signature.of([reply(77, SIZE, SCALE)], 64), "the options of its SYN,ACK"),
        (Signature.of([reply(77, Option(MSS, b"\x02\x18"))], 64), "the options of its SYN,ACK"),
        (Signature.of([reply(77, SIZE)], 128), "its hop limit, 64 before and 128 now"),
        (Signature.of([reply(0, SIZE)] * 3, 64), "how it picks initial sequence numbers"),
    ],
)
def test_another_stack_is_known_by_its_answers(now: Signature, differs: str) -> None:
    assert BEFORE.differs(now) == differs
