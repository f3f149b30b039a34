"""What a command does: find the peers or files, play or judge, keep every result, write and print; the exit code.

Trouble with one target or file costs the others nothing: it is noted, told at the end and outweighed by a violation.
Ctrl-C and SIGTERM end the play and not the command, so what was found until then is reported.

- ``outcome``: what every command has in common: a Request, a Display, an Outcome, and what is said on standard error.
- ``frame``: what is open while a command plays (files, recording, events, progress), and a Player of many jobs: one
  after another, side by side, or in the embedded lab.
- ``plan``: hosts to jobs, names looked up side by side; which of them share a host.
- ``check``, ``matrix``, ``listen``, ``path``, ``soak``: one runner a command that plays with a peer.
- ``replay``: captures by connections, recordings by exchanges; ``reenact``: one connection against a live peer.
- ``doctor``: looks at the machine, and tries the line.

A runner that plays once with one peer has this form; what goes wrong inside ``playing`` is an error of the run:

    outcome = Checked("replay")
    with opened(outcome, display, "the comment of the recording") as frame:
        with frame.playing():
            outcome.add(reenact(peer, replace(options, recorder=frame.recorder)))
        return frame.report(outcome, options.profile, builder.document)
"""
