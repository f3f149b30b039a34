"""`probe target`: an ordinary TCP server whose application does what the tester says in-band.

``probe.target.verbs`` documents the command line a connection may begin with. Needs the standard library only.
"""

from probe.target.listening import ListenError
from probe.target.serve import run, serve

__all__ = ["ListenError", "run", "serve"]
