"""Before a run: is the port of the target served at all? Which of its ports refuses, so that it is a closed one?"""

from __future__ import annotations

from probe.engine.play.knock import KNOCK, SECONDS, Answer, Knock
from probe.engine.trial.attempt import Attempt
from probe.live.frame import Frame
from probe.live.ports import CANDIDATES, ClosedPorts
from probe.spec.segment import Endpoint

_MENDS = {
    Answer.REFUSED: "nothing listens there: start a server, or name a port that is served",
    Answer.UNREACHABLE: "ask who runs that host, or take another way to the target",
    Answer.SILENT: "`probe doctor TARGET` shows the way to it",
}


def knocking(frame: Frame, remote: Endpoint) -> Attempt:
    """The attempt that knocks at ``remote``, to be played; its conductor is a ``Knock``."""
    return frame.attempt(Knock(frame.setting(KNOCK), SECONDS * frame.habits.scale), remote)


def unanswered(frame: Frame, target: Endpoint) -> str:
    """Knock at the target: one sentence with what came instead of a connection, empty where one is to be had."""
    todo = [knocking(frame, target)]
    knocked: list[Attempt] = []
    frame.play(lambda: todo.pop() if todo else None, knocked.append, 1)
    knock = knocked[0].conductor
    assert isinstance(knock, Knock)
    assert knock.answer is not None, "what interrupts a run is raised"
    return "" if knock.answer is Answer.OPEN else f"{knock.sentence(target)}; {_MENDS[knock.answer]}"


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
