"""Recordings: the pcapng that ``--save`` writes, and how it is judged again to the same verdicts.

Every packet of a run is in the file, in the order of the wire. Its comments are for people, and Wireshark shows them:
the step, the states that the peer may be in, at the end the verdict. What packets do not show (waits that ended,
answers that never came, who sent which) stands as JSON in one comment on the last packet of each attempt, and of the
run; of a matrix the verdict on each cell too. Reading needs no network: packets and metadata become attempts again, and
the live judge hears them.

In reading order:

- ``sections``: what a file says of itself: that it is a recording, and of which form.
- ``json_fields``: a JSON object whose fields are asked for by type, so that damage is noticed and named.
- ``metadata``: the machine's comments: of an attempt, of an exchange in a bulk run, of a run; written and read.
- ``path_fields``, ``learned_fields``: the path of a run and what it learned of the peer, written and read back.
- ``matrix_metadata``: those of a matrix.
- ``writing``: the writer: sentences and metadata to comments; a check saved at its end, a bulk run as it goes on.
- ``matrix_writing``: the same for a matrix.
- ``judging``: attempts to runs: settled by the same jury; what differs from the recorded verdicts.
- ``matrix``: the same for the attempts of a matrix, cell by cell.
- ``reading``: the reader: packets to attempts, and the whole file to a report.

For example::

    from probe.recording.reading import judge_recording

    again = judge_recording("check.pcapng", profile="rfc5961")
    for run in again.report.runs:
        print(run.target, [(exchange.id, exchange.verdict) for exchange in run.exchanges])
    print(*again.differences, sep="\\n")
"""
