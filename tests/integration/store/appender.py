"""A process that appends to an audit log: `appender.py PATH NAME THREADS RECORDS`; says what was acknowledged."""

import sys
from pathlib import Path
from threading import Thread

from virtward.store.audit import AuditLog


class Still:
    def now(self) -> float:
        return 1_750_000_000.0


def main() -> None:
    path, name, threads, records = sys.argv[1:]
    log = AuditLog(Path(path), Still(), durable=False)

    def work(thread: int) -> None:
        for n in range(int(records)):
            log.append({"who": f"{name}-{thread}-{n}"})
            sys.stdout.write(f"{name}-{thread}-{n}\n")
            sys.stdout.flush()

    print("ready", flush=True)
    sys.stdin.readline()
    running = [Thread(target=work, args=(number,)) for number in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


main()
