"""`probe target`: an ordinary TCP server whose application does what the tester says in-band.

The stack under test is the kernel it runs on; the application only has to act when it is told to. It needs the standard
library only, so that a copy of the package runs wherever Python does. In reading order:

- ``verbs``: the command line that a connection may begin with; README.md is its documentation for users;
- ``connection``: one connection, which carries out its verbs and else echoes;
- ``server``: the one loop over all connections, timers and calls out;
- ``serve``: where it listens, how it is started and stopped; ``__main__``: the same without the rest of `probe`.

A program serves until it gets SIGTERM, and a tester has it close first::

    run("127.0.0.1", 7000)   # the exit code; in another process:
    sock = socket.create_connection(("127.0.0.1", 7000))
    sock.sendall(b"PROBE send 10; close\n")
    sock.recv(100)   # b"ABCDEFGHIJ", then the target's FIN
"""

from probe.target.serve import run

__all__ = ["run"]
