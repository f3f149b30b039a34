"""The report of a command before it has a format: its parts as records that hold structure, not lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, Flag, auto
from typing import Any

from probe.results.verdict import Finding, Verdict

Data = dict[str, Any]
"""Plain dicts, lists, strings and numbers, as JSON has them."""


class On(Flag):
    """Where a part is shown by formats without room for all. A page shows all but what is for a summary alone."""

    PAGE = 0
    QUIET = auto()
    """A terminal whose user asked for the answer only."""
    TERMINAL = auto()
    SUMMARY = auto()
    """A job's summary or a comment, in Markdown."""


TOLD = On.TERMINAL | On.SUMMARY
ANSWER = On.TERMINAL | On.QUIET
ALWAYS = ANSWER | On.SUMMARY


@dataclass(frozen=True, slots=True)
class Toned:
    """Text in the colour of a verdict or of a word that ``probe.reports.paint`` knows; ``code``: an id or segment."""

    text: str
    tone: str


Text = str | Toned


def toned(word: str, text: str = "") -> Toned:
    """A verdict word in its own colour; ``text`` replaces it."""
    return Toned(text or word, word)


def uncoloured(*texts: Text) -> str:
    """The same without colour."""
    return "".join(one.text if isinstance(one, Toned) else one for one in texts)


@dataclass(frozen=True, slots=True)
class Line:
    """A question and its answer, or a fact: ``code`` where it is a segment, a rule or a number of one."""

    label: str
    text: tuple[Text, ...]
    code: bool = False


def fact(label: str, text: str, *, code: bool = False) -> Line:
    """A line without colours."""
    return Line(label, (text,), code)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, and the answer in a few lines."""

    heading: str
    lines: tuple[Line, ...]
    on: On = ALWAYS


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers. In little room the columns of each of ``stacks`` stand one below the other.

    The columns ``spare`` may be left out where not even that fits. ``more`` says below it what was left out of it.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    title: str = ""
    legend: str = ""
    more: str = ""
    stacks: tuple[tuple[int, ...], ...] = ()
    spare: frozenset[int] = frozenset()
    on: On = TOLD


@dataclass(frozen=True, slots=True)
class Counts:
    """How many by verdict; ``expected`` (None: nothing was) are those that deviated in expected ways only."""

    words: Mapping[Verdict, int]
    lead: str = ""
    expected: int | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """States by kinds of segment, in each the positions counted (None: it was not asked for); facts above them."""

    heading: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Counts | None, ...]], ...]
    lines: tuple[Line, ...] = ()
    on: On = ALWAYS


@dataclass(frozen=True, slots=True)
class Deviation:
    """One rule that is broken, and what shows it. ``word`` is what it comes to."""

    word: str
    tone: str
    rule: str
    level: str
    clause: str
    facts: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Deviations:
    """What was found in one place: ``place`` names it beside each finding, ``title`` as a heading."""

    place: str
    title: str
    word: Verdict
    about: str
    found: tuple[Deviation, ...]
    on: On = TOLD


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why something was not judged or stays open: a word, then what is to be said; those alike are one row."""

    rows: tuple[tuple[str, str], ...]
    on: On = On.TERMINAL


@dataclass(frozen=True, slots=True)
class Remarks:
    """Sentences under a title; on a terminal ``label`` stands before them instead."""

    title: str
    label: str
    sentences: tuple[str, ...]
    on: On = TOLD


@dataclass(frozen=True, slots=True)
class Note:
    """How to read what stands above it."""

    text: str
    on: On = On.TERMINAL


@dataclass(frozen=True, slots=True)
class Rung:
    """A segment of a ladder. ``left`` and ``right``: the states the ends can be in after it, as far as is known.

    ``place`` counts the segments of the exchange, so that those left out can be told; ``plain`` ones (data and
    acknowledgments, nothing new) may be. ``broken`` are the rules that findings say are broken by it.
    """

    place: int
    number: int
    seconds: float
    rightward: bool
    text: str
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    kernel: str = ""
    note: str = ""
    broken: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Every segment between two ends. ``rungs`` are made when asked for; without any the findings show what is known.

    Each of ``found`` stands below its last packet; in those of ``leftward`` what was sent went to the left. From place
    ``judged`` on nothing was judged any more. ``blank`` is said where there is no segment at all.
    """

    title: str
    heading: tuple[Text, ...]
    about: tuple[str, ...]
    ends: tuple[str, str]
    states: tuple[str, str]
    rungs: Callable[[], Sequence[Rung]]
    total: int
    found: tuple[Finding, ...] = ()
    leftward: tuple[Finding, ...] = ()
    names: tuple[str, str] = ("", "")
    judged: int | None = None
    blank: str = ""
    on: On = TOLD


@dataclass(frozen=True, slots=True)
class Half:
    """One segment of two that belong together."""

    seconds: float
    rightward: bool
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A captured segment and the live one that stands for it, as far as there are both."""

    step: int | None
    captured: Half | None
    live: Half | None
    remark: str
    departed: bool
    plain: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two exchanges side by side."""

    pairs: tuple[Pair, ...]
    on: On = On.TERMINAL


Part = Answer | Table | Grid | Deviations | Reasons | Remarks | Note | Ladder | Comparison


class CaseEnd(Enum):
    """How a case ended: an error is neither the peer's doing nor a verdict."""

    PASSED = auto()
    FAILED = auto()
    ERROR = auto()
    SKIPPED = auto()


@dataclass(frozen=True, slots=True)
class Case:
    """One judged thing. ``message`` is one line, ``kind`` the rule or sort of failure, ``text`` what failed in full."""

    name: str
    end: CaseEnd = CaseEnd.PASSED
    message: str = ""
    kind: str = ""
    text: tuple[Part | str, ...] = ()
    evidence: tuple[Part | str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one run; ``name`` is that of what was judged, if it is not all."""

    name: str
    cases: Sequence[Case]
    properties: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    began: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One remark for the log of a pipeline; ``failing`` where it fails the run."""

    failing: bool
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sentence about what went wrong on our side; ``own``: it is told with the run or target that it ended."""

    sentence: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What is judged by itself: a check, a matrix, all captures, one recording. ``code`` None is the document's."""

    headline: str
    counts: Counts
    overview: tuple[Part, ...]
    details: tuple[Part, ...] = ()
    subject: str = ""
    preface: tuple[str, ...] = ()
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of the JSON document that may be too long to be laid out or held: one row a line, as they come.

    A row may be JSON text already.
    """

    rows: Iterable[Data | str]


@dataclass(frozen=True, slots=True)
class Document:
    """A report. What is costly (``data``, ``suites``, ``alerts``, rungs) is made when a format asks for it.

    ``data`` is the JSON document, in which ``code`` and ``errors`` are put when it is written; the names ``listed``
    are told by lines of their own in JSON Lines, so that the last line leaves them out (``timed``: it has a time).
    ``damage`` are sentences about files of which only a part could be read.
    """

    command: str
    sections: tuple[Section, ...]
    data: Callable[[], Data]
    listed: frozenset[str] = frozenset()
    timed: bool = True
    suites: Callable[[], Sequence[Suite]] = list
    alerts: Callable[[], Iterable[Alert]] = list
    damage: tuple[str, ...] = ()
    code: int = 0
    errors: tuple[Trouble, ...] = ()

    def code_of(self, section: Section) -> int:
        """The exit code that stands below a section."""
        return self.code if section.code is None else section.code

    @property
    def sentences(self) -> list[str]:
        """The errors for people."""
        return [trouble.sentence for trouble in self.errors]
