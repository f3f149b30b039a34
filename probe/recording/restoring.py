"""An attempt as it was on the wire, made again from its packets and its mark; what cannot have been is refused."""

from __future__ import annotations

from dataclasses import replace

from probe import scenarios
from probe.engine.belief.events import Event, Quiet, Seen
from probe.engine.belief.hypothesis import ABORT, BARE_FIN, COOKIES, EXPIRY, LOSS, REPEAT
from probe.engine.belief.tracker import CLOSED, LISTENING, UNKNOWN_PORT, Terms
from probe.engine.belief.transcript import Missing, Transcript
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt
from probe.recording.json_fields import DamagedError
from probe.recording.metadata import AttemptMark, Unseen
from probe.scenarios.steps import WINDOW
from probe.scenarios.triggers import Trigger
from probe.spec import rules
from probe.spec.reaction import PROFILES
from probe.spec.segment import Flow, Segment
from probe.spec.seq import Seq

_STARTS = {("CLOSED", "LISTEN"): UNKNOWN_PORT, ("LISTEN",): LISTENING, ("CLOSED",): CLOSED}
_EXCUSES = {ABORT, BARE_FIN, COOKIES, EXPIRY, LOSS, REPEAT}
_AWAITED = {"S", "S.", ".", "F", "R", "text", "settled"}
_OF_APPLICATION = {"S", "F", "R", "text", WINDOW}


def rebuilt(mark: AttemptMark, packets: list[tuple[Flow, Seen]], foreign: list[Seen], profile: str) -> Attempt:
    """The attempt; DamagedError where packets and mark do not fit. ``profile`` may be another than the recorded one.

    ``packets`` are those with a sentence of this attempt, in order: the flow from source to destination, and the
    segment; the direction is taken from the mark.
    """
    if len(packets) != len(mark.sent):
        raise DamagedError(f"it has {len(packets)} packets in the file and had {len(mark.sent)}")
    if len(foreign) != mark.foreign:
        raise DamagedError(f"it has {len(foreign)} segments of our own kernel in the file and had {mark.foreign}")
    flow = _flow(mark, packets)
    seen = [
        replace(event, to_peer=way == ">", segment=_as_judged(event.segment, mark, place))
        for place, ((_, event), way) in enumerate(zip(packets, mark.sent, strict=True))
    ]
    events = _with_waits(seen, mark.quiet)
    _check(mark, events, profile)
    transcript = Transcript(events, list(mark.missing), foreign, mark.sealed, mark.interrupted, dict(mark.named))
    return _attempt(mark, flow, transcript, profile)


def unseen(mark: Unseen, profile: str) -> Attempt:
    """An attempt that left no packet."""
    conductor = Conductor(scenarios.ALL[mark.exchange], Setting(Seq(0), terms=Terms(profile)))
    conductor.transcript.interrupted = mark.interrupted
    return Attempt(conductor.scenario, conductor, mark.flow, done=True)


def _attempt(mark: AttemptMark, flow: Flow, transcript: Transcript, profile: str) -> Attempt:
    trigger = Trigger("recorded", obedient=mark.obedient)
    terms = Terms(profile, frozenset(mark.allow))
    scenario = scenarios.ALL[mark.exchange]
    conductor = Conductor(scenario, Setting(Seq(0), trigger, terms, _STARTS[mark.start]))
    conductor.transcript = transcript
    for event in transcript.events:
        conductor.watch.feed(event)
    kernel: dict[int, str] = dict(mark.kernel)
    return Attempt(scenario, conductor, flow, kernel=kernel, done=True, path_delay=mark.path_delay)


def _flow(mark: AttemptMark, packets: list[tuple[Flow, Seen]]) -> Flow:
    """The flow as the tester saw it."""
    flows = {flow if way == ">" else flow.reversed() for (flow, _), way in zip(packets, mark.sent, strict=True)}
    if len(flows) != 1:
        raise DamagedError("the directions of its packets do not fit")
    return flows.pop()


def _as_judged(segment: Segment, mark: AttemptMark, place: int) -> Segment:
    """The segment with what the kernel knew of it: a sum that a card fills in looks wrong in a file."""
    if place in mark.merged:
        segment = replace(segment, merged=True)
    if place in mark.bad_sums or "checksum" not in segment.faults:
        return segment
    faults = tuple(fault for fault in segment.faults if fault != "checksum")
    return replace(segment, faults=faults, checksum_known=False)


def _with_waits(seen: list[Seen], quiet: tuple[tuple[int, float], ...]) -> list[Event]:
    """The segments with the ended waits at their places."""
    waits = dict(quiet)
    total = len(seen) + len(quiet)
    if len(waits) != len(quiet) or any(index >= total for index in waits):
        raise DamagedError("its waits have no place between its packets")
    rest = iter(seen)
    return [Quiet(waits[index]) if index in waits else next(rest) for index in range(total)]


def _check(mark: AttemptMark, events: list[Event], profile: str) -> None:
    """Refuse what no run of probe writes."""
    if profile not in PROFILES:
        raise DamagedError(f"there is no profile {profile!r}")
    if mark.start not in _STARTS or not set(mark.allow) <= _EXCUSES:
        raise DamagedError("it starts from what this version of probe does not know")
    if not set(mark.named.values()) <= set(rules.ALL):
        raise DamagedError("it names a rule that this version of probe does not know")
    for missing in mark.missing:
        _check_missing(missing, events if mark.sealed is None else events[: mark.sealed])


def _check_missing(missing: Missing, judged: list[Event]) -> None:
    asked = any(isinstance(event, Seen) for event in judged[: missing.index + 1])
    known = missing.what in (_OF_APPLICATION if missing.application else _AWAITED)
    if not asked or not known or (missing.rule and missing.rule not in rules.ALL):
        raise DamagedError("what it waited for in vain makes no sense")
