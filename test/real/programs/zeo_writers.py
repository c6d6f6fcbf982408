"""Four clients of a ZEO server that commit without pause, each with its own connection.

Usage: zeo_writers.py SOCKET SHARED_BLOB_DIRECTORY SEED

Reads commands on stdin, a line each: "pack" packs to now, "stop" ends and prints what was done as one
JSON object. Prints "ready" when every client has committed, and "packed" after a pack. The server may
go and come back meanwhile.

Whoever removes a document changes it, too, so that nobody else can change it at the same time. Else
ZODB's own pack takes a blob away that is still named (seen with ZODB 6.4): where an object was removed
before the moment of the pack and changed after it, its record stays and all its blobs go.

A document is a mapping with a blob and the sha256 of its content: open_database.py holds them against
each other.
"""

import hashlib
import json
import logging
import random
import sys
import threading
import time

import transaction
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
from ZODB import DB
from ZODB.blob import Blob

CLIENTS = 4
done = {"commits": 0, "blobs": 0, "conflicts": 0, "disconnected": 0, "packs": 0}
counting = threading.Lock()
stopping = threading.Event()


def count(name):
    with counting:
        done[name] += 1


def connect(socket, blobs):
    return DB(ClientStorage(socket, blob_dir=blobs, shared_blob_dir=True, wait=True, wait_timeout=60))


def write(socket, blobs, seed, ready):
    chance = random.Random(seed)
    db = connect(socket, blobs)
    manager = transaction.TransactionManager()
    connection = db.open(manager)
    while not stopping.is_set():
        try:
            manager.begin()
            change(connection.root()["documents"], chance)
            manager.commit()
            count("commits")
            ready.set()
        except Exception as error:  # Another client was first, or the server is away.
            manager.abort()
            count("disconnected" if "Disconnected" in type(error).__name__ else "conflicts")
        time.sleep(chance.random() * 0.05)
    connection.close()
    db.close()


def change(documents, chance):
    name = f"document-{chance.randrange(400)}"
    kind = chance.random()
    if kind < 0.2 and name in documents:
        documents.pop(name)["removed"] = True
        return
    content = chance.randbytes(chance.choice([0, 10, 3000, 200_000]))
    if name not in documents:
        documents[name] = PersistentMapping(text=chance.randbytes(500).hex(), blob=Blob())
    document = documents[name]
    with document["blob"].open("w") as file:
        file.write(content)
    document["sha256"] = hashlib.sha256(content).hexdigest()
    count("blobs")


def begin(socket, blobs):
    db = connect(socket, blobs)
    with db.transaction() as connection:
        connection.root().setdefault("documents", OOBTree())
    return db


def main():
    socket, blobs, seed = sys.argv[1:]
    logging.disable()  # The server goes meanwhile, and each client would tell at length.
    db = begin(socket, blobs)
    everyone = [threading.Event() for _ in range(CLIENTS)]
    writers = [
        threading.Thread(target=write, args=(socket, blobs, f"{seed}-{number}", ready))
        for number, ready in enumerate(everyone)
    ]
    for writer in writers:
        writer.start()
    for ready in everyone:
        ready.wait()
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "stop\n":
            break
        db.pack()
        count("packs")
        print("packed", flush=True)
    stopping.set()
    for writer in writers:
        writer.join()
    db.close()
    print(json.dumps(done), flush=True)


main()
