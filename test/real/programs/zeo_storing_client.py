"""A client of a ZEO server that stores blobs into the shared blob directory.

Usage: zeo_storing_client.py SOCKET SHARED_BLOB_DIRECTORY in-between|at-speed

in-between  stores one and goes no further: its transaction is never voted on. Before that it has begun to store
            another one, as far as the file that is to hold it. Prints "storing" then, and waits to be killed.
at-speed    prints "storing", and commits blobs, three threads at once, until stdin ends; prints how many
"""

import random
import sys
import threading
import time

import transaction
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
from ZODB import DB
from ZODB.blob import Blob

THREADS = 3


class Wait:
    """Takes part in a transaction: when it waits, everybody has stored, and nobody has voted."""

    transaction_manager = None

    def __init__(self, wait):
        self.wait = wait

    def sortKey(self):
        return ""

    def tpc_vote(self, _):
        self.wait()

    def tpc_begin(self, _):
        pass

    commit = tpc_finish = tpc_abort = abort = tpc_begin


def blob_of(content):
    made = Blob()
    with made.open("w") as file:
        file.write(content)
    return made


def in_between(db):
    helper = db.storage.fshelper
    with db.transaction() as connection:
        connection.root()["there"] = there = blob_of(b"committed")
    helper.blob_mkstemp(there._p_oid, there._p_serial)
    manager = transaction.TransactionManager()
    root = db.open(manager).root()
    root["new"] = blob_of(b"n" * 100_000)
    with root["there"].open("w") as file:
        file.write(b"changed" * 10_000)
    manager.get().join(Wait(lambda: (print("storing", flush=True), time.sleep(3600))))
    manager.commit()


def at_speed(db):
    ended = threading.Event()
    counts = []

    def store(name):
        chance = random.Random(name)
        manager = transaction.TransactionManager()
        own = db.open(manager).root()[name]
        while not ended.is_set():
            own["blob"] = blob_of(chance.randbytes(chance.choice([10, 3000, 100_000])))
            manager.get().join(Wait(lambda: time.sleep(0.03)))
            manager.commit()
            counts.append(1)

    names = [f"thread {number}" for number in range(THREADS)]
    with db.transaction() as connection:
        connection.root().update((name, PersistentMapping()) for name in names)
    threads = [threading.Thread(target=store, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    print("storing", flush=True)
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    print(len(counts), flush=True)
    db.close()


def main():
    socket, blobs, how = sys.argv[1:]
    db = DB(ClientStorage(socket, blob_dir=blobs, shared_blob_dir=True, wait_timeout=60))
    {"in-between": in_between, "at-speed": at_speed}[how](db)


main()
