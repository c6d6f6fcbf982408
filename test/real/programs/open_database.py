"""Opens a Data.fs with the real ZODB, read-only, loads every object and reads every blob.

Usage: open_database.py [--wrapped] DATA_FS [BLOB_DIRECTORY]

--wrapped reads records that zc.zlibstorage has compressed. Prints one JSON object: counts, the last
transaction, one sha256 over all transactions and blobs, and `problems`, an empty list where all is well.
The file is opened twice: with its index, and as if it had none.
"""

import argparse
import hashlib
import json
import os
import tempfile

from ZODB import DB
from ZODB.blob import is_blob_record
from ZODB.FileStorage import FileStorage
from ZODB.serialize import referencesf
from ZODB.utils import oid_repr, tid_repr, z64
from zc.zlibstorage import ZlibStorage


def look_at(path, blobs, wrapped):
    file = FileStorage(path, read_only=True, blob_dir=blobs)
    storage = ZlibStorage(file) if wrapped else file
    found = {"transactions": 0, "records": 0, "blobs": 0, "blob_bytes": 0, "problems": []}
    if file.getSize() != os.path.getsize(path):
        found["problems"].append(f"ZODB reads {file.getSize()} of {os.path.getsize(path)} bytes")
    digest = hashlib.sha256()
    current = {}
    for transaction in storage.iterator():
        found["transactions"] += 1
        digest.update(transaction.tid + transaction.user + transaction.description)
        for record in transaction:
            found["records"] += 1
            digest.update(record.oid + (record.data or b""))
            current[record.oid] = record.data
            if blobs and record.data and is_blob_record(record.data):
                content = read_blob(storage, record, found)
                digest.update(content)
    objects = {oid: data for oid, data in current.items() if data is not None}  # None: its creation was undone.
    found["objects"] = len(objects)
    found["last"] = tid_repr(storage.lastTransaction())
    found["sha256"] = digest.hexdigest()
    if sorted(file._index) != sorted(current):
        found["problems"].append("the index has other objects than the transactions")
    found["problems"] += [f"object {oid_repr(oid)} is not there" for oid in missing_from(objects)]
    load_all(storage, objects, found)  # It closes the storage.
    return found


def read_blob(storage, record, found):
    try:
        with open(storage.loadBlob(record.oid, record.tid), "rb") as blob:
            content = blob.read()
    except (KeyError, OSError) as error:
        found["problems"].append(f"blob {oid_repr(record.oid)} of {tid_repr(record.tid)}: {error!r}")
        return b""
    found["blobs"] += 1
    found["blob_bytes"] += len(content)
    return content


def missing_from(objects):
    """What the root leads to, and nothing holds."""
    seen, waiting = {z64}, [z64]
    while waiting:
        oid = waiting.pop()
        if oid not in objects:
            yield oid
            continue
        for target in referencesf(objects[oid]):
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def load_all(storage, oids, found):
    db = DB(storage)
    connection = db.open()
    for oid in oids:
        try:
            connection.get(oid)._p_activate()
        except Exception as error:
            found["problems"].append(f"object {oid_repr(oid)}: {error!r}")
        connection.cacheMinimize()
    connection.close()
    db.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wrapped", action="store_true")
    parser.add_argument("data_fs")
    parser.add_argument("blobs", nargs="?")
    words = parser.parse_args()
    found = look_at(words.data_fs, words.blobs, words.wrapped)
    with tempfile.TemporaryDirectory() as folder:
        alone = os.path.join(folder, "Data.fs")
        os.symlink(os.path.abspath(words.data_fs), alone)
        without_index = look_at(alone, words.blobs, words.wrapped)
    if without_index != found:
        found["problems"].append(f"without its index: {without_index}")
    print(json.dumps(found))


main()
