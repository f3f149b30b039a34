"""Why a connection ended, or did not: every cause that its segments leave, told from the shape of the record alone.

A RST says little of its reason. What tells it is what came before: the segment that it answers (RFC 9293 section
3.5.2: a bare RST takes its number from the ACK of that), whether its sender had closed, had been asked in vain, or had
text to read. Where that leaves several causes all of them are told.

No time decides here, so that connections of one shape share an ``Ending``. What hangs on times is left open in it:
``remaining`` closes it for one connection.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from probe.replay.flow.closing import Side, Walk, closing
from probe.replay.flow.opening import opening
from probe.results.artefacts import Artefact
from probe.results.connection import Close, Evidence, Handshake, Opener, Packet
from probe.results.ending import Cause, Caused, End
from probe.spec.icmp import IcmpKind
from probe.spec.segment import ACK, RST, SYN, Segment

IDLE = 5.0
"""Seconds of silence before a close from which on it is told as that of an idle connection: the shortest time-out that
widespread servers wait by default (Apache's and Node's for a next request)."""
_ANSWER = 3.0
"""Seconds in which a handshake goes on: the longer one of the initial RTOs in use (RFC 6298 2.1, RFC 1122)."""
_GONE = 120.0
"""Seconds after which who has not repeated a segment has given it up: stacks wait no longer (RFC 6298 2.5: the largest
RTO may be bounded, at no less than 60 s; Linux bounds it at 120 s)."""
_HALF_CLOSED = 60.0
"""Seconds that an end stays half closed in silence and is not yet called one that never closes: so long stacks keep
FIN-WAIT-2 for an application that has gone; after them the close cannot come to its end."""
_R1 = 3
"""Retransmissions at which a stack tells of its trouble (RFC 9293 section 3.8.3: SHLD-9, SHLD-10)."""
_FOREVER = float("inf")
_UNTRUE = {Artefact.ORDER, Artefact.CLOCKS, Artefact.FLAGS_ONLY, Artefact.DATA_ONLY, Artefact.MISSING}
_PLAIN = (Close.FOUR_WAY, Close.THREE_SEGMENT, Close.SIMULTANEOUS)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why connections of one shape ended.

    ``causes`` remain where the file goes on for ``patience`` seconds after their last segment, ``sooner`` where it does
    not, ``reused`` where another SYN on their ports comes before that. ``paused`` are
    the places of two segments (none: no such pair) between which a silence would be that of an idle connection; where
    it was, ``idle`` remain instead.
    """

    causes: tuple[Caused, ...] = (Caused(Cause.OPEN),)
    sooner: tuple[Caused, ...] = (Caused(Cause.OPEN),)
    patience: float = _FOREVER
    reused: tuple[Caused, ...] = (Caused(Cause.NOT_TOLD),)
    paused: tuple[int, int] | None = None
    idle: tuple[Caused, ...] = ()

    @property
    def after_silence(self) -> Ending:
        """The ending of those that were idle before."""
        sooner = self.idle if any(one.trouble for one in self.sooner) else self.sooner
        return replace(self, causes=self.idle, sooner=sooner, idle=())

    def remaining(self, passed: float, *, followed: bool) -> tuple[Caused, ...]:
        """The causes that remain where the file goes on for so many seconds, or with a SYN on the same ports."""
        if not self.patience or passed >= self.patience:
            return self.causes
        if followed:
            return self.reused
        return self.sooner

    def told(self, silence: float | None, passed: float, *, followed: bool) -> tuple[Caused, ...]:
        """The same with the silence before the close (seconds, between ``paused``), where it was one."""
        left = self.remaining(passed, followed=followed)
        if self.paused is None or self.idle:
            return left
        return tuple(replace(one, idle=silence) for one in left)

    @property
    def troubled(self) -> bool:
        """Whether some connection of the shape may be in trouble."""
        return any(one.trouble for one in (*self.causes, *self.sooner, *self.reused, *self.idle))


def ending(
    packets: Sequence[Packet],
    artefacts: Collection[Artefact] = (),
    icmp: Collection[tuple[IcmpKind, bool]] = (),
) -> Ending:
    """The ending of the connection that ``packets`` are all of, as for ``outcome.summary``.

    ``artefacts`` are those whose sign its record bears, ``icmp`` the kinds of ICMP errors about its segments, each with
    whether the segment was the client's.
    """
    found = _ending(packets, artefacts)
    if not icmp:
        return found
    causes, sooner, idle = (
        tuple(_explained(one, icmp) for one in some) for some in (found.causes, found.sooner, found.idle)
    )
    return replace(found, causes=causes, sooner=sooner, idle=idle)


def _explained(one: Caused, icmp: Collection[tuple[IcmpKind, bool]]) -> Caused:
    """The cause, or what an ICMP error says of the segments that were not answered."""
    if one.cause not in {Cause.UNANSWERED, Cause.UNHEARD, Cause.UNHEARD_IDLE, Cause.GAVE_UP}:
        return one
    silent = one.by if one.cause is Cause.UNANSWERED else one.by.other
    kinds = {kind for kind, by_client in icmp if by_client == (silent is End.SERVER)}
    if kinds & {IcmpKind.UNREACHABLE, IcmpKind.EXPIRED}:
        return Caused(Cause.UNREACHABLE, silent, one.times)
    return Caused(Cause.TOO_BIG, silent, one.times) if IcmpKind.TOO_BIG in kinds else one


def _ending(packets: Sequence[Packet], artefacts: Collection[Artefact]) -> Ending:
    walk = Walk(packets, opening(packets))
    close, evidence = closing(walk)
    end = _Ends(packets, walk, evidence, not _UNTRUE.isdisjoint(artefacts))
    if walk.opened.handshake is Handshake.REFUSED:
        return _sure(Caused(Cause.REFUSED, End.SERVER))
    if close in _PLAIN:
        return end.closed()
    for by, side in end.sides:
        if side.denied is not None and end.stopped(by.other, side.denied):
            return _sure(Caused(Cause.FOREIGN_RESET, by))
    for (by, side), word in zip(end.sides, (Close.RESET_BY_CLIENT, Close.RESET_BY_SERVER), strict=True):
        if close is word and side.reset is not None:
            return end.reset(by, side.reset)
    if walk.opened.handshake in (Handshake.FOLLOWED, Handshake.NOT_SEEN):
        reused = walk.opened.handshake is Handshake.FOLLOWED and evidence is Evidence.COMPLETE
        return replace(end.left(), reused=(Caused(Cause.PORT_REUSED if reused else Cause.NOT_TOLD),))
    found = end.never_opened()
    return replace(found, reused=found.causes)  # given up


def _sure(*causes: Caused) -> Ending:
    return Ending(causes, causes, 0.0)


@dataclass(frozen=True, slots=True)
class _Ends:
    """Both ends of a connection and what they sent.

    ``untrue``: what an end had heard before it spoke is not told by the record.
    """

    packets: Sequence[Packet]
    walk: Walk
    evidence: Evidence
    untrue: bool

    @property
    def sides(self) -> tuple[tuple[End, Side], tuple[End, Side]]:
        return (End.CLIENT, self.walk.client), (End.SERVER, self.walk.server)

    def sent(self, by: End, before: int | None = None) -> list[int]:
        """The places of what an end sent without RST, before a place if one is given."""
        client, some = by is End.CLIENT, self.packets[:before]
        return [at for at, p in enumerate(some) if p.from_client == client and not p.segment.flags & RST]

    def segment(self, place: int) -> Segment:
        return self.packets[place].segment

    # -- closed -------------------------------------------------------------------------------------------------------

    def closed(self) -> Ending:
        """Both closed. The first is whose FIN acknowledges no other; both at once where neither's does."""
        client, server = self.walk.client, self.walk.server
        knew = [a.fin_ack is not None and a.fin_ack >= (b.fin or 0) for a, b in ((client, server), (server, client))]
        at = min(client.fin_at, server.fin_at)
        if knew[0] == knew[1]:
            return _sure(Caused(Cause.CLOSED_TOGETHER, End.BOTH))
        first = End.SERVER if knew[0] else End.CLIENT
        causes, idle = (Caused(Cause.CLOSED, first),), (Caused(Cause.CLOSED_IDLE, first),)
        return Ending(causes, causes, 0.0, paused=self._paused(at), idle=idle)

    def _paused(self, at: int) -> tuple[int, int] | None:
        """Between which segments a silence came before this one: probes, and the answers to them, break none."""
        probes = set(self._probes(End.CLIENT, at)) | set(self._probes(End.SERVER, at))
        before = at - 1
        while before >= 0 and (before in probes or (before - 1 in probes and not self.segment(before).seg_len)):
            before -= 1
        return (before, at) if before >= 0 else None

    def _probes(self, by: End, before: int) -> list[int]:
        """The places of keep-alives (RFC 9293 section 3.8.4: SEG.SEQ = SND.NXT - 1, no text or one octet)."""
        found, top, known = [], None, dict[tuple[int, int], bool]()
        for at in self.sent(by, before):
            segment = self.segment(at)
            key = int(segment.seq), segment.seg_len
            probe = top is not None and segment.seq == top - 1 and segment.seg_len == segment.length <= 1
            # What was sent before as something else is that once more.
            found += [at] if known.setdefault(key, probe) else []
            top = segment.end if top is None or segment.end > top else top
        return found

    # -- reset --------------------------------------------------------------------------------------------------------

    def stopped(self, by: End, place: int) -> bool:
        """Whether an end sent nothing but RST behind this place: it took the RST there for the other end's."""
        return not any(at > place for at in self.sent(by))

    def reset(self, by: End, place: int) -> Ending:
        """The RST there ended it."""
        if self.evidence is Evidence.ONE_DIRECTION:
            return _sure(Caused(Cause.NOT_TOLD, by))
        if self.walk.opened.handshake not in (Handshake.FOLLOWED, Handshake.NOT_SEEN):
            return self._reset_opening(by, place)
        heard, own = self.sent(by.other, place), self.sent(by, place)
        last = heard[-1] if heard else None
        asked = last if last is not None and (not own or own[-1] < last) else None
        side = self.walk.client if by is End.CLIENT else self.walk.server
        if not heard and self.walk.opened.opener is Opener.MID_STREAM:
            return _sure(Caused(Cause.NOT_TOLD, by))
        if self.untrue:
            return self._untold(by, place, closed=side.fin is not None)
        if asked is not None and self.segment(asked).flags & (SYN | ACK) == SYN and own:
            return _sure(Caused(Cause.BAD_SYN, by))
        answers = asked is not None and self._answers(place, asked)
        if side.fin is not None and side.fin_at < place:
            return self._reset_closed(by, place, side.fin_at, asked if answers else None)
        if asked is not None and answers:
            return self._answered(by, place, asked, own)
        return self._unasked(by, place)

    def _untold(self, by: End, place: int, *, closed: bool) -> Ending:
        """What the RST answers is not told where segments are missing, or out of step, in the record."""
        kinds = [Cause.CLOSED_END] * closed + [Cause.NO_CONNECTION] * (not self.segment(place).flags & ACK)
        return _sure(*(Caused(kind, by) for kind in kinds), *self._unread(by, place), Caused(Cause.ABORTED, by))

    def _answers(self, place: int, asked: int) -> bool:
        """Whether the RST has the form of an answer to that segment (RFC 9293 section 3.5.2, group 1)."""
        reset, segment = self.segment(place), self.segment(asked)
        return not reset.flags & ACK and bool(segment.flags & ACK) and reset.seq == segment.ack

    def _reset_opening(self, by: End, place: int) -> Ending:
        aborted = Caused(Cause.ABORTED, by)
        opened, heard = self.walk.opened, self.sent(by.other, place)
        answers = bool(heard) and self._answers(place, heard[-1])
        if opened.handshake is Handshake.VIOLATED and by is End.CLIENT:
            return _sure(Caused(Cause.BAD_SYN_ACK, End.SERVER))
        if answers:
            return _sure(Caused(Cause.NO_CONNECTION, by), aborted)
        if not heard and not self.segment(place).flags & ACK:  # it has the form of an answer to what is not recorded
            return _sure(Caused(Cause.NOT_TOLD, by))
        if opened.handshake is Handshake.UNANSWERED and by is End.CLIENT:
            return _sure(Caused(Cause.UNANSWERED, End.SERVER, 1 + opened.syn_again))
        if opened.syn_ack_again and by is End.SERVER:
            return _sure(Caused(Cause.NOT_COMPLETED, End.CLIENT, 1 + opened.syn_ack_again))
        return _sure(aborted)

    def _reset_closed(self, by: End, place: int, fin: int, asked: int | None) -> Ending:
        """Its sender had closed: new text that came since, or what it does not know any more, draws a RST."""
        aborted, told = Caused(Cause.ABORTED, by), self.segment(fin)
        since = [at for at in self.sent(by.other, place) if at > fin]
        if any(s.length and told.flags & ACK and s.end > told.ack for s in map(self.segment, since)):
            causes = (Caused(Cause.CLOSED_END, by), aborted)
            return _sure(*(causes[:1] if asked is not None else causes))
        if asked in since:
            return _sure(Caused(Cause.NO_CONNECTION, by), aborted)
        return _sure(aborted)

    def _answered(self, by: End, place: int, asked: int, own: list[int]) -> Ending:
        """Its sender had not closed, and answers a segment with a RST."""
        unknown, segment = Caused(Cause.NO_CONNECTION, by), self.segment(asked)
        if not own:
            return _sure(unknown)
        again = self._transmissions(by.other, asked) if segment.seg_len else [asked]
        rest: tuple[Caused, ...] = ()
        if len(again) > 1:
            unknown = Caused(Cause.FORGOTTEN, by, len(again))
        else:
            rest = (*self._unread(by, place), Caused(Cause.ABORTED, by))
            if by is End.SERVER and all(self.segment(at).flags & SYN for at in own):
                unknown = Caused(Cause.NOT_TAKEN, by)
        idle = (Caused(Cause.UNKNOWN_IDLE, by), *rest)
        return Ending((unknown, *rest), (unknown, *rest), 0.0, paused=self._paused(again[0]), idle=idle)

    def _transmissions(self, by: End, place: int) -> list[int]:
        """The places at which an end sent what begins with the same number, up to this one."""
        seq = self.segment(place).seq
        return [at for at in self.sent(by, place + 1) if self.segment(at).seq == seq and self.segment(at).seg_len]

    def _unread(self, by: End, place: int) -> tuple[Caused, ...]:
        """That it had not read what it received, where it can have received text."""
        text = self.walk.opened.opener is Opener.MID_STREAM or self.walk.opened.handshake is Handshake.NOT_SEEN
        text |= any(self.segment(at).length for at in self.sent(by.other, place))
        return (Caused(Cause.UNREAD, by),) if text else ()

    def _unasked(self, by: End, place: int) -> Ending:
        """Its sender had not closed, and answers nothing: it, or who it works for, did not want to go on."""
        aborted, unread = Caused(Cause.ABORTED, by), self._unread(by, place)
        tried, heard = self._unanswered(by, place), self.sent(by.other, place)
        if len(tried) > _R1:
            causes = (Caused(Cause.GAVE_UP, by, len(tried)), aborted)
            silent = (Caused(Cause.UNHEARD_IDLE, by, len(tried)), aborted)
            return Ending(causes, causes, 0.0, paused=self._paused(tried[0]), idle=silent)
        probes = [at for at in self._probes(by, place) if not heard or at > heard[-1]]
        if probes:  # one without answer must not be taken for the end (MUST-29)
            return _sure(Caused(Cause.KEEP_ALIVE, by, len(probes)), *((aborted,) if len(probes) == 1 else ()))
        idle = (*unread, Caused(Cause.RESET_IDLE, by))
        return Ending((*unread, aborted), (*unread, aborted), 0.0, paused=self._paused(place), idle=idle)

    def _unanswered(self, by: End, before: int | None = None) -> list[int]:
        """The places at which an end sent the same segment that was not acknowledged, and nothing at all came since."""
        side, heard = (self.walk.client if by is End.CLIENT else self.walk.server), self.sent(by.other, before)
        own = [at for at in self.sent(by, before) if self.segment(at).seg_len]
        if not own or side.acked is None or side.acked >= side.top:
            return []
        tried = self._transmissions(by, own[-1])
        return tried if not heard or len(tried) < 2 or heard[-1] < tried[1] else []

    # -- left ---------------------------------------------------------------------------------------------------------

    def never_opened(self) -> Ending:
        """No handshake, and no RST that ended it."""
        opened = self.walk.opened
        times, by, cause = 1 + opened.syn_again, End.SERVER, Cause.UNANSWERED
        if opened.opener is Opener.SIMULTANEOUS:
            times, by, cause = 0, End.BOTH, Cause.NOT_COMPLETED
        elif opened.handshake is Handshake.VIOLATED:
            times, cause = 0, Cause.BAD_SYN_ACK
        elif opened.handshake is Handshake.INCOMPLETE:
            times, by, cause = 1 + opened.syn_ack_again, End.CLIENT, Cause.NOT_COMPLETED
        if cause is Cause.NOT_COMPLETED and times == 1:  # who gets no answer repeats: the record lacks either
            return Ending((Caused(Cause.NOT_TOLD),), patience=_ANSWER)
        # A repetition shows that there was no answer for one RTO.
        return Ending((Caused(cause, by, times),), patience=0.0 if times > 1 else _ANSWER)

    def left(self) -> Ending:
        """It opened, and was not closed."""
        if self.evidence is Evidence.ONE_DIRECTION:
            return _sure(Caused(Cause.NOT_TOLD))
        if self.walk.client.fin is not None and self.walk.server.fin is not None:
            return self.closed()
        own = self.sent(End.SERVER)
        if self.walk.opened.syn_ack_again and all(self.segment(at).flags & SYN for at in own):
            return Ending((Caused(Cause.NOT_TAKEN, End.SERVER, len(own)),), patience=_ANSWER)
        for by, _ in self.sides:
            if self._full(by):
                return _sure(Caused(Cause.WINDOW_CLOSED, by))
            if len(tried := self._unanswered(by)) > 1:
                sooner = Caused(Cause.UNHEARD, by, len(tried)) if len(tried) > _R1 else Caused(Cause.OPEN)
                idle = (Caused(Cause.UNHEARD_IDLE, by, len(tried)),)
                return Ending(
                    (Caused(Cause.GAVE_UP, by, len(tried)),), (sooner,), _GONE, paused=self._paused(tried[0]), idle=idle
                )
        for by, _ in self.sides:
            heard = self.sent(by.other)
            if probes := [at for at in self._probes(by, len(self.packets)) if heard and at > heard[-1]]:
                return Ending((Caused(Cause.KEEP_ALIVE, by, len(probes)),), patience=_GONE)
        for by, side in self.sides:
            other = self.walk.server if by is End.CLIENT else self.walk.client
            if side.finished:
                cause = Caused(Cause.NOT_TOLD) if other.missing else Caused(Cause.NEVER_CLOSED, by.other)
                return Ending((cause,), patience=_HALF_CLOSED)
        return Ending()

    def _full(self, by: End) -> bool:
        """Whether the last segments of an end, as many as of a probe that was told, offered no window."""
        told = [self.segment(at) for at in self.sent(by) if self.segment(at).flags & ACK][-_R1:]
        return len(told) == _R1 and not any(segment.window for segment in told)
