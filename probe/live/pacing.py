"""How often and how much a host is asked: never more than the user says, and less where it is crowded.

A listener whose backlog is full drops SYNs, refuses them or answers them with cookies; all are the tester's doing as
much as the peer's, so it is asked less at a time. It is never accused of either: an unanswered SYN is inconclusive.
Many hosts and firewalls let pass so many SYNs a second and no more, or send so many RSTs: where these are lost and
hardly anything else, or SYNs are refused now and then, the pauses between SYNs grow until that ends, and stay.
"""

from __future__ import annotations

from math import inf

from probe.engine.judge.attempt import Opinion
from probe.engine.judge.excuses import Doubt
from probe.engine.path.limit import was_struck
from probe.engine.trial.attempt import Attempt, case_of
from probe.results.path import UNMEASURED, Loss, Path, Standing, Suspect, at_most
from probe.scenarios.steps import Scenario, Send
from probe.spec.segment import RST, SYN

SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between SYNs to a host that is slowed down for: the first pause, and the longest."""
LIMITED = 3
"""So many lost SYNs, where other segments hardly get lost, tell of a limit."""
SIGNS, CALM = 2, 3
"""So many attempts that hint at a full backlog slow down, so many in a row that do not undo it."""
_COOKIES = "answered with SYN cookies"
_LIKELY = 0.01
"""A chance below this is not likely."""
UNKNOWN = Path()


class Pace:
    """Spaces out new connections; one may be shared by the checks of one host, which follow each other."""

    def __init__(self, rate: float | None = None) -> None:
        """``rate`` new connections a second at most, in the mean; None: as fast as it goes."""
        self._least = 1.0 / rate if rate else 0.0
        self.gap = self._least
        self._short = -1.0
        self.next = 0.0
        """The earliest moment for the next one, in seconds since the epoch."""

    def begun(self, now: float, syns: int = 1) -> None:
        """What sends so many SYNs begins now. It is followed by as long a pause as they would take."""
        self.next = now + self.gap * syns

    def slower(self, *, limited: bool = False) -> None:
        """Make the pauses longer, up to a bound that a rate given by the user may exceed; ``limited``: for good."""
        if limited:
            self._short = self.gap
        self.gap = max(self.gap, min(LONGEST, max(SHORTEST, 2 * self.gap)))

    def faster(self) -> None:
        """Make the pauses shorter again, down to what was asked for, or is known to be too short."""
        shorter = max(self._least, self.gap / 2 if self.gap > SHORTEST else 0.0)
        if shorter > self._short:
            self.gap = shorter

    def reset(self) -> None:
        """Make the pauses what was asked for."""
        self.gap = self._least


def syns(scenario: Scenario) -> int:
    """How many SYNs without ACK an exchange sends; where the peer opens, what it asks for counts as one."""
    return max(1, sum(isinstance(s, Send) and "S" in s.flags and "." not in s.flags for s in scenario.steps))


def _is_alike(loss: Loss) -> bool:
    """Whether a path that loses so much of all else is likely to have lost as many SYNs."""
    others = loss.others
    if not (others.lost and loss.syns_lost):
        return False
    return 1 - at_most(loss.syns_lost - 1, loss.syns, others.lost / others.asked) >= _LIKELY


def _loses_syns(loss: Loss) -> bool:
    """Whether SYNs are lost, and hardly anything else: who loses whatever comes by has lost others as well."""
    return loss.syns_lost >= LIMITED and 2 * loss.others.bound < loss.syns_lost / loss.syns


def _met_limit(attempt: Attempt, path: Path) -> bool:
    """Whether a limit that is known refused a SYN of it."""
    return path.standing(Suspect.LIMIT) is Standing.ACCEPTED and was_struck(case_of(attempt))


class Backlog:
    """What the attempts tell of how much the target bears; ``width`` is how many connections it gets at a time.

    ``room`` is that for all of them, those included that only wait for a timer: where a SYN is refused beside so many,
    until one is refused alone.
    """

    def __init__(self, parallel: int, pace: Pace) -> None:
        self.width = self._asked = max(1, parallel)
        self._pace = pace
        self.room = inf
        self._counted = True
        self._answers = self._prompt = False
        self._unanswered = 0
        self._calm = self._hints = 0
        self._signs: dict[str, None] = {}
        self._limit = UNMEASURED
        self._limited_at = inf
        self._answered_at = -inf
        self._alone_too = 0
        self._slowest = (self.width, 0.0)
        self._slowed_at = -inf

    @property
    def limited(self) -> bool:
        """Whether a limit on SYNs is known: some met it, and others were answered after them."""
        return self._limited_at < self._answered_at

    def alone(self) -> None:
        """One connection at a time from now on."""
        self.width = self._asked = 1

    def heard(self, attempt: Attempt, opinion: Opinion | None, path: Path = UNKNOWN, *, beside: int = 0) -> None:
        """An attempt ended; ``opinion`` None where it is not judged, ``path`` as known by now.

        ``beside`` it so many connections of ours stand.
        """
        transcript = attempt.conductor.transcript
        if transcript.interrupted:
            return
        if opinion is not None and opinion.controls.lost_reset and path.loss.limits_resets:
            self._slow_down(transcript.events[0].time, transcript.events[-1].time, path)
        self._answers |= any(not event.to_peer and event.segment.flags & SYN for _, event in attempt.segments)
        if attempt.scenario.port == "open" and attempt.scenario.opens == "us":
            self._heard_of_open_port(attempt, opinion, path, beside)

    def _heard_of_open_port(self, attempt: Attempt, opinion: Opinion | None, path: Path, beside: int) -> None:
        transcript = attempt.conductor.transcript
        first = next((e for _, e in transcript.seen() if not e.to_peer), None)  # clearing up draws other answers
        refused = first is not None and (bool(first.segment.flags & RST) or _met_limit(attempt, path))
        answered = first is not None and not refused
        self.room = self._room(beside) if refused and self._answers else self.room
        self._unanswered = self._unanswered + 1 if self._answers and not answered else 0
        # Who drops every SYN until it is sent again does not mind how many there are.
        self._prompt = self._prompt or [event.to_peer for _, event in transcript.seen()[:2]] == [True, False]
        self._answered_at = max(self._answered_at, transcript.events[0].time if answered else -inf)
        if answered and not (self._prompt and opinion is not None and opinion.controls.lost_opening):
            if opinion is None or opinion.doubt is not Doubt.COOKIES:
                self._calm += 1
                if self._calm >= CALM:
                    self._calm = self._hints = 0
                    self._pace.faster()
                    self.width = min(self._asked, 2 * self.width)
                return
            began = transcript.events[0].time
            self._alone_too += self.width == 1 < self._asked and began >= self._slowed_at
            if self._alone_too >= SIGNS:  # no crowd is at fault: the listener keeps no state, or seems not to
                self._signs.pop(_COOKIES, None)
                self.width = self._asked if not self._signs else self.width
                return
            self._signs[_COOKIES] = None
        elif answered or self._answers:  # a target that never answered is no matter of crowding
            if not refused and _is_alike(path.loss):
                return
            self._signs["refused" if refused else "left unanswered"] = None
        else:
            return
        self._slow_down(transcript.events[0].time, transcript.events[-1].time, path)

    def _room(self, beside: int) -> float:
        self._counted &= beside > 0
        return max(1, min(self.room, beside)) if self._counted else inf

    def _slow_down(self, began: float, ended: float, path: Path) -> None:
        """Once for all attempts that were in progress together."""
        self._limit = path.loss if _loses_syns(path.loss) or path.loss.limits_resets else self._limit
        limited = self._limit is path.loss or path.standing(Suspect.LIMIT) is Standing.ACCEPTED
        self._hints += 1
        self._calm = 0
        self._limited_at = min(self._limited_at, began if limited else inf)
        if began < self._slowed_at or self._hints < SIGNS:
            return
        self._slowed_at = ended
        if limited or (self.width == 1 and self._unanswered > 1):
            self._pace.slower(limited=limited)
        self.width = max(1, self.width // 2)
        self._slowest = min(self._slowest, (self.width, -self._pace.gap))

    def warnings(self, target: object, *, stateless: bool = False) -> list[str]:
        """What it came to, in sentences for the user; a ``stateless`` listener answers any SYN with a cookie."""
        signs = [sign for sign in self._signs if sign != _COOKIES or not stateless]
        if self._slowed_at < 0 or not (signs or self._limit.lost):
            return []
        width, gap = self._slowest
        if self._limit.lost:
            limit, kind = self._limit, "SYNs"
            lost = f"{limit.syns_lost} of {limit.syns} SYNs were lost"
            if limit.limits_resets:
                lost, kind = f"{limit.resets_lost} of {limit.resets} RSTs that were due did not come", "RSTs"
            return [
                f"{target}: {lost}, and hardly anything else, as by a limit on {kind}; slowed down to {-gap:.2g} s"
                " between SYNs"
            ]
        apart = f", {-gap:.1g} s apart" if gap else ""
        return [
            f"{target}: with {self._asked} connections at a time SYNs were {' or '.join(signs)}, as by a full"
            f" backlog or a path that loses them; slowed down to {width} at a time{apart}"
        ]
