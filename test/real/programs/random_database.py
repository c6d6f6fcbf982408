"""A database that is written to and packed, as it is told.

Usage: random_database.py DATA_FS

Reads one JSON object a line on stdin, and prints one when it is done: `tids`, those of all transactions in the
file, as hex, oldest first; `packed`, the last one that a pack has marked, or "".

{"do": "commit", "seed": ..., "young": ...}  one to four transactions; of a young site, to nothing but the root
{"do": "pack", "seed": ..., "keepOld": ...}  to now, or to a moment before
{"do": "prune"}                              takes away all but the root
{"do": "close", "path": ...}                 lets go of the file; DATA_FS is that path from now on
"""

import json
import logging
import random
import sys

import transaction
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from persistent.TimeStamp import TimeStamp
from ZODB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSError, POSKeyError, UndoError


class Database:
    """It is opened when it is needed, as a server does that is started again."""

    def __init__(self, path):
        self.path = path
        self.db = None
        self.keep_old = True

    def open(self):
        if self.db is None:
            self.db = DB(FileStorage(self.path, pack_keep_old=self.keep_old))
        return self.db

    def close(self, path=None):
        if self.db is not None:
            self.db.close()
        self.db = None
        self.path = path or self.path

    def commit(self, seed, young):
        chance = random.Random(seed)
        for _ in range(chance.randint(1, 4)):
            try:
                with self.open().transaction() as connection:
                    (change_root if young else change)(connection.root(), chance)
            except POSKeyError:  # It was lost.
                with self.db.transaction() as connection:
                    change_root(connection.root(), chance)
            if chance.random() < 0.2:
                self.undo(chance)

    def undo(self, chance):
        # Without its first transaction, it would have no root.
        infos = [info for info in self.db.undoInfo(0, 5) if info["description"] != b"initial database creation"]
        if not infos:
            return
        manager = transaction.TransactionManager()
        manager.begin()
        try:
            self.db.undo(chance.choice(infos)["id"], manager.get())
            manager.commit()
        except (UndoError, POSKeyError):  # What came later is in its way, or it was lost.
            manager.abort()

    def pack(self, seed, keepOld):
        chance = random.Random(seed)
        if keepOld != self.keep_old:
            self.close()
            self.keep_old = keepOld
        self.open()
        tids = [bytes.fromhex(tid) for tid in look_at(self.path)["tids"]]
        moment = None if chance.random() < 0.7 else TimeStamp(chance.choice(tids[-4:])).timeTime()
        self.db.storage._pack_gc = chance.random() < 0.9
        try:
            self.db.pack(moment)
        except (POSError, KeyError):  # It was packed to a later moment before, or lacks what it would keep.
            pass

    def prune(self):
        with self.open().transaction() as connection:
            connection.root().clear()


def change_root(root, chance):
    root["value"] = chance.random()


def change(root, chance):
    names = [name for name in root if name.startswith("part")]
    kind = chance.random()
    if kind < 0.2:
        change_root(root, chance)
    elif kind < 0.5 or not names:
        tree = OOBTree({number: PersistentMapping(text="x" * 50) for number in range(chance.randint(1, 40))})
        root["part%d" % chance.randrange(6)] = PersistentMapping(tree=tree)
    elif kind < 0.65:
        del root[chance.choice(names)]
    else:
        tree = root[chance.choice(names)]["tree"]
        tree[chance.choice(list(tree))]["text"] = str(chance.random())


def look_at(path):
    """By the lengths of the transactions; what follows the last whole one is none."""
    tids, packed, position = [], "", 4
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        while True:
            file.seek(position)
            header = file.read(23)
            end = position + int.from_bytes(header[8:16], "big") + 8
            if len(header) < 23 or header[16:17] == b"c" or end > size:
                return {"tids": tids, "packed": packed}
            tids.append(header[:8].hex())
            packed = tids[-1] if header[16:17] == b"p" else packed
            position = end


def main():
    logging.disable()  # Of a file that is cut off, ZODB tells at length.
    database = Database(sys.argv[1])
    for line in sys.stdin:
        words = json.loads(line)
        getattr(database, words.pop("do"))(**words)
        print(json.dumps(look_at(database.path)), flush=True)


main()
