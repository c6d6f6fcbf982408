"""Writes a base, and a DemoStorage's changes over it, or reads both.

Usage: demo_storage.py write|read BASE BASE_BLOBS CHANGES CHANGES_BLOBS

"read" prints what somebody sees who opens the two together.
"""

import json
import sys

import transaction
from persistent.mapping import PersistentMapping
from ZODB import DB
from ZODB.blob import Blob
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage


def over(base, base_blobs, changes, changes_blobs):
    below = FileStorage(base, blob_dir=base_blobs, read_only=True)
    return DB(DemoStorage(base=below, changes=FileStorage(changes, blob_dir=changes_blobs)))


def write(base, base_blobs, changes, changes_blobs):
    db = DB(FileStorage(base, blob_dir=base_blobs))
    root = db.open().root()
    for number in range(4):
        root[f"old{number}"] = PersistentMapping(number=number)
    root["blob"] = Blob(b"of the base")
    transaction.commit()
    db.close()
    db = over(base, base_blobs, changes, changes_blobs)
    root = db.open().root()
    root["new"] = PersistentMapping(old=root["old1"])
    transaction.commit()
    root["old2"]["number"] = "changed"
    transaction.get().note("a change to be undone")
    transaction.commit()
    root["new"]["undone"] = root["old2"]
    root["newblob"] = Blob(b"of the changes")
    transaction.commit()
    (mistake,) = [one for one in db.undoInfo(0, 20) if "undone" in str(one["description"])]
    db.undo(mistake["id"])
    transaction.commit()
    db.close()


def read(*places):
    root = over(*places).open().root()
    seen = {name: dict(root[name]) for name in root if name.startswith("old")}
    seen["undone"] = dict(root["new"]["undone"])
    seen["blobs"] = [root[name].open().read().decode() for name in ("blob", "newblob")]
    print(json.dumps(seen, sort_keys=True))


{"write": write, "read": read}[sys.argv[1]](*sys.argv[2:])
