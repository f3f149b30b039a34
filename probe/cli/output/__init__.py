"""Where what a command found goes: files, standard output, a pipeline's log; and what is shown while it runs.

* ``terminal``: width, colour, standard output whose reader may be gone, a line that is written anew
* ``progress``: how far a run is, on a terminal's standard error only
* ``sinks``: files that are known to be writable before anything runs; a document appears whole, lines as they come
* ``spool``: the rows of a document that may be long, on disk until it is written
* ``github``: annotations and the summary, under GitHub Actions
* ``outputs``: opens the files asked for, writes events while a check goes on, then the document in each format

Trouble with one file costs the others nothing: it becomes an error of the run, which those written after it tell. Every
command that judges ends in the same call::

    outputs = Outputs(display.reporting, stack)  # a file that cannot be written ends the command here
    ...
    return outputs.publish(check.document(report), outcome, lambda: outcome.exit_code(report.exit_code))
"""
