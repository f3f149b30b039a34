"""How a run ended: by itself, by Ctrl-C, at its deadline, or because the line failed. What was found stands."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from probe.wire.errors import WireError


class OutOfTimeError(Exception):
    """The deadline of the run has come."""


@dataclass(slots=True)
class Ending:
    """Entered around the run, it takes up what ends one before its work is done; ``trouble`` is the line's."""

    interrupted: bool = False
    late: bool = False
    trouble: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.late = isinstance(error, OutOfTimeError)
        self.trouble = str(error) if isinstance(error, WireError) else ""
        self.interrupted = isinstance(error, KeyboardInterrupt | WireError)
        return self.late or self.interrupted
