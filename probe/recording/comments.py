"""The comments of a recording: what a person reads in Wireshark, and on the last packet what judges it again."""

from __future__ import annotations

from probe.engine.belief.events import Quiet, Seen
from probe.engine.belief.tracker import Terms
from probe.engine.belief.watch import Watch
from probe.engine.judge.attempt import Opinion, show
from probe.engine.trial.attempt import Attempt
from probe.engine.trial.result import origin
from probe.recording import metadata as marks
from probe.recording.metadata import AttemptMark, BulkMark


def comments_of(
    attempt: Attempt, verdict: Opinion, number: int, terms: Terms, bulk: BulkMark | None = None
) -> dict[int, list[str]]:
    """Packet number -> comments: what a person reads in Wireshark, and on the last packet what a replay needs."""
    out = sentences_of(attempt)
    if attempt.segments:
        for event in attempt.conductor.transcript.foreign:
            out[event.number] = [marks.foreign_comment(attempt.scenario.id)]
        last = max(out)
        reason = f": {verdict.reason}" if verdict.reason else ""
        out[last].append(f"probe {attempt.scenario.id}: {verdict.word}{reason}")
        out[last] += [
            f"probe finding {f.rule} ({f.level_text}, {f.clause}): due {f.due}; came {f.came}" for f in verdict.findings
        ]
        out[last].append(_mark(attempt, verdict, number, terms, bulk).text())
    return out


def sentences_of(attempt: Attempt) -> dict[int, list[str]]:
    """Packet number -> what the segment was and which states it leaves the peer in."""
    out: dict[int, list[str]] = {}
    watch = attempt.conductor.watch
    for place, (index, event) in enumerate(attempt.segments, 1):
        out[event.number] = [_sentence(attempt, watch, place, index, event)]
    return out


def _sentence(attempt: Attempt, watch: Watch, place: int, index: int, event: Seen) -> str:
    who = "tester" if event.to_peer else "peer"
    states = "/".join(watch.states[index]) or "unknown"
    kernel = attempt.kernel.get(index)
    believed = f"peer {states}" + (f" (its kernel says {kernel})" if kernel else "")
    taken_for = origin(watch, index).text
    return f"probe {attempt.scenario.id} step {place}: {who} {show(watch, event)}; {believed}" + (
        f"; {taken_for}" if taken_for else ""
    )


def _mark(attempt: Attempt, verdict: Opinion, number: int, terms: Terms, bulk: BulkMark | None) -> AttemptMark:
    """What makes the judgement repeatable: the waits, what was missing, and how the exchange was set up."""
    transcript, setting = attempt.conductor.transcript, attempt.conductor.setting
    segments = [event.segment for _, event in attempt.segments]
    return AttemptMark(
        exchange=attempt.scenario.id,
        number=number,
        word=verdict.word,
        profile=terms.profile,
        sent="".join(">" if event.to_peer else "<" for _, event in attempt.segments),
        allow=tuple(sorted(terms.allow)),
        start=tuple(sorted(h.tcb.state.value for h in setting.start)),
        obedient=setting.trigger.obedient,
        path_delay=attempt.path_delay,
        quiet=tuple((i, e.time) for i, e in enumerate(transcript.events) if isinstance(e, Quiet)),
        sealed=transcript.sealed,
        missing=tuple(transcript.missing),
        interrupted=transcript.interrupted,
        foreign=len(transcript.foreign),
        bad_sums=tuple(place for place, segment in enumerate(segments) if "checksum" in segment.faults),
        merged=tuple(place for place, segment in enumerate(segments) if segment.merged),
        kernel=dict(attempt.kernel),
        rules=tuple(f.rule for f in verdict.findings),
        named=dict(transcript.named),
        bulk=bulk,
    )


def cell_comments_of(attempt: Attempt, opinion: Opinion) -> dict[int, list[str]]:
    """Packet number -> comments for Wireshark: what the segment was, and at the end the opinion of the attempt."""
    out = sentences_of(attempt)
    if out:
        reason = f": {opinion.reason}" if opinion.reason else ""
        out[max(out)].append(f"probe {attempt.scenario.id}: {opinion.word}{reason}")
        out[max(out)] += [f"probe finding {f.rule} ({f.level_text}, {f.clause}): due {f.due}" for f in opinion.findings]
    return out
