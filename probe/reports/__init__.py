"""What a command found, told to people and programs.

Each command's result (``probe.results``) becomes one ``Document``; each format renders that. A builder decides what is
said, a format how it looks, and neither knows the other, so that a new format is one file and a new command too.

In reading order:

* ``document``: the parts a report is made of (answers, tables, grids, deviations, ladders, cases, alerts), as records
* ``builders``: results to documents, one file a command
* ``data``: results as plain dicts, the names of the JSON document and of JSON Lines; ``schemas`` publishes them
* ``listed``: connections of a long list as JSON, a form for each shape
* ``formats``: documents to text, Markdown, JSON, JUnit and annotations, one file a format
* ``table``, ``paint``, ``wording``: tables that fit a terminal, colours, how a set of states or a clause reads

A check in Markdown, and on a terminal of 80 columns::

    from probe.reports.builders import check
    from probe.reports.formats import markdown, text

    document = check.document(report)
    print(*markdown.render(document), text.render(document, text.Style(width=80)))
"""
