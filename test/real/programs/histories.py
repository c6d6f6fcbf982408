"""Writes a history with the real ZODB, stage by stage.

Usage: histories.py NAME DATA_FS BLOB_DIRECTORY

Prints the name of each stage when all of it is committed, and goes on when it reads a line on stdin.
"""

import random
import sys
import time

import transaction
import zc.zlibstorage
from BTrees.Length import Length
from BTrees.OOBTree import OOBTree
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from persistent.wref import WeakRef
from ZODB import DB
from ZODB.blob import Blob
from ZODB.FileStorage import FileStorage

CHANCE = random.Random(7)


class History:
    """A database, one connection, and what most stages do."""

    def __init__(self, path, blobs, wrap=lambda storage: storage, databases=None, **options):
        storage = wrap(FileStorage(path, blob_dir=blobs, **options))
        self.db = DB(storage, databases=databases, database_name="main", xrefs=True)
        self.manager = transaction.TransactionManager()
        self.connection = self.db.open(self.manager)
        self.root = self.connection.root()

    def commit(self, note="", **entries):
        self.root.update(entries)
        self.manager.get().note(note)
        self.manager.commit()

    def undo(self):
        """Takes the newest transaction back, an undo included."""
        self.db.undo(self.db.undoInfo(0, 1)[0]["id"], self.manager.get())
        self.manager.commit()

    def blob(self, content):
        made = Blob()
        with made.open("w") as file:
            file.write(content)
        return made

    def grow(self):
        tree = self.root.setdefault("tree", OOBTree())
        for number in range(60):
            tree[f"{CHANCE.randrange(10_000):05}"] = PersistentMapping(text="lorem ipsum " * 20, number=number)
        self.commit("grow", blob=self.blob(CHANCE.randbytes(CHANCE.randrange(20_000))))

    def close(self):
        self.connection.close()
        self.db.close()


def undo(path, blobs):
    it = History(path, blobs)
    it.grow()
    it.commit(old=it.blob(b"one"), empty=it.blob(b""))
    yield "begun"
    it.commit(x=1)
    it.commit(x=2)
    it.undo()
    yield "undone"
    it.undo()
    it.undo()
    yield "undo of undo"
    it.commit(made=PersistentMapping(inner=PersistentList([1])))
    it.undo()
    yield "creation undone"
    it.undo()
    yield "creation done again"
    with it.root["old"].open("w") as file:
        file.write(b"two")
    it.manager.commit()
    it.undo()
    yield "change of a blob undone"
    it.commit(new=it.blob(b"new"))
    it.undo()
    yield "creation of a blob undone"
    it.undo()
    yield "creation of a blob done again"
    it.close()


def conflicts(path, blobs):
    it = History(path, blobs)
    it.grow()
    it.commit(count=Length())
    for round in range(3):
        other = transaction.TransactionManager()
        connection = it.db.open(other)
        connection.root()["count"].change(2)
        connection.root()["tree"][f"other {round}"] = round
        it.root["count"].change(3)
        it.root["tree"][f"{round} mine"] = round
        it.manager.commit()
        other.commit()
        connection.close()
        it.manager.begin()
        assert it.root["count"].value == 5 * (round + 1)
        yield f"conflict {round} resolved"
    it.undo()
    yield "resolved conflict undone"
    it.close()


def savepoints(path, blobs):
    it = History(path, blobs)
    it.root["kept"] = PersistentMapping()
    it.root["blob"] = it.blob(b"before")
    it.manager.savepoint()
    it.root["late"] = it.blob(b"late")
    savepoint = it.manager.savepoint()
    it.root["never"] = it.blob(b"never")
    savepoint.rollback()
    with it.root["late"].open("w") as file:
        file.write(b"again")
    it.manager.savepoint()
    it.manager.commit()
    yield "savepoints"
    it.commit(weak=WeakRef(it.root["kept"]), other=PersistentMapping(text="gone soon"))
    it.commit(dangling=WeakRef(it.root["other"]))
    del it.root["other"]
    it.manager.commit()
    yield "weak references"
    it.db.pack()
    yield "dangling weak reference"
    it.close()


def metadata(path, blobs):
    it = History(path, blobs)
    it.grow()
    now = it.manager.get()
    now.setUser("üser", "/pä/th")
    now.setExtendedInfo("nested", {"list": [1, {2: 3}], "big": 10**300})
    it.commit("é" * 20_000, x=1)
    it.commit("x" * 65_535, x=2)
    yield "long and not ASCII"
    it.commit("", x=3)
    it.commit(deep=PersistentMapping(value=nested(200)), long=PersistentMapping(value=list(range(70_000))))
    it.commit(values=PersistentMapping(integer=1 << 2000, data=b"\0" * 300, text="\U0001f600", complex=3j))
    yield "values of every kind"
    it.close()


def nested(levels):
    return [nested(levels - 1)] if levels else []


def packs(path, blobs):
    it = History(path, blobs)
    it.grow()
    yield "begun"
    for number in range(6):
        it.grow()
        it.commit(**{f"blob{number}": it.blob(b"%d" % number)})
        if number == 3:
            time.sleep(0.05)
            past = time.time()
            time.sleep(0.05)
    yield "grown"
    it.db.pack(past)
    yield "packed to the past"
    it.undo()
    yield "undone after the pack"
    del it.root["blob0"], it.root["tree"]
    it.manager.commit()
    it.db.pack()
    yield "packed"
    it.db.pack()
    yield "packed again"
    it.grow()
    del it.root["tree"]
    it.manager.commit()
    it.close()
    it = History(path, blobs, pack_gc=False)
    it.db.pack()
    yield "packed without garbage collection"
    it.close()
    it = History(path, blobs, pack_keep_old=False)
    it.grow()
    it.db.pack()
    yield "packed, and nothing old kept"
    it.grow()
    yield "grown again"
    it.close()


def databases(path, blobs):
    both = {}
    it = History(path, blobs, databases=both)
    second = DB(FileStorage(path + ".second"), databases=both, database_name="second", xrefs=True)
    there = it.connection.get_connection("second").root()
    there["made"] = PersistentMapping()
    it.manager.commit()
    it.commit(link=there["made"])
    yield "a reference to the other"
    there["back"] = it.root["mine"] = PersistentList([there["made"]])
    it.connection.add(it.root["mine"])
    it.root["weak"] = WeakRef(there)
    it.manager.commit()
    yield "and back"
    it.close()
    second.close()


def zlib(path, blobs):
    it = History(path, blobs, wrap=zc.zlibstorage.ZlibStorage)
    it.grow()
    yield "begun"
    it.commit(big=PersistentMapping(text="z" * 1_000_000))
    it.undo()
    yield "undone"
    it.grow()
    it.db.pack()
    yield "packed"
    it.close()


def main():
    name, path, blobs = sys.argv[1:]
    for stage in globals()[name](path, blobs):
        print(stage, flush=True)
        sys.stdin.readline()


main()
