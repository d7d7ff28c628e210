"""Tasks and their logs as rows of the SQLite store.

Rule: the functions run inside a transaction of the caller's; text is kept as `rows.cell` does.
"""

import sqlite3
from collections.abc import Sequence

from ..ports import Task
from .refusals import no_such_task, task_exists
from .rows import Cell, Row, cell, text

PAGE = 500
"""How many tasks are read at a time."""

_COLUMNS = "upid, node, pid, pstart, starttime, type, id, user, endtime, status"


def add(connection: sqlite3.Connection, task: Task) -> None:
    """Adds a task; Conflict if there is one of that UPID."""
    values: tuple[Cell, ...] = (
        *(cell(task.upid), cell(task.node), task.pid, task.pstart, task.starttime),
        *(cell(task.type), cell(task.id), cell(task.user), task.endtime, cell(task.status)),
    )
    try:
        # Only the number of question marks is put in.
        query = f"INSERT INTO tasks ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})"  # noqa: S608
        connection.execute(query, values)
    except sqlite3.IntegrityError:
        raise task_exists(task.upid) from None


def end(connection: sqlite3.Connection, upid: str, endtime: int, status: str) -> None:
    """Records the end of a task; NotThere if there is no such task."""
    query = "UPDATE tasks SET endtime = ?, status = ? WHERE upid = ?"
    if not connection.execute(query, (endtime, cell(status), cell(upid))).rowcount:
        raise no_such_task(upid)


def get(connection: sqlite3.Connection, upid: str) -> Task | None:
    """The task, or None."""
    query = f"SELECT {_COLUMNS} FROM tasks WHERE upid = ?"  # noqa: S608 (a constant)
    row = connection.execute(query, (cell(upid),)).fetchone()
    return None if row is None else _task(row)


def page(
    connection: sqlite3.Connection, before: tuple[int, int] | None
) -> tuple[list[Task], tuple[int, int] | None]:
    """The newest tasks before a place in the list (None: its start), and the place after them, None at the end."""
    time, seq = before or (2**63 - 1, 2**63 - 1)
    query = (
        f"SELECT {_COLUMNS}, seq FROM tasks WHERE (starttime, seq) < (?, ?)"  # noqa: S608 (a constant)
        " ORDER BY starttime DESC, seq DESC LIMIT ?"
    )
    rows = connection.execute(query, (time, seq, PAGE)).fetchall()
    found = [_task(row[:-1]) for row in rows]
    return found, (found[-1].starttime, rows[-1][-1]) if len(rows) == PAGE else None


def append(connection: sqlite3.Connection, upid: str, lines: Sequence[str]) -> None:
    """Adds lines to a task's log; NotThere if there is no such task."""
    seq, count = _log(connection, upid)
    rows = [(seq, n, cell(line)) for n, line in enumerate(lines, count)]
    connection.executemany("INSERT INTO task_lines VALUES (?, ?, ?)", rows)


def lines(connection: sqlite3.Connection, upid: str, start: int, limit: int) -> tuple[list[str], int]:
    """Lines from `start` (from 0), at most `limit` (0: all), and how many there are; NotThere without the task."""
    seq, count = _log(connection, upid)
    query = "SELECT line FROM task_lines WHERE task = ? AND n >= ? ORDER BY n LIMIT ?"
    rows = connection.execute(query, (seq, start, limit or -1)).fetchall()
    return [text(line) for (line,) in rows], count


def _log(connection: sqlite3.Connection, upid: str) -> tuple[int, int]:
    row = connection.execute("SELECT seq FROM tasks WHERE upid = ?", (cell(upid),)).fetchone()
    if row is None:
        raise no_such_task(upid)
    (seq,) = row
    (last,) = connection.execute("SELECT max(n) FROM task_lines WHERE task = ?", (seq,)).fetchone()
    return seq, 0 if last is None else last + 1


def _task(row: Row) -> Task:
    upid, node, pid, pstart, starttime, kind, name, user, endtime, status = row
    return Task(
        text(upid),
        text(node),
        _whole(pid),
        _whole(pstart),
        _whole(starttime),
        text(kind),
        text(name),
        text(user),
        None if endtime is None else _whole(endtime),
        None if status is None else text(status),
    )


def _whole(value: Cell) -> int:
    return int(value or 0)
