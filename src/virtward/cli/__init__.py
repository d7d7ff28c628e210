"""The command line: commands as rows, one front door, output for people and for programs."""


def reference() -> str:
    """The reference page of the command line, as Markdown, made from the rows."""
    from .reference import page

    return page()
