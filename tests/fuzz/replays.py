"""The whole replay on damaged captures, and on whole ones whose connections conform."""

from __future__ import annotations

import tempfile
import warnings
from random import Random

from probe.replay.run import ReplayOptions, replay
from probe.results.connection import Packet, Replay
from probe.results.verdict import Finding
from tests.fuzz.campaign import Campaign, WrongError
from tests.fuzz.captures import damaged
from tests.fuzz.capturing import capture, some, written
from tests.fuzz.pairs import accused


def _replayed(data: bytes) -> Replay:
    with tempfile.NamedTemporaryFile(prefix="probe-fuzz-") as file, warnings.catch_warnings():
        warnings.simplefilter("error")
        file.write(data)
        file.flush()
        return replay(ReplayOptions((file.name,), workers=1))


def _damaged(rng: Random) -> None:
    found = _replayed(damaged(rng))
    counted = {found.connections, len(found.listed), sum(found.verdicts.values()), sum(found.counts.values())}
    if len(counted) > 1:
        raise WrongError("connections miscounted", str(found))
    packets = sum(connection.packets for connection in found.listed)
    if packets + sum(found.skipped.values()) != found.records:
        raise WrongError("packets miscounted", f"{packets} in connections, {found.skipped}, {found.records} records")


def _findings(found: Replay) -> tuple[Finding, ...]:
    return tuple(finding for connection in found.listed for finding in connection.findings)


def _innocent(rng: Random) -> None:
    connections = some(rng)
    found = _replayed(written(connections, rng))
    if found.faults:
        raise WrongError("faults in a whole capture", str(found.faults))
    for packets in connections if _findings(found) else ():
        if _alone(packets):
            raise accused(packets, _alone)
    if _findings(found):
        raise WrongError("accused only beside others", str(_findings(found)))


def _alone(packets: list[Packet]) -> tuple[Finding, ...]:
    return _findings(_replayed(written([packets], Random(0))))


CAMPAIGNS = (
    Campaign("replay", "damaged captures through the whole replay", _damaged, damaged),
    Campaign("replay-innocent", "captures of conforming connections: no finding", _innocent, capture),
)
