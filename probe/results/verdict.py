"""Verdicts, findings and what one run reports: plain frozen records, the only thing reports know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import StrEnum

from probe.results.answers import Summary
from probe.results.effect import Effect
from probe.results.exit_codes import ExitCode, heaviest
from probe.results.learned import Learned
from probe.results.path import Path
from probe.results.proofs import Proofs
from probe.spec.reaction import Reply
from probe.spec.rules.rule import Level
from probe.spec.segment import Segment


class Verdict(StrEnum):
    """The five verdict words; they never share a meaning."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    SKIP = "skip"


class Why(StrEnum):
    """Why an attempt or an exchange tells nothing about the peer, or why it was skipped. Recordings hold these words.

    Decisions rest on it; the reason beside it is a sentence for people.
    """

    NONE = ""
    INTERRUPTED = "interrupted"
    OWN_KERNEL = "own-kernel"
    NO_ANSWER = "no-answer"
    FILTERED = "filtered"
    REFUSED = "refused"
    EARLIER = "earlier-connection"
    """The peer still has an earlier connection from the port that this one was to begin from."""
    UNREACHABLE = "unreachable"
    """An ICMP error says that a segment of ours did not arrive."""
    NOT_OPENED = "not-opened"
    """The peer, which was to open the connection, opened none."""
    NO_CLOSED_PORT = "no-closed-port"
    """No port is known that refuses connections."""
    PORT_OPEN = "port-open"
    """A port that was taken for a closed one answers."""
    WINDOW_FULL = "window-full"
    """The text that was to close the peer's window was not acknowledged."""
    WINDOW_OPEN = "window-open"
    """The peer's window does not close."""
    APPLICATION = "application"
    """The application behind the port did not do what the exchange needs."""
    UNASKED = "unasked"
    """The peer answers no segment that would tell what became of the connection."""
    NO_TRIGGER = "no-trigger"
    """Nothing makes that application do it."""
    MERGED = "merged"
    """The segments were merged before they were seen (offload)."""
    UNANSWERED = "unanswered"
    """The question that was to tell what became of the peer met silence."""
    STATE_NOT_REACHED = "state-not-reached"
    NOT_REACHED = "not-reached"
    """The exchange did not come to what it is about: a rule that it is to show never came up."""
    PATH = "path"
    """Something on the path keeps back what the exchange rests on."""
    NOT_PLAYED = "not-played"
    SILENT = "silent"
    """The target answered no longer."""
    DIED = "died"
    """The peer had died before, or while it was played."""
    LEFT_OUT = "left-out"
    """The user did not want it played."""
    DEADLINE = "deadline"
    DROPPED = "dropped"
    """Packets were lost in our own receive buffer."""
    UNSETTLED = "unsettled"
    """Attempts deviated, but not so that it settles anything."""
    TOO_MANY_HISTORIES = "too-many-histories"
    """A captured connection can have gone on in more ways than are followed: it was not judged to its end."""
    NO_START = "no-start"
    """What an end of a captured connection was when the record begins cannot be told: it was not judged."""
    CUT_DOWN = "cut-down"
    """A captured connection is so long, and so little of it in order, that its middle was not kept."""
    UNKNOWN_EXCHANGE = "unknown-exchange"
    """This version does not know the exchange of a recording."""


SEVERITY = (Verdict.PASS, Verdict.SKIP, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL)
"""From harmless to worst: the order in which verdicts of parts outweigh each other."""


def worst(words: list[Verdict]) -> Verdict:
    """The verdict that outweighs the others; ``skip`` when there are none."""
    return max(words, key=SEVERITY.index, default=Verdict.SKIP)


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure from the RFC: what was sent, what was due, what came, and where to read it up.

    ``rule`` is an id of ``probe list --rules``; ``packets`` are numbers in the recording. ``custom``: what departs from
    the letter here is a widespread habit. ``effect``: what became of the connection. ``owed`` (any of them was due)
    and ``arrived`` (all that came since) are the same as data, in canonical numbers. ``plain``: the rule that any
    segment in this place would break by the same silence, where ``rule`` is about what this one has besides.
    """

    rule: str
    level: Level
    clause: str
    sent: str
    due: str
    came: str
    packets: tuple[int, ...] = ()
    custom: bool = False
    effect: Effect = Effect.ITSELF
    owed: tuple[Reply, ...] = ()
    arrived: tuple[Segment, ...] = ()
    plain: str = ""

    @property
    def word(self) -> Verdict:
        """What it weighs; keywords count in capitals only (RFC 9293 section 2.1). ``pass``: it is no more than a note.

        A MUST fails, a SHOULD warns, a MAY is noted; a MUST that a widespread custom breaks warns. Procedural text
        fails where the connection becomes something else, and warns where only a reply was not as it must be.
        """
        if self.effect in (Effect.EDGE, Effect.MEASURED) or (self.level is Level.MAY and self.effect is Effect.ITSELF):
            return Verdict.PASS
        keyword = self.level in (Level.MUST, Level.MUST_NOT)
        harmless = not keyword and self.effect in (Effect.KEPT, Effect.UNTOLD)
        return Verdict.WARN if self.custom or self.level is Level.SHOULD or harmless else Verdict.FAIL

    def renumbered(self, base: int) -> Finding:
        """The same, with so many packets recorded before."""
        return replace(self, packets=tuple(number + base for number in self.packets))

    @property
    def level_text(self) -> str:
        """The level as reports print it."""
        return f"{self.level}, by custom a warning" if self.custom else self.level.value


@dataclass(frozen=True, slots=True)
class Known:
    """A deviation the user expected: the rule, since when it is known, and why it is put up with."""

    rule: str
    date: str
    reason: str


class WithNews:
    """What exchanges, cells and connections have in common: a verdict of which a part may have been expected."""

    __slots__ = ()
    verdict: Verdict
    findings: tuple[Finding, ...]
    known: tuple[Known | None, ...]

    @property
    def fresh(self) -> tuple[Finding, ...]:
        """The findings that were not expected."""
        rules = {one.rule for one in self.known if one is not None}
        return tuple(finding for finding in self.findings if finding.rule not in rules)

    @property
    def news(self) -> Verdict:
        """The verdict without what was expected; ``pass`` where nothing is left."""
        if not any(self.known) or self.verdict not in (Verdict.FAIL, Verdict.WARN):
            return self.verdict
        return worst([finding.word for finding in self.fresh]) if self.fresh else Verdict.PASS

    @property
    def expected(self) -> bool:
        """Whether it deviated in nothing but expected ways."""
        return self.news is not self.verdict and self.news is Verdict.PASS


@dataclass(frozen=True, slots=True)
class Origin:
    """Why the peer sent a segment: the rows of SEGMENT ARRIVES it was due by, or the calls of its user and timeouts.

    ``unexplained``: no permitted history has such a segment. All empty: it is one of the tester's, or nothing is known.
    """

    rows: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    unexplained: bool = False

    @property
    def text(self) -> str:
        """As reports and recordings tell it."""
        if self.unexplained:
            return "no permitted history explains this"
        return "due by " + ", ".join(self.rows) if self.rows else " or ".join(self.calls)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an exchange. ``direction`` is ``>`` (tester to peer) or ``<`` (peer to tester).

    ``text`` is the segment in tcpdump's flags with numbers relative to the ISNs. ``peer_states`` are the states the
    peer can be in after this segment, ``kernel_state`` what the peer's kernel says, where it can be asked.
    """

    time: float
    direction: str
    segment: Segment
    text: str
    peer_states: tuple[str, ...]
    kernel_state: str | None = None
    origin: Origin = Origin()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the re-enactment of a captured connection left the capture: step of the capture (from 1), and both."""

    step: int
    captured: str
    live: str


@dataclass(frozen=True, slots=True)
class Captured:
    """One segment of a capture that was re-enacted: its number there from 1, seconds since the first, both as in Step.

    ``live`` is the index of the live step that stands for it (None: none does); ``note`` says why our own was left out.
    ``plain``: nothing but data or an acknowledgment.
    """

    step: int
    time: float
    direction: str
    text: str
    live: int | None = None
    note: str = ""
    plain: bool = False


class CloseForm(StrEnum):
    """What kind of close an exchange showed, in the words of the documented exchanges."""

    NONE = ""
    FOUR = "four-segment close"
    THREE = "three-segment close (ACK and FIN merged)"
    SIMULTANEOUS = "simultaneous close"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class ExchangeResult(WithNews):
    """The verdict on one exchange. ``form`` names what kind of exchange it became ("three-segment close").

    The first ``judged`` steps count for the verdict; the rest is clearing up (None: all count). ``captured`` and
    ``departures`` are filled where a captured connection was re-enacted. Of ``attempts``, ``passed`` passed and
    ``deviated`` departed from the RFC, whatever that came to in the end. ``known`` are deviations that were expected.
    ``proofs`` are what the verdict stands on; ``notes`` are told beside it and do not weigh on it.
    """

    id: str
    title: str
    verdict: Verdict
    reason: str = ""
    form: CloseForm = CloseForm.NONE
    rules: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()
    target: str = ""
    ip_version: int = 0
    flow: str = ""
    attempts: int = 1
    clause: str = ""
    isns: tuple[int, int] = (0, 0)
    judged: int | None = None
    departures: tuple[Departure, ...] = ()
    captured: tuple[Captured, ...] = ()
    passed: int = 0
    deviated: int = 0
    known: tuple[Known, ...] = ()
    why: Why = Why.NONE
    proofs: Proofs | None = None
    notes: tuple[Finding, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What options may call it."""
        return (self.id,)


@dataclass(frozen=True, slots=True)
class MixedReadings:
    """Exchanges that only the mitigations of RFC 5961 explain, beside others that only the classic text explains."""

    mitigated: tuple[str, ...]
    classic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One target checked over one IP version. ``trouble`` says why it ended early, if the line failed under way.

    ``profile`` is empty where it is the report's; ``name`` is what the user calls the host, empty for its address.
    ``late``: the deadline of the run ended it. ``path`` is what it found out about the path, ``trigger`` how the
    peer's application is brought to act (empty: that was not needed), ``learned`` are
    the peer's ways.
    """

    target: str
    ip_version: int
    summary: Summary
    exchanges: tuple[ExchangeResult, ...]
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False
    trouble: str = ""
    mixed: MixedReadings | None = None
    profile: str = ""
    name: str = ""
    late: bool = False
    trigger: str = ""
    path: Path | None = None
    learned: Learned | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A target of which nothing can be told, and why; ``ip_version`` is 0 where its address was never known."""

    target: str
    reason: str
    ip_version: int = 0
    name: str = ""


class Fate(StrEnum):
    """What became of an expected deviation in a run."""

    OCCURS = "occurs"
    GONE = "gone"
    OPEN = "not judged"


@dataclass(frozen=True, slots=True)
class Expected:
    """An expected deviation as the user wrote it, and what became of it; empty ``target``, ``ip_version`` 0: any."""

    exchange: str
    rule: str
    date: str
    reason: str
    target: str = ""
    ip_version: int = 0
    fate: Fate = Fate.OPEN


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one command found out. ``unchecked`` are the targets without a run.

    ``fail_on`` are verdicts that fail the run beside ``fail``; ``expected`` the deviations that do not.
    """

    command: str
    profile: str
    runs: tuple[Run, ...] = field(default=())
    interrupted: bool = False
    warnings: tuple[str, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    fail_on: frozenset[Verdict] = frozenset()
    expected: tuple[Expected, ...] = ()

    @property
    def exchanges(self) -> tuple[ExchangeResult, ...]:
        """The exchanges of all runs, in order."""
        return tuple(e for run in self.runs for e in run.exchanges)

    @property
    def exit_code(self) -> ExitCode:
        """What its verdicts come to; ``fail_on`` fails too, and of a target without a run nothing is concluded."""
        code = exit_code([e.news for e in self.exchanges], self.fail_on, interrupted=self.interrupted)
        return heaviest([code, *[ExitCode.INCONCLUSIVE] * bool(self.unchecked)])


def exit_code(words: Collection[Verdict], fail_on: frozenset[Verdict], *, interrupted: bool = False) -> ExitCode:
    """What verdicts without what was expected come to."""
    codes = dict.fromkeys(words, ExitCode.CONFORMS)
    codes |= {word: ExitCode.INCONCLUSIVE for word in words if word is Verdict.INCONCLUSIVE}
    codes |= {word: ExitCode.VIOLATED for word in words if word is Verdict.FAIL or word in fail_on}
    return heaviest([*codes.values(), *[ExitCode.INTERRUPTED] * interrupted])
