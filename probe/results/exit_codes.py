"""The exit codes, as `probe --help` lists them; 0, 1 and 3 are the report's own."""

from __future__ import annotations

VIOLATED, USAGE, ENVIRONMENT, INTERRUPTED = 1, 2, 4, 130
