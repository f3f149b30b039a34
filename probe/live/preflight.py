"""Before a run: is the port of the target served at all? Which of its ports refuses, so that it is a closed one?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probe.engine.play.knock import FIRST_SECONDS, KNOCK, OFFERED, PLAIN, SECONDS, Answer, Knock
from probe.engine.trial.attempt import Attempt
from probe.live.frame import Frame
from probe.live.line import open_line
from probe.live.options import CheckOptions
from probe.live.ports import CANDIDATES, ClosedPorts
from probe.live.triggers import Detection, find_trigger
from probe.spec.segment import EOL, MSS, NOP, SACK_PERMITTED, TIMESTAMPS, WSCALE, Endpoint, Option
from probe.wire.errors import WireError

_NAMES = {MSS: "mss", WSCALE: "wscale", SACK_PERMITTED: "sackOK", TIMESTAMPS: "TS"}
_MENDS = {
    Answer.REFUSED: "nothing listens there: start a server, or name a port that is served",
    Answer.UNREACHABLE: "ask who runs that host, or take another way to the target",
    Answer.SILENT: "`probe doctor TARGET` shows the way to it",
}


def knocking(frame: Frame, remote: Endpoint, options: tuple[Option, ...] = PLAIN, seconds: float = SECONDS) -> Attempt:
    """What knocks at ``remote``, to be played; its conductor is a ``Knock``, and patience scales ``seconds``."""
    return frame.attempt(Knock(frame.setting(KNOCK), seconds * frame.habits.scale, options), remote)


def knock(frame: Frame, target: Endpoint, options: tuple[Option, ...] = PLAIN) -> Knock:
    """Knock at the target until that is answered, or long enough for one that must wake up first."""
    todo = [knocking(frame, target, options, FIRST_SECONDS)]
    knocked: list[Attempt] = []
    frame.play(lambda: todo.pop() if todo else None, knocked.append, 1)
    found = knocked[0].conductor
    assert isinstance(found, Knock)
    assert found.answer is not None, "what interrupts a run is raised"
    return found


def unanswered(frame: Frame, target: Endpoint) -> str:
    """Knock at the target: one sentence with what came instead of a connection, empty where one is to be had."""
    found = knock(frame, target)
    mend = _MENDS.get(found.answer or Answer.SILENT)
    return f"{found.sentence(target)}; {mend}" if mend else ""


def find_closed(frame: Frame, ports: ClosedPorts) -> None:
    """Knock at the ports until one is known to refuse, or none."""

    def supply() -> Attempt | None:
        remote = ports.next()
        return None if remote is None else knocking(frame, remote)

    def finished(attempt: Attempt) -> None:
        ports.heard(attempt)
        if ports.known:
            frame.loop.stop(ports.concerns)

    frame.play(supply, finished, len(CANDIDATES))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a target says to a SYN, and what could be played with it; sentences for people.

    ``closed`` names a port that refuses; ``lacking`` says that there is none, or that nothing was asked for it.
    """

    answer: Answer
    reply: str
    trigger: str = ""
    closed: str = ""
    lacking: str = ""

    @property
    def served(self) -> bool:
        """Whether a connection is to be had."""
        return self.answer is Answer.OPEN


def survey(target: Endpoint, options: CheckOptions) -> Survey:
    """Knock at the target; where it answers, look for a trigger and a closed port. WireError where that cannot be."""
    with open_line(target, options) as line:
        frame, detection = Frame(line, options), Detection(None)
        ports = ClosedPorts(target, options.closed_port, line.pool, local=line.local)
        found = None
        with frame:
            found = knock(frame, target, OFFERED)
            if found.answer is Answer.OPEN:
                find_closed(frame, ports)
                find_trigger(frame, detection, target, options.parallel)
        if found is None or found.answer is None:
            raise WireError(frame.trouble or f"{target} was not asked to the end")
        if found.answer is not Answer.OPEN or found.reply is None:
            return Survey(found.answer, found.sentence(target))
        took = f"SYN,ACK after {1000 * found.took:.3g} ms" + f" (SYN {found.tries})" * (found.tries > 1)
        reply = f"{took}, options: {options_text(found.reply.options) or 'none'}"
        closed = "" if ports.lacking else f"port {ports.endpoint.port} refuses connections"
        return Survey(found.answer, reply, str(detection.trigger or "none"), closed, ports.lacking)


def options_text(options: Iterable[Option]) -> str:
    """The options as tcpdump writes them, without those that only fill up."""
    told = []
    for option in options:
        if option.kind not in (EOL, NOP):
            name = _NAMES.get(option.kind, f"option {option.kind}")
            told.append(f"{name} {int.from_bytes(option.data, 'big')}" if option.kind in (MSS, WSCALE) else name)
    return ", ".join(told)
