"""A history of the real ZODB, and what every object was after each of its transactions.

Usage: random_states.py SEED zlib|plain DATA_FS [FOLDER]

With a folder, the Data.fs is copied there after each step: 00.fs, 01.fs.

Prints one JSON object a line, while the log is made:

{"tid": ..., "objects": {oid: [tid, sha256 of the data]}}  after a transaction; a moment that comes again replaces what
    was said of it. An object that is gone has null.
{"packed": ...}  after a pack: the last transaction that it has marked. What was said of earlier moments is void.
{"asked": [[oid, before, [sha256, tid, end tid] | "younger" | "none"], ...],
 "histories": {oid: [tid, ...]}, "log": [[tid, [[oid, sha256 | null, data tid | null], ...]], ...]}  at the end
"""

import hashlib
import json
import logging
import os
import random
import shutil
import sys

import transaction
import zc.zlibstorage
from persistent.mapping import PersistentMapping
from persistent.TimeStamp import TimeStamp
from ZODB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSError, POSKeyError, UndoError
from ZODB.utils import p64


def main():
    logging.disable()
    seed, wrapper, path, *copies = sys.argv[1:]
    chance = random.Random(int(seed))
    storage = FileStorage(path)
    db = DB(zc.zlibstorage.ZlibStorage(storage) if wrapper == "zlib" else storage)
    tids = [storage.lastTransaction()]
    for step in range(40):
        kind = chance.random()
        if kind < 0.3:
            undo(db, chance)
        elif kind < 0.36 and len(tids) > 3:
            pack(db, storage, chance, tids)
        else:
            with db.transaction() as connection:
                change(connection.root(), chance)
        if storage.lastTransaction() != tids[-1]:
            tids.append(storage.lastTransaction())
        tell({"tid": tids[-1].hex(), "objects": objects_of(storage)})
        for folder in copies:
            shutil.copy(path, os.path.join(folder, "%02d.fs" % step))
    tell(summary(storage, tids, chance))
    db.close()


def change(root, chance):
    name = "part%d" % chance.randrange(5)
    if chance.random() < 0.2 and name in root:
        del root[name]
    elif name in root and chance.random() < 0.7:
        root[name]["text"] = "text %d " % chance.randrange(1000) * chance.randrange(1, 800)
        root[name].setdefault("below", PersistentMapping())["value"] = chance.random()
    else:
        root[name] = PersistentMapping(text="new " * chance.randrange(100))


def undo(db, chance):
    """Also of what has made an object, and of an undo."""
    infos = db.undoInfo(0, 5)[:-1]  # Without its first transaction, it would have no root.
    if not infos:
        return
    manager = transaction.TransactionManager()
    manager.begin()
    try:
        db.undo(infos[0 if chance.random() < 0.6 else -1]["id"], manager.get())
        manager.commit()
    except (UndoError, POSKeyError):
        manager.abort()


def pack(db, storage, chance, tids):
    moment = None if chance.random() < 0.5 else TimeStamp(tids[-2]).timeTime()
    try:
        db.pack(moment)
    except (POSError, KeyError):
        return
    packed = [record.tid for record in storage.iterator() if record.status == "p"]
    tell({"packed": packed[-1].hex() if packed else ""})


def objects_of(storage):
    found = {}
    for number in range(64):
        try:
            data, tid = storage.load(p64(number))
        except POSKeyError:
            found[p64(number).hex()] = None
        else:
            found[p64(number).hex()] = [tid.hex(), sum_of(data)]
    return found


def summary(storage, tids, chance):
    asked = []
    for _ in range(600):
        oid, before = p64(chance.randrange(64)), chance.choice(tids)
        try:
            found = storage.loadBefore(oid, before)
        except POSKeyError:
            answer = "none"
        else:
            answer = "younger"
            if found:
                data, tid, end = found
                answer = [sum_of(data), tid.hex(), end and end.hex()]
        asked.append([oid.hex(), before.hex(), answer])
    histories = {}
    for number in range(64):
        try:
            found = storage.history(p64(number), size=1000)
        except POSKeyError:
            continue
        histories[p64(number).hex()] = [revision["tid"].hex() for revision in found]
    log = [
        [
            one.tid.hex(),
            [[r.oid.hex(), r.data and sum_of(r.data), r.data_txn and r.data_txn.hex()] for r in one],
        ]
        for one in storage.iterator()
    ]
    return {"asked": asked, "histories": histories, "log": log}


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


def tell(words):
    print(json.dumps(words), flush=True)


main()
