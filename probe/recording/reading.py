"""Judges a recording of ``probe check --save`` again: the same judge, the same jury, no network and no privileges.

From packets to attempts: a sentence says which exchange a packet belongs to, and the comment on the last packet of an
attempt holds what the packets do not show (``restore``). ``probe.recording.judging`` makes runs of the attempts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from probe import scenarios
from probe.capture.errors import CaptureError
from probe.capture.reader import Chunk, Reading
from probe.engine.belief.events import Event, Quiet, Seen, Transcript
from probe.engine.belief.hypothesis import Excuse
from probe.engine.belief.tracker import CLOSED, LISTENING, UNKNOWN_PORT, Memory, Terms
from probe.engine.play.conductor import Conductor, Setting
from probe.engine.trial.attempt import Attempt
from probe.recording.json_fields import DamagedError
from probe.recording.judging import Difference, RecordedBulk, RecordedCheck
from probe.recording.matrix import RecordedMatrix, UnknownCellError
from probe.recording.matrix import conductor_of as matrix_conductor
from probe.recording.matrix_metadata import CELL, MATRIX, read_cell, read_matrix
from probe.recording.metadata import (
    ATTEMPT,
    FOREIGN,
    RUN,
    STEP,
    AttemptMetadata,
    RunMetadata,
    read_attempt,
    read_run,
)
from probe.recording.sections import SCHEMA, schema
from probe.results.matrix import MatrixReport, MatrixRun
from probe.results.verdict import Report, Run, Unchecked, Verdict
from probe.scenarios.steps import QUESTION, WINDOW
from probe.scenarios.triggers import Trigger
from probe.spec import rules
from probe.spec.reaction import PROFILES
from probe.spec.segment import Endpoint, Flow, Segment
from probe.spec.seq import Seq
from probe.wire.decode import Decoded, hops, identification

_STARTS = {("CLOSED", "LISTEN"): UNKNOWN_PORT, ("LISTEN",): LISTENING, ("CLOSED",): CLOSED}
_EXCUSES = set(Excuse) - {Excuse.UNRECORDED}
_AWAITED = {"S", "S.", ".", "F", "R", "text", "settled", QUESTION}
_OF_APPLICATION = {"S", "F", "R", "text", WINDOW}


@dataclass(frozen=True, slots=True)
class JudgedRecording:
    """What a recording says now.

    ``verdicts`` counts exchanges and cells, those of bulk runs included, of which ``report`` shows only some: the first
    few that did not pass and one that stands for all that did. ``matrix`` has the cells of recorded matrices.
    ``differences`` are exchanges and cells whose recorded verdict was another. ``fault`` is where the file could not be
    read further; what stood before it was judged.
    """

    report: Report
    verdicts: dict[Verdict, int]
    differences: tuple[Difference, ...] = ()
    fault: CaptureError | None = None
    matrix: MatrixReport | None = None


def judge_recording(path: str, profile: str | None = None) -> JudgedRecording:
    """Judge every exchange recorded in the file again, under the recorded profile unless one is given.

    CaptureError when it holds no recorded exchange, when one was damaged or edited, or the file cannot be read.
    """
    recording = _Recording(path, profile)
    chunks = iter(Reading(path))
    while True:
        try:
            chunk = next(chunks, None)
        except CaptureError as error:
            if not recording.profiles:
                raise
            return recording.finish(error)
        if chunk is None:
            return recording.finish(None)
        recording.take(chunk)


@dataclass(slots=True)
class _Packets:
    """The packets so far of the attempt in progress on one four-tuple."""

    own: list[tuple[Flow, Seen]] = field(default_factory=list)
    foreign: list[Seen] = field(default_factory=list)


class _Recording:
    """One recording being read: packets to attempts, attempts to their runs."""

    def __init__(self, path: str, profile: str | None) -> None:
        self._path, self._profile = path, profile
        self._memory = Memory()
        self.profiles: Counter[str] = Counter()
        self._open: dict[frozenset[Endpoint], _Packets] = {}
        self._check = RecordedCheck()
        self._bulk = RecordedBulk()
        self._runs: list[Run] = []
        self._unchecked: list[Unchecked] = []
        self._matrix = RecordedMatrix()
        self._matrices: list[MatrixRun] = []
        self._verdicts: Counter[Verdict] = Counter()
        self._differences: list[Difference] = []
        self._unknown: set[str] = set()

    def take(self, chunk: Chunk) -> None:
        for comment in chunk.section_comments:
            form = schema(comment)
            if form is not None and form[0] > SCHEMA:
                newer = f"recorded by probe {form[1]} in form {form[0]}, newer than this probe reads: update it"
                raise CaptureError(self._path, 0, newer)
        for row in range(len(chunk)):
            comments = chunk.comments(row)
            if any(comment.startswith("probe") for comment in comments):
                number, time = int(chunk.number[row]), int(chunk.time[row]) / 1_000_000_000
                try:
                    self._packet(chunk.exact(row), time, number, comments, chunk.packet(row))
                except DamagedError as error:
                    raise self._damaged(error, f"packet {number}: ") from error

    def finish(self, fault: CaptureError | None) -> JudgedRecording:
        """The verdicts of everything that was read."""
        try:
            if self._check.attempts:
                self._close(self._check.cut_short())
            if self._matrix.attempts:
                self._close_matrix(self._matrix.cut_short(self._told_profile))
            self._runs += self._bulk.runs()
        except DamagedError as error:
            raise self._damaged(error) from error
        if not (self._runs or self._unchecked or self._matrices):
            raise CaptureError(self._path, 0, "no exchange in it that `probe check --save` recorded")
        profile = self._told_profile
        warnings = tuple(f"this version of probe knows no exchange {name}" for name in sorted(self._unknown))
        report = Report("replay", profile, tuple(self._runs), warnings=warnings, unchecked=tuple(self._unchecked))
        matrix = MatrixReport(profile, tuple(self._matrices)) if self._matrices else None
        verdicts = dict(self._verdicts + self._bulk.verdicts)
        return JudgedRecording(report, verdicts, (*self._differences, *self._bulk.differences), fault, matrix)

    def _damaged(self, error: DamagedError, where: str = "") -> CaptureError:
        mend = "judge the file as probe wrote it, or record it anew"
        return CaptureError(self._path, 0, f"{where}the recording is damaged or was edited ({error}); {mend}")

    def _packet(self, decoded: Decoded, time: float, number: int, comments: tuple[str, ...], packet: bytes) -> None:
        flow = decoded.flow
        event = Seen(time, True, decoded.segment, number, identification(packet), hops(packet))
        ends = frozenset((flow.local, flow.remote))
        packets = self._open.setdefault(ends, _Packets())
        for comment in comments:
            if comment.startswith(ATTEMPT):
                del self._open[ends]
                self._attempt(read_attempt(comment), packets)
            elif comment.startswith(RUN):
                self._ended(read_run(comment))
            elif comment.startswith(CELL):
                verdict = read_cell(comment)
                self._matrix.verdicts[verdict.cell] = verdict
            elif comment.startswith(MATRIX):
                self._close_matrix(self._matrix.closed(read_matrix(comment), self._told_profile))
            elif STEP.match(comment):
                packets.own.append((flow, event))
            elif comment.endswith(FOREIGN):
                packets.foreign.append(event)

    def _ended(self, metadata: RunMetadata) -> None:
        """The end of a run, or of one that found no connection to judge."""
        if metadata.unanswered:
            target = metadata.target
            self._unchecked.append(Unchecked(str(target), metadata.unanswered, target.version))
        else:
            self._close(self._check.closed(metadata, self._profile))

    def _attempt(self, metadata: AttemptMetadata, packets: _Packets) -> None:
        """All packets of an attempt have come."""
        if metadata.cell is None and metadata.exchange not in scenarios.ALL:
            self._unknown.add(metadata.exchange)
            return
        profile = self._profile or metadata.profile
        try:
            attempt = restore(metadata, packets.own, packets.foreign, profile, self._memory)
        except UnknownCellError:
            self._unknown.add(metadata.exchange)
            return
        self.profiles[metadata.profile] += 1
        if metadata.cell is not None:
            self._matrix.attempts.append((metadata, attempt))
        elif metadata.bulk is None:
            self._check.add(metadata, attempt)
        else:
            self._bulk.add(metadata.bulk, attempt)

    @property
    def _told_profile(self) -> str:
        """The one asked for, or that of most attempts."""
        return self._profile or (self.profiles.most_common(1)[0][0] if self.profiles else "rfc9293")

    def _close_matrix(self, run: MatrixRun) -> None:
        self._matrices.append(run)
        self._verdicts.update(cell.verdict for cell in run.cells)
        self._differences += self._matrix.differences
        self._matrix = RecordedMatrix()

    def _close(self, run: Run) -> None:
        self._runs.append(run)
        self._verdicts.update(result.verdict for result in run.exchanges)
        self._differences += self._check.differences
        self._check = RecordedCheck()


def restore(
    metadata: AttemptMetadata, packets: list[tuple[Flow, Seen]], foreign: list[Seen], profile: str, memory: Memory
) -> Attempt:
    """The attempt; DamagedError where packets and metadata do not fit. ``profile`` may be another than recorded.

    ``packets`` are those with a sentence of this attempt, in order: the flow from source to destination, and the
    segment; the direction is taken from the metadata, as the line saw it.
    """
    if len(packets) != len(metadata.sent):
        raise DamagedError(f"it has {len(packets)} packets in the file and had {len(metadata.sent)}")
    if len(foreign) != metadata.foreign:
        raise DamagedError(f"it has {len(foreign)} segments of our own kernel in the file and had {metadata.foreign}")
    flows, seen = set(), []
    for place, ((flow, event), way) in enumerate(zip(packets, metadata.sent, strict=True)):
        flows.add(flow if way == ">" else flow.reversed())
        seen.append(replace(event, to_peer=way == ">", segment=_as_judged(event.segment, metadata, place)))
    if len(flows) != 1:
        raise DamagedError("the directions of its packets do not fit")
    waits, total = dict(metadata.quiet), len(seen) + len(metadata.quiet)
    if len(waits) != len(metadata.quiet) or any(index >= total for index in waits):
        raise DamagedError("its waits have no place between its packets")
    rest = iter(seen)
    events: list[Event] = [Quiet(waits[index]) if index in waits else next(rest) for index in range(total)]
    _check(metadata, events, profile)
    setting = Setting(
        Seq(0),
        Trigger("recorded", obedient=metadata.obedient, leaves=metadata.leaves),
        Terms(profile, frozenset(map(Excuse, metadata.allow))),
        _STARTS[metadata.start],
        memory=memory,
    )
    conductor = _conductor(metadata, setting)
    known = dict(metadata.named), dict(metadata.places), list(metadata.errors)
    ended = list(metadata.missing), foreign, metadata.sealed, metadata.interrupted
    conductor.transcript = Transcript(events, *ended, *known, metadata.dropped)
    for each in events:
        conductor.watch.feed(each)
    kernel, path_delay = dict(metadata.kernel), metadata.path_delay
    return Attempt(conductor.scenario, conductor, flows.pop(), kernel=kernel, done=True, path_delay=path_delay)


def _conductor(metadata: AttemptMetadata, setting: Setting) -> Conductor:
    """What played it, before anything has come."""
    if metadata.cell is None:
        return Conductor(scenarios.ALL[metadata.exchange], setting)
    return matrix_conductor(metadata.exchange, metadata.cell, setting)


def _as_judged(segment: Segment, metadata: AttemptMetadata, place: int) -> Segment:
    """The segment with what the kernel knew of it: a sum that a card fills in looks wrong in a file."""
    if place in metadata.merged:
        segment = replace(segment, merged=True)
    if place in metadata.bad_sums or "checksum" not in segment.faults:
        return segment
    faults = tuple(fault for fault in segment.faults if fault != "checksum")
    return replace(segment, faults=faults, checksum_known=False)


def _check(metadata: AttemptMetadata, events: list[Event], profile: str) -> None:
    """Refuse what no run of probe writes."""
    if profile not in PROFILES:
        raise DamagedError(f"there is no profile {profile!r}")
    if metadata.start not in _STARTS or not set(metadata.allow) <= _EXCUSES:
        raise DamagedError("it starts from what this version of probe does not know")
    if not set(metadata.named.values()) <= set(rules.ALL):
        raise DamagedError("it names a rule that this version of probe does not know")
    judged = events if metadata.sealed is None else events[: metadata.sealed]
    for error in metadata.errors:
        ours = error.about < 0 or (error.about < len(events) and isinstance(events[error.about], Seen))
        if not ours or error.index >= len(events):
            raise DamagedError("it holds an ICMP error about nothing it has")
    for missing in metadata.missing:
        asked = any(isinstance(event, Seen) for event in judged[: missing.index + 1])
        known = missing.what in (_OF_APPLICATION if missing.application else _AWAITED)
        if not (asked and known and (not missing.rule or missing.rule in rules.ALL)):
            raise DamagedError("what it waited for in vain makes no sense")
