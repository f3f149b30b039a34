"""Folds the middle of connections away: data and acknowledgments in order, which leave both ends ESTABLISHED.

What stays: everything up to the handshake's third segment; of the orderly text after it the first segment of each kind
(data, pure ACK; the third is one, and the next one stays too) and the last one of each direction, the last data that
was acknowledged and all that was not yet; then everything from the first segment that is not orderly, or has SYN, FIN
or RST. ``bridged`` puts one data segment where text was folded away, so that the numbers have no gap.

Connections that do not open with a plain handshake are not folded. What is not in order and long is cut down
(`cutting`). Done again with more segments behind, both give what doing it once would
have given: what is said of a connection does not hang on how a file was divided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from probe.capture.batch import Bools
from probe.engine.path.reordering import OVERTAKING
from probe.replay.cutting import Cut, behind_cuts, worst_cut
from probe.replay.rows import Grouped, Places, Rows, UInt32, ahead
from probe.spec.segment import ACK, FIN, RST, SYN, URG

_STEERING = FIN | SYN | RST | ACK | URG


class Folded(NamedTuple):
    """Which rows stay, which are known to be in order, which are late, and the connections that go on in order."""

    stays: Bools
    trusted: Bools
    late: Bools
    orderly: Bools


def fold(group: Grouped) -> Folded:
    """What can be forgotten of each connection.

    A segment may go where no reaction can hang on it: both ends are ESTABLISHED, it is next in order, acknowledges what
    was seen, and its octets were acknowledged while all was still in order. ``trusted`` remembers that, since of what
    is left the numbers have gaps.
    """
    rows, index = group.rows, np.arange(len(group.rows))
    third = group.first(rows.flags & SYN == 0)
    regular = _handshaken(group, third)
    third = np.where(regular, third, len(rows))
    behind = index > third[group.connection]
    # Orderly: data and ACKs without other flags, next in order, that acknowledge what was seen and take nothing back.
    mine, other = group.mine, group.other
    orderly = rows.trusted | ((mine >= 0) & (other >= 0) & (rows.seq == rows.end[mine]))
    orderly &= rows.trusted | (ahead(rows.ack, rows.ack[mine]) & ahead(rows.end[other], rows.ack))
    orderly &= (rows.flags & _STEERING == ACK) & (rows.window > 0) & (rows.option == 0) & ~rows.late
    end = group.first(behind & ~orderly)
    region = behind & (index < end[group.connection])
    acked = _acknowledged(group, end, regular)
    stays = ~region | ~acked  # octets on their way may be lost, and sent again
    # One segment of each kind from each end, so that how much passed does not change which kinds there were.
    text = region | (index == third[group.connection])
    for sent in (group.from_client, ~group.from_client):
        for chosen in (text & (rows.length > 0), text & (rows.length == 0), region & (rows.length == 0)):
            first = group.first(sent & chosen)
            stays[first[first < group.ends]] = True
        # The last that has surely arrived: a bridge has an older ACK, and what that left open is settled by this one.
        arrived = np.flatnonzero(sent & region & acked & (rows.length > 0))
        newest = np.append(np.diff(group.connection[arrived]) != 0, [True] * bool(len(arrived)))
        stays[arrived[newest.astype(np.bool_)]] = True
    # The last of each direction holds the numbers and the window that what follows is judged against.
    last = end[regular] - 1
    stays[last] = True
    before = group.other[last]
    stays[before[before >= 0]] = True
    late = rows.late | (regular[group.connection] & (index >= end[group.connection]))
    return Folded(stays, rows.trusted | region, late, regular & (end == group.ends))


def _handshaken(group: Grouped, third: Places) -> Bools:
    """Connections that open with SYN, SYN,ACK (or repetitions of them) and the ACK that completes the handshake."""
    rows, starts = group.rows, group.starts
    found = third < group.ends
    at = np.where(found, third, starts)
    reply = np.maximum(group.other[at], 0)
    found &= group.other[at] >= 0
    found &= (rows.flags[starts] & _STEERING == SYN) & (rows.length[starts] == 0) & (rows.option[at] == 0)
    found &= (rows.flags[reply] & _STEERING == SYN | ACK) & (rows.length[reply] == 0)
    found &= (rows.flags[at] & _STEERING == ACK) & group.from_client[at]
    isn = rows.seq[starts]
    # The numbers of the three segments agree to the octet; a Fast Open, a SYN with data, is left as it is.
    found &= (rows.ack[reply] == isn + 1) & (rows.seq[at] == isn + 1) & (rows.ack[at] == rows.seq[reply] + 1)
    # A window of zero stops the data behind the handshake: what is sent then is not the orderly text folding is about.
    early = np.arange(len(rows)) <= third[group.connection]
    found[group.connection[early & (rows.window == 0)]] = False
    early &= np.arange(len(rows)) != third[group.connection]
    again = early & (group.mine >= 0)
    wrong = again & ((rows.seq != rows.seq[group.mine]) | (rows.flags != rows.flags[group.mine]) | (rows.length > 0))
    found[group.connection[wrong]] = False
    return found


def _acknowledged(group: Grouped, end: Places, regular: Bools) -> Bools:
    """Rows whose octets the other end has acknowledged before ``end`` of their connection's orderly part."""
    rows = group.rows
    last = np.where(regular, end - 1, group.starts)
    before = np.maximum(group.other[last], 0)
    by_client = np.where(group.from_client[last], rows.ack[last], rows.ack[before])
    by_server = np.where(group.from_client[last], rows.ack[before], rows.ack[last])
    told = np.where(group.from_client, by_server[group.connection], by_client[group.connection])
    return ahead(told, rows.end)


def bridged(group: Grouped) -> Grouped:
    """The rows with data segments for the stretches of text that were folded away.

    A trusted row that starts, or acknowledges, beyond what is left before it tells that there was more. Packet number
    and time of a bridge are those of the row behind it, its ACK the farthest one before; it is marked ``old``.
    """
    if group.rows.cut.any():
        group = group.marked(trusted=behind_cuts(group))
    rows, mine, other = group.rows, group.mine, group.other
    known = np.flatnonzero(rows.trusted & (mine >= 0) & (other >= 0))
    own, facing = mine[known], other[known]
    sent = _later(rows.end[own], rows.ack[facing])
    heard = _later(rows.end[facing], rows.ack[own])
    unsent, unheard = _beyond(rows.seq[known], sent), _beyond(rows.ack[known], heard)
    if not unsent.any() and not unheard.any():
        return group.marked(old=np.zeros(len(rows), np.bool_))
    place = np.concatenate((known[unheard], known[unsent])).astype(np.intp)
    template = np.concatenate((facing[unheard], own[unsent])).astype(np.intp)
    begin = np.concatenate((heard[unheard], sent[unsent]))
    end = np.concatenate((rows.ack[known][unheard], rows.seq[known][unsent]))
    filler = replace(
        rows.take(template),
        seq=begin, end=end,
        ack=_farthest(group, template),
        length=end - begin,
        flags=np.full(len(place), ACK, np.uint8),
        number=rows.number[place],
        time=rows.time[place],
        option=np.zeros(len(place), np.int32),
        trusted=np.ones(len(place), np.bool_),
        old=np.ones(len(place), np.bool_),
    )  # fmt: skip
    rows = replace(rows, old=np.zeros(len(rows), np.bool_))
    order = np.argsort(np.concatenate((np.arange(len(rows)) * 2 + 1, place * 2)), kind="stable")
    starts = group.starts + np.searchsorted(np.sort(place), group.starts, "left")
    sent_by = np.concatenate((group.from_client, group.from_client[template]))
    return Grouped(Rows.joined((rows, filler), order), starts, sent_by[order])


def _farthest(group: Grouped, places: Places) -> UInt32:
    """What the ends of these rows had acknowledged by then: more than the row says that others overtook.

    What is in order has none such; before a cut anything may stand.
    """
    rows, found = group.rows, group.rows.ack[places]
    cut = worst_cut(group)[group.connection[places]] > Cut.NOTHING
    for number in np.flatnonzero(cut).tolist():
        at = int(places[number])
        before = np.arange(group.starts[group.connection[at]], at)
        before = before[(group.from_client[before] == group.from_client[at]) & (rows.flags[before] & ACK != 0)]
        before = before[rows.time[at] - rows.time[before] <= OVERTAKING * 1e9]
        told = rows.ack[before]
        farther = (told - found[number]).view(np.int32)
        if farther.max(initial=0) > 0:
            found[number] = told[np.argmax(farther)]
    return found


def _later(one: UInt32, two: UInt32) -> UInt32:
    return np.where(ahead(one, two), one, two)


def _beyond(number: UInt32, top: UInt32) -> Bools:
    beyond: Bools = ahead(number, top) & (number != top)
    return beyond
