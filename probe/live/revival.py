"""Brings a peer that has ended back: the user's command, then patience until the port answers; and who answers."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from probe.engine.play.knock import KNOCK, SECONDS, Answer, Knock
from probe.engine.trial.attempt import Attempt
from probe.live.frame import Frame
from probe.live.line import Line
from probe.spec.segment import MSS, NOP, SYN, Endpoint, Segment
from probe.spec.seq import Seq
from probe.wire.errors import WireError

COMMAND_TIME = 120.0
"""Seconds that the command may take."""
BOOT_TIME = 120.0
"""Seconds until the port must answer after it, with the usual patience."""
MOST = 16
"""So often a peer is brought back in one run."""
_AGAIN = 0.5
_SAMPLES = 3
_SAID = 200


class ReviveError(WireError):
    """The peer does not come back (exit code 4); what was found until then stands."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one stack from another by its SYN,ACKs: the options answered, how far away it is, its initial numbers.

    ``varies`` is None where there were too few numbers to tell.
    """

    options: tuple[tuple[int, bytes], ...]
    hop_limit: int
    varies: bool | None = None

    @staticmethod
    def of(replies: Sequence[Segment], hop_limit: int) -> Signature:
        """That of some SYN,ACKs to plain SYNs."""
        options = tuple((o.kind, o.data if o.kind == MSS else b"") for o in replies[-1].options if o.kind != NOP)
        numbers: set[Seq] = {reply.seq for reply in replies}
        return Signature(options, hop_limit, len(numbers) > 1 if len(replies) >= _SAMPLES else None)

    def differs(self, other: Signature) -> str:
        """In what another differs, for people; empty where it may be the same stack."""
        if self.options != other.options:
            return "the options of its SYN,ACK"
        if self.hop_limit != other.hop_limit:
            return f"its hop limit, {self.hop_limit} before and {other.hop_limit} now"
        told = None not in (self.varies, other.varies)
        return "how it picks initial sequence numbers" if told and self.varies is not other.varies else ""


@dataclass(slots=True)
class Revival:
    """``reopen`` opens another line to the peer, whose packets are numbered on from the number it is given."""

    command: str
    target: Endpoint
    reopen: Callable[[int], Line]
    count: int = 0
    before: Signature | None = field(default=None)

    def note(self, attempts: Sequence[Attempt], hop_limit: int) -> None:
        """Remember who answered before the first end: the SYN,ACKs to the plain SYNs that began these attempts."""
        if self.before is None:
            answers = [reply for attempt in attempts if (reply := _plain_answer(attempt)) is not None]
            self.before = Signature.of(answers, hop_limit) if answers else None

    def bring_back(self, frame: Frame) -> str:
        """Run the command and wait for the port; in what the stack that answers is another, empty where in nothing.

        Raises ReviveError where the command fails or the port stays silent.
        """
        if self.count == MOST:
            raise ReviveError(
                f"the peer ended once more after it was brought back {MOST} times; it is asked no further"
            )
        self.count += 1
        left = math.inf if frame.options.until is None else frame.options.until - time.monotonic()
        run_command(self.command, self.target, min(COMMAND_TIME, left))
        replies = [self._answer(frame) for _ in range(_SAMPLES if self.count == 1 else 1)]
        now = Signature.of(replies, frame.loop.hop_limit)
        return self.before.differs(now) if self.before is not None else ""

    def _answer(self, frame: Frame) -> Segment:
        until = time.monotonic() + BOOT_TIME * max(1.0, frame.habits.scale)
        why = "the port answers no SYN"
        while time.monotonic() < until:
            try:
                knock = _knocked(frame, self.target)
            except WireError as error:
                why = str(error)
                time.sleep(_AGAIN)  # noqa: TID251  # nothing announces that a way to the peer is there again
                with suppress(WireError):
                    frame.go_on(self.reopen(frame.loop.newest))
                continue
            if knock.reply is not None and knock.answer is Answer.OPEN:
                return knock.reply
            if knock.answer is Answer.REFUSED:
                why = "the port refuses connections"
                time.sleep(_AGAIN)  # noqa: TID251  # nor that a server has started
        raise ReviveError(
            f"{self.target} did not come back within {BOOT_TIME:g} s of --revive: {why}; what was found is reported"
        )


def _knocked(frame: Frame, target: Endpoint) -> Knock:
    """One knock at the peer, played alone. Raises DownError where there is no way to it."""
    knock = Knock(frame.setting(KNOCK), SECONDS * frame.habits.scale)
    todo = [frame.attempt(knock, target)]
    frame.play(lambda: todo.pop() if todo else None, lambda _: None, 1)
    return knock


def _plain_answer(attempt: Attempt) -> Segment | None:
    """The SYN,ACK to a plain SYN that began an attempt."""
    first = [event for _, event in attempt.segments[:2]]
    if len(first) < 2 or not first[0].to_peer or first[1].to_peer or not first[1].segment.flags & SYN:
        return None
    offered = first[0].segment
    plain = [option.kind for option in offered.options] == [MSS] and not offered.length
    return first[1].segment if plain else None


def run_command(command: str, target: Endpoint, seconds: float) -> None:
    """Through the shell; it may leave processes behind that hold its output open. Raises ReviveError."""
    told = {"PROBE_TARGET": str(target), "PROBE_ADDRESS": target.address, "PROBE_PORT": str(target.port)}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | told,
        )
        try:
            code = process.wait(max(0.0, seconds))
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise ReviveError(f"--revive took longer than {seconds:.3g} s and was ended: {command}") from None
            raise
        if code:
            output.seek(0)
            lines = output.read().decode("utf-8", "replace").split("\n")
            said = next((line.strip() for line in reversed(lines) if line.strip()), "")[:_SAID]
            how = f"exit code {code}" if code > 0 else f"signal {-code}"
            raise ReviveError(f"--revive failed ({how}): {command}{': ' if said else ''}{said}")
