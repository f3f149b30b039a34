"""Transcript and spec to an opinion: what one attempt at an exchange shows, each finding with rule, segment and clause.

One attempt is only an opinion: an exchange is repeated before a suspicion becomes a verdict (``jury``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from probe.engine.belief.events import Quiet, Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import PERMITTED
from probe.engine.belief.watch import Watch
from probe.engine.judge.case import Case
from probe.engine.judge.excuses import LIVE, Doubt
from probe.engine.judge.exercised import close_form, exercised
from probe.engine.judge.findings import broken_rule, departure, unsound, untimely
from probe.engine.judge.header import CHECKSUM
from probe.engine.judge.reached import not_reached, reached
from probe.engine.judge.segment_size import UNKNOWN, Sizes, sizes
from probe.engine.judge.timers import beyond_loss
from probe.engine.path.loss import NO_CONTROLS, Controls, controls, syns_again
from probe.results.effect import Effect
from probe.results.path import Suspect
from probe.results.proofs import Canonical, Proofs, Reached
from probe.results.verdict import CloseForm, Finding, Verdict, Why
from probe.scenarios.steps import QUESTION, ROOM, WINDOW
from probe.spec.segment import ACK, RST, SYN, flags_text


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one attempt shows, or what several come to.

    ``tried`` are the excuses tried on a departure, each with whether it explains the record; ``departure`` is it in
    canonical form, and ``believed`` the states the peer may have been in before it. ``reached`` is what came up of
    what the exchange is about; ``rests`` are the suspects that would keep back what it rests on; ``controls`` tell
    of loss, ``segments`` is how many had passed until the departure, event ``broken_at``, or in all; ``strayed``
    is how many of ours would explain it by coming twice, or late (counted where the path does such things). ``proofs``
    are those of a verdict that several attempts come to; ``notes`` are told beside it. ``unless_lost`` is the opinion
    if a SYN of ours that was sent again had not been lost, nor its answer.
    """

    word: Verdict
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    rules: tuple[str, ...] = ()
    form: CloseForm = CloseForm.NONE
    why: Why = Why.NONE
    tried: tuple[tuple[Doubt, bool], ...] = ()
    departure: Canonical | None = None
    believed: tuple[str, ...] = ()
    reached: Reached | None = field(default=None, compare=False)
    rests: tuple[Suspect, ...] = ()
    controls: Controls = NO_CONTROLS
    segments: int = 0
    broken_at: int | None = None
    strayed: int = 0
    proofs: Proofs | None = None
    notes: tuple[Finding, ...] = ()
    unless_lost: Opinion | None = None

    @property
    def doubt(self) -> Doubt:
        """The plainest reason to hear it again; NONE where the attempt alone settles it."""
        if self.word is Verdict.INCONCLUSIVE:
            return Doubt.NO_EVIDENCE
        found = next((doubt for doubt, explains in self.tried if explains), None)
        return found or (Doubt.UNEXPLAINED if self.findings else Doubt.NONE)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The excuses that explain it."""
        return tuple(dict.fromkeys(doubt for doubt, explains in self.tried if explains))


_EXCEPTIONS = PERMITTED | {Excuse.EDGE, Excuse.ADVICE}
"""What is no departure, or another kind of one."""
_OURS = 1 << 20
"""An acknowledgment further than that from the first number sent is of another connection."""
_UNDONE = {
    "S": "opened no connection to us",
    "F": "did not close its side",
    "R": "did not abort",
    "text": "sent nothing",
    ROOM: "left no room in the receive window for what was to be sent next",
}


def judge(case: Case) -> Opinion:
    """One attempt, judged."""
    watch = case.follow(case.terms.profile, case.terms.allow)
    if excepted := _may_be_excepted(case, watch):
        permitted = case.follow(case.terms.profile, case.terms.allow | PERMITTED)
        # What was overtaken has come in the end: a gap that nothing fills was never sent.
        if permitted.broken_at is None and any(h.gap is None for h in permitted.belief):
            watch = permitted
    measured = NO_CONTROLS if case.transcript.interrupted else controls(case.transcript, watch)
    if (nothing := _no_evidence(case)) is not None:
        return replace(nothing, controls=measured)
    notes: tuple[Finding, ...] = ()
    if (first := watch.broken_at) is not None and excepted:
        at_edge = case.follow(case.terms.profile, case.terms.allow | {Excuse.EDGE})
        if at_edge.broken_at is None:
            notes, watch = (replace(departure(case, watch), effect=Effect.EDGE),), at_edge
        else:
            unadvised = case.follow(case.terms.profile, case.terms.allow | {Excuse.ADVICE})
            if (unadvised.broken_at or 0) > first:
                watch = unadvised  # what breaks the text outright weighs more
    shown = exercised(case, watch)
    size = sizes(case.scenario, case.transcript, case.version)
    if size is not None and size.kept and watch.broken_at is None:
        shown[size.rule] = -1
    found, came_to = _unless_dropped(case, _found(case, watch, size)), reached(case, watch, shown)
    if found.word is Verdict.PASS and came_to.lacking:  # what did not come up was not seen kept
        word, why, reason = not_reached(case, watch, came_to.lacking)
        found, came_to = Opinion(word, reason, why=why), replace(came_to, obstacle=reason)
    last = len(case.transcript.judged) if watch.broken_at is None else watch.broken_at + 1
    return replace(
        found,
        rules=tuple(shown),
        form=close_form(case.transcript),
        reached=came_to,
        controls=measured,
        segments=sum(index < last for index, _ in case.transcript.seen()),
        broken_at=watch.broken_at,
        notes=notes + found.notes,
        unless_lost=_unless_lost(case) if found.word is Verdict.PASS else None,
    )


def _may_be_excepted(case: Case, watch: Watch) -> bool:
    """Whether the record goes further with one of the exceptions: not where it does not with all of them at once."""
    every = case.terms.allow | _EXCEPTIONS
    return watch.broken_at is not None and case.follow(case.terms.profile, every).broken_at != watch.broken_at


def _unless_dropped(case: Case, found: Opinion) -> Opinion:
    """What packets that never reached us may explain accuses nobody."""
    lost = case.transcript.dropped
    if not lost or not found.findings:
        return found
    return _cannot_tell(Why.DROPPED, f"our own receive buffer lost {lost} packets")


def _unless_lost(case: Case) -> Opinion | None:
    silent = up_to_silence(case)
    return None if silent is None else judge(silent)


def up_to_silence(case: Case) -> Case | None:
    """The attempt up to a SYN that was sent again, with the silence that made the tester do so; None without such."""
    transcript = case.transcript
    syn = next(syns_again(transcript), None)
    if syn is None:
        return None
    events = [*transcript.events[: syn + 1], Quiet(transcript.events[syn + 1].time)]
    return case.of(replace(transcript, events=events, missing=[], sealed=None, errors=[]))


def _found(case: Case, watch: Watch, size: Sizes | None) -> Opinion:
    """What stands against the peer, or what kept it from showing anything."""
    if watch.broken_at is not None:
        finding, tried = departure(case, watch), _tried(case, watch.broken_at)
        if case.leaves and ((Doubt.ABORT, True) in tried or _aborted(case)):
            reason = "the application behind the port ends connections by itself, as it did this one"
            return Opinion(Verdict.SKIP, reason, why=Why.APPLICATION)
        return Opinion(
            finding.word,
            findings=(finding,),
            tried=tried,
            departure=canonical(case, watch, finding.rule),
            believed=watch.after(watch.broken_at - 1).states,
        )
    # What came too late or not at all: a lost segment or a busy machine can look the same.
    findings = tuple(untimely(case, watch))
    late = bool(findings)
    by_loss = len(findings) > beyond_loss(case.transcript, case.scenario)
    told = findings or tuple(unsound(case, watch, size))
    findings = tuple(f for f in told if f.word is not Verdict.PASS)
    notes = tuple(f for f in told if f.word is Verdict.PASS)
    if case.transcript.undelivered and (findings or case.transcript.missing):
        return Opinion(Verdict.SKIP, _undelivered(case.transcript), why=Why.UNREACHABLE)
    if findings:
        word = Verdict.FAIL if any(f.word is Verdict.FAIL for f in findings) else Verdict.WARN
        form = Canonical(tuple(f.rule for f in findings), kind="late" if late else "form")
        damaged = any(f.rule == CHECKSUM for f in findings)
        tried = tuple((doubt, True) for doubt, yes in ((Doubt.LOSS, by_loss), (Doubt.DAMAGE, damaged)) if yes)
        return Opinion(word, findings=findings, tried=tried, departure=form, notes=notes)
    if missing := next((m for m in case.transcript.missing if m.short), None):
        reason = f"not sent again within {missing.waited:g} s, too short a wait to say that it never is"
        return Opinion(Verdict.INCONCLUSIVE, reason, why=Why.UNSETTLED)
    if any(m.what == QUESTION for m in case.transcript.missing):
        return Opinion(Verdict.SKIP, "this peer answers no segment that would tell what it did", why=Why.UNASKED)
    if missing := next((m for m in case.transcript.missing if m.application), None):
        reason = f"the application behind the port {_UNDONE[missing.what]} within {missing.waited:g} s"
        return Opinion(Verdict.SKIP, reason, why=Why.APPLICATION)
    if size is not None and not size.kept:
        return Opinion(Verdict.SKIP, UNKNOWN, why=Why.MERGED)
    return Opinion(Verdict.PASS, notes=notes)


def _tried(case: Case, broken_at: int) -> tuple[tuple[Doubt, bool], ...]:
    """The rungs tried, each with whether it explains the record; one that holds a rung that does needs no trial.

    Segments overtake each other without any path, too: on a host with several processors each has its own queue.
    """
    barred = {Excuse.ABORT} if case.obedient else set()  # an application that obeys us aborts for nobody
    found: list[tuple[Doubt, bool]] = []
    done: list[frozenset[Excuse]] = []
    explaining: list[frozenset[Excuse]] = []
    for rung in LIVE:
        excuses = rung.excuses - barred
        if excuses in done or any(one <= excuses for one in explaining):
            continue
        done.append(excuses)
        explains = case.follow(case.terms.profile, case.terms.allow | excuses).broken_at is None
        found.append((rung.doubt, explains))
        if explains:
            explaining.append(excuses)
    if not explaining and case.explained_by_order(broken_at):
        found.append((Doubt.OVERTAKEN, True))
    return tuple(found)


def _aborted(case: Case) -> bool:
    """Whether the application did: of one that leaves that is plainer than a copy, which may explain it, too."""
    return case.follow(case.terms.profile, case.terms.allow | {Excuse.ABORT}).broken_at is None


def canonical(case: Case, watch: Watch, rule: str) -> Canonical:
    """The departure in the form in which attempts are compared."""
    index = watch.broken_at
    assert index is not None
    culprit, event = broken_rule(case, watch), case.transcript.judged[index]
    if culprit.instead:
        return Canonical((rule,), kind="late")
    place = case.transcript.place(culprit.index)
    if isinstance(event, Quiet):
        return Canonical((rule,), place, "silence")
    # An ACK and the text or FIN it travelled with are one answer, whichever comes first.
    kind = flags_text(event.segment.flags & (SYN | RST | ACK))
    return Canonical((rule,), place, kind)


# -- attempts that say nothing about the peer: nobody answered, our own kernel did, the place was never reached --------


def _no_evidence(case: Case) -> Opinion | None:
    """What speaks against judging the attempt at all."""
    scenario, transcript = case.scenario, case.transcript
    if transcript.interrupted:
        return _cannot_tell(Why.INTERRUPTED, "interrupted")
    if transcript.foreign:
        text = transcript.foreign[0].segment.text()
        return _cannot_tell(Why.OWN_KERNEL, f"our own kernel answered ({text}): the guard did not hold the port")
    seen = [event for _, event in transcript.seen()]
    came = next((event.segment for event in seen if not event.to_peer), None)
    if came is None:
        if case.answers:
            return None
        why, reason = Why.NO_ANSWER, "no answer to our SYN"
        if transcript.errors:
            why, reason = Why.UNREACHABLE, str(transcript.errors[-1].icmp)
        elif scenario.opens == "peer":
            why, reason = Why.NOT_OPENED, "the peer opened no connection to us"
        elif scenario.port == "closed":
            why, reason = Why.FILTERED, "filtered: no answer to a SYN"
        return _cannot_tell(why, reason)
    we_open = seen[0].to_peer and seen[0].segment.flags & (SYN | ACK | RST) == SYN
    if scenario.port == "open" and came.flags & RST and we_open:
        return _cannot_tell(Why.REFUSED, "connection refused: nothing listens on the port")
    if seen[0].to_peer and came.flags & (SYN | ACK | RST) == ACK and abs(came.ack - seen[0].segment.seq) > _OURS:
        # A run before this one left it, or lost the RST that was to end it (RFC 9293 section 3.5.1).
        reason = "the peer still has an earlier connection from this port, whose numbers it acknowledges"
        return _cannot_tell(Why.EARLIER, reason)
    if scenario.port == "closed" and came.flags & SYN:
        reason = "the port taken for a closed one is open; name one with --closed-port"
        return Opinion(Verdict.SKIP, reason, why=Why.PORT_OPEN)
    return _window_not_closed(transcript)


def _window_not_closed(transcript: Transcript) -> Opinion | None:
    """What is to be said where the peer's window was to be closed first, and was not."""
    if (window := next((m for m in transcript.missing if m.what == WINDOW), None)) is None:
        return None
    # What was to be shown with a closed window was never sent: text that is not taken may be lost, or short of room.
    # A stack may run out of memory before the window it told is full (and Linux does); that is not what is asked here.
    if window.waited:
        return _cannot_tell(Why.WINDOW_FULL, "the text that was to close the peer's window was not acknowledged")
    reason = "the peer's receive window does not close, however much is sent"
    return Opinion(Verdict.SKIP, reason, why=Why.WINDOW_OPEN)


def _undelivered(transcript: Transcript) -> str:
    """What the ICMP error about the last segment of ours that did not arrive says."""
    error = max(transcript.errors, key=lambda e: e.about)
    return f"a segment of ours did not arrive: {error.icmp}"


def _cannot_tell(why: Why, reason: str) -> Opinion:
    return Opinion(Verdict.INCONCLUSIVE, reason, why=why)
