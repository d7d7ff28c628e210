"""A process that writes to a store: `writer.py PATH NAME THREADS WRITES KIND`; says what was acknowledged.

KIND `users`: each thread adds users of its own, with a secret each. `counter`: each adds one to the number in the
comment of the same group. A line `ready` comes first; it starts when it is told to by a line.
"""

import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread

from virtward.policy import edit
from virtward.policy.model import Policy, User
from virtward.ports import SecretKey
from virtward.store.sqlite import SqliteStore


class Wall:
    def now(self) -> float:
        return time.time()


def counted(policy: Policy) -> Policy:
    return edit.modify_group(policy, "counter", str(int(policy.groups["counter"].comment) + 1))


def main() -> None:
    path, name, threads, writes, kind = sys.argv[1:]
    store = SqliteStore(Path(path), clock=Wall(), busy=20)

    def users(thread: int) -> None:
        for n in range(int(writes)):
            userid = f"{name}-{thread}-{n}@pve"
            key = SecretKey("password", userid)
            store.edit(partial(edit.add_user, user=User(userid)), {key: userid.encode()})
            say(userid)

    def counter(_: int) -> None:
        for _ in range(int(writes)):
            store.edit(counted)
            say("counted")

    print("ready", flush=True)
    sys.stdin.readline()
    work = {"users": users, "counter": counter}[kind]
    running = [Thread(target=work, args=(number,)) for number in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    store.close()


def say(text: str) -> None:
    """One write, so that a line is there as a whole or not at all."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


main()
