"""What a run learned of its peer as a recording holds it: no packet shows how long each kind of wait was."""

from __future__ import annotations

from dataclasses import asdict, astuple, fields
from typing import Any

from probe.recording.json_fields import DamagedError, JsonObject
from probe.results.learned import Answered, Learned, Question, Repeated, Waits

_QUESTION = (str, int, int, float, float, bool)
"""What the fields of an Answered are in JSON, in their order."""
_WAITS = tuple(field.name for field in fields(Waits))


def written(learned: Learned) -> dict[str, Any]:
    """As JSON."""
    times = {"round_trip": learned.round_trip, "usual": learned.usual, "took": learned.application}
    return {
        **asdict(learned.waits),
        "questions": [list(astuple(one)) for one in learned.questions],
        **{name: seconds for name, seconds in times.items() if seconds is not None},
        "repetitions": [list(one) for one in learned.repetitions],
        "mtu": learned.mtu,
        "twice": learned.twice,
        "given": learned.given,
    }


def of(run: JsonObject) -> Learned | None:
    """What the record of a run says of it; None in older recordings."""
    return None if (record := run.inner("learned")) is None else _read(record)


def _read(record: JsonObject) -> Learned:
    """What this version does not know is left out."""
    asked = [row for row in record.rows("questions", *_QUESTION) if row[0] in set(Question)]
    again = [row for row in record.rows("repetitions", str, float) if row[0] in set(Repeated)]
    if any(answered > asked for _, asked, answered, *_ in asked):
        raise DamagedError("questions holds figures that cannot be")
    return Learned(
        Waits(*map(record.seconds, _WAITS)),
        tuple(Answered(Question(name), *rest) for name, *rest in asked),
        record.seconds("round_trip") if record.has("round_trip") else None,
        record.seconds("usual") if record.has("usual") else None,
        record.seconds("took"),
        tuple((Repeated(what), seconds) for what, seconds in again),
        record.count("mtu"),
        record.flag("twice"),
        record.flag("given"),
    )
