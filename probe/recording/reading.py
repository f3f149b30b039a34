"""Judges a recording of ``probe check --save`` again: the same judge, the same jury, no network and no privileges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from probe import scenarios
from probe.capture.chunk import Chunk
from probe.capture.errors import CaptureError
from probe.capture.reader import Reading
from probe.engine.belief.events import Seen
from probe.recording import metadata as marks
from probe.recording.json_fields import DamagedError
from probe.recording.judging import BulkAgain, CheckAgain, Difference
from probe.recording.metadata import ATTEMPT, RUN, AttemptMark
from probe.recording.restoring import rebuilt
from probe.results.verdict import Report, Run, Verdict
from probe.spec.segment import Endpoint, Flow
from probe.wire.decode import Decoded

__all__ = ["Difference", "Rejudged", "is_recording", "rejudge"]


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What a recording says now.

    ``verdicts`` counts exchanges, those of bulk runs included, of which ``report`` shows only some: the first few that
    did not pass and one that stands for all that did. ``differences`` are exchanges whose recorded verdict was another.
    ``fault`` is where the file could not be read further; what stood before it was judged.
    """

    report: Report
    verdicts: dict[Verdict, int]
    differences: tuple[Difference, ...] = ()
    fault: CaptureError | None = None


def is_recording(section_comment: str) -> bool:
    """Whether a pcapng section with this comment was written by ``probe check --save`` (in any version of its form)."""
    return marks.schema(section_comment) is not None


def rejudge(path: str, profile: str | None = None) -> Rejudged:
    """Judge every exchange recorded in the file again, under the recorded profile unless one is given.

    CaptureError when it holds no recorded exchange, when one was damaged or edited, or the file cannot be read.
    """
    again = _Again(path, profile)
    chunks = iter(Reading(path))
    while True:
        try:
            chunk = next(chunks, None)
        except CaptureError as error:
            if not again.heard:
                raise
            return again.finish(error)
        if chunk is None:
            return again.finish(None)
        again.take(chunk)


@dataclass(slots=True)
class _Open:
    """The packets so far of the attempt in progress on one flow."""

    packets: list[tuple[Flow, Seen]]
    foreign: list[Seen]


class _Again:
    """One recording being read: packets to attempts, attempts to their runs."""

    def __init__(self, path: str, profile: str | None) -> None:
        self._path, self._profile = path, profile
        self._profiles: Counter[str] = Counter()
        self._open: dict[frozenset[Endpoint], _Open] = {}
        self._check = CheckAgain()
        self._bulk = BulkAgain()
        self._runs: list[Run] = []
        self._verdicts: Counter[Verdict] = Counter()
        self._differences: list[Difference] = []
        self._strangers: set[str] = set()

    @property
    def heard(self) -> int:
        """How many attempts were complete."""
        return self._profiles.total()

    def take(self, chunk: Chunk) -> None:
        """The commented packets of a chunk."""
        for comment in chunk.section_comments:
            self._known_form(comment)
        for row in range(len(chunk)):
            comments = chunk.comments(row)
            if any(comment.startswith("probe") for comment in comments):
                number = int(chunk.number[row])
                try:
                    self._packet(chunk.exact(row), int(chunk.time[row]) / 1_000_000_000, number, comments)
                except DamagedError as error:
                    raise self._damaged(error, number) from error

    def finish(self, fault: CaptureError | None) -> Rejudged:
        """The verdicts of everything that was read."""
        try:
            if self._check.attempts:
                self._close(self._check.cut_short())
            self._runs += self._bulk.runs()
        except DamagedError as error:
            raise self._damaged(error) from error
        if not self._runs:
            raise CaptureError(self._path, 0, "no exchange in it that `probe check --save` recorded")
        profile = self._profile or (self._profiles.most_common(1)[0][0] if self._profiles else "rfc9293")
        warnings = tuple(f"this version of probe knows no exchange {name}" for name in sorted(self._strangers))
        report = Report("replay", profile, tuple(self._runs), warnings=warnings)
        verdicts = dict(self._verdicts + self._bulk.verdicts)
        return Rejudged(report, verdicts, (*self._differences, *self._bulk.differences), fault)

    def _known_form(self, comment: str) -> None:
        form = marks.schema(comment)
        if form is not None and form[0] > marks.SCHEMA:
            raise CaptureError(
                self._path,
                0,
                f"recorded by probe {form[1]} in form {form[0]}, newer than this probe reads: update it",
            )

    def _packet(self, decoded: Decoded, time: float, number: int, comments: tuple[str, ...]) -> None:
        flow = decoded.flow
        event = Seen(time, True, decoded.segment, number)
        mine = self._open.setdefault(frozenset((flow.local, flow.remote)), _Open([], []))
        for comment in comments:
            if comment.startswith(ATTEMPT):
                del self._open[frozenset((flow.local, flow.remote))]
                self._attempt(marks.read_attempt(comment), mine)
            elif comment.startswith(RUN):
                self._close(self._check.closed(marks.read_run(comment), self._profile))
            elif marks.exchange_named(comment) is not None:
                mine.packets.append((flow, event))
            elif comment.endswith(marks.FOREIGN):
                mine.foreign.append(event)

    def _attempt(self, mark: AttemptMark, mine: _Open) -> None:
        if mark.exchange not in scenarios.ALL:
            self._strangers.add(mark.exchange)
            return
        attempt = rebuilt(mark, mine.packets, mine.foreign, self._profile or mark.profile)
        self._profiles[mark.profile] += 1
        if mark.bulk is None:
            self._check.add(mark, attempt)
        else:
            self._bulk.add(mark.bulk, attempt)

    def _close(self, run: Run) -> None:
        self._runs.append(run)
        self._verdicts.update(result.verdict for result in run.exchanges)
        self._differences += self._check.differences
        self._check = CheckAgain()

    def _damaged(self, error: DamagedError, number: int = 0) -> CaptureError:
        where = f"packet {number}: " if number else ""
        mend = "judge the file as probe wrote it, or record it anew"
        return CaptureError(self._path, 0, f"{where}the recording is damaged or was edited ({error}); {mend}")
