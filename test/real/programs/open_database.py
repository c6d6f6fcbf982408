"""Opens a Data.fs with the real ZODB, read-only, loads every object and reads every blob.

Usage: open_database.py [--wrapped] DATA_FS [BLOB_DIRECTORY]

Without a blob directory the blobs are left out, as ZODB then can't load them.
--wrapped reads records that zc.zlibstorage has compressed. Prints one JSON object: counts, the last
transaction, one sha256 over all transactions and blobs, and `problems`, an empty list where all is well.
The file is opened twice: with its index, and as if it had none. Of a mapping with `blob` and `sha256`,
the blob must have that sha256: `documents` counts them.
"""

import argparse
import hashlib
import json
import os
import tempfile

from persistent.mapping import PersistentMapping
from ZODB import DB
from ZODB.blob import is_blob_record
from ZODB.FileStorage import FileStorage
from ZODB.interfaces import IBlobStorage
from ZODB.serialize import referencesf
from ZODB.utils import oid_repr, tid_repr, z64


def look_at(path, blobs, wrapped):
    file = FileStorage(path, read_only=True, blob_dir=blobs)
    storage = unwrapped(file) if wrapped else file
    found = {"transactions": 0, "records": 0, "blobs": 0, "blob_bytes": 0, "documents": 0, "problems": []}
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
    loadable = [oid for oid, data in objects.items() if blobs or not is_blob_record(data)]
    load_all(storage, loadable, found)  # This closes the storage.
    return found


def unwrapped(file):
    from zc.zlibstorage import ZlibStorage  # Plone doesn't bring it.

    return ZlibStorage(file)


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


class AnyDatabase(dict):
    """References lead to databases that aren't opened here: empty ones do, as nothing in them is loaded."""

    def __missing__(self, name):
        return DB(None, databases=self, database_name=name)


def load_all(storage, oids, found):
    with_blobs = IBlobStorage.providedBy(storage)
    db = DB(storage, databases=AnyDatabase(), database_name="this")
    connection = db.open()
    for oid in oids:
        try:
            loaded = connection.get(oid)
            loaded._p_activate()
            if with_blobs and isinstance(loaded, PersistentMapping) and "sha256" in loaded:
                check_document(loaded, found)
        except Exception as error:
            found["problems"].append(f"object {oid_repr(oid)}: {error!r}")
        connection.cacheMinimize()
    connection.close()
    db.close()


def check_document(document, found):
    found["documents"] += 1
    with document["blob"].open() as blob:
        if hashlib.sha256(blob.read()).hexdigest() != document["sha256"]:
            found["problems"].append(f"blob {oid_repr(document['blob']._p_oid)} has another content")


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
