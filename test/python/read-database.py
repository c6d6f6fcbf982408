"""Opens a Data.fs with Python's own pickle and persistent classes, and prints what it holds.

Usage: python3 read-database.py DATA_FS [TID]

Needs zodbpickle and persistent, not ZODB: it follows the file's records by itself, loads each
object's newest record as ZODB does, and walks from the root. Prints one JSON object.
"""

import io
import json
import struct
import sys
import types

from zodbpickle.pickle import Unpickler

blob_module = types.ModuleType("ZODB.blob")
blob_module.Blob = type("Blob", (), {"__setstate__": lambda self, state: None})
blob_module.Blob.__module__ = "ZODB.blob"
sys.modules["ZODB"] = types.ModuleType("ZODB")
sys.modules["ZODB.blob"] = blob_module


def transactions(data):
    position = 4
    while position < len(data):
        tid, length, status, user, description, extension = struct.unpack_from(
            ">8sQcHHH", data, position
        )
        if status == b"c":
            return
        start = position + 23
        strings = data[start : start + user + description + extension]
        records = []
        place = start + len(strings)
        end = position + length
        while place < end:
            oid, rtid, prev, tloc, vlen, plen = struct.unpack_from(">8s8sQQHQ", data, place)
            assert (rtid, tloc, vlen) == (tid, position, 0)
            records.append((oid, place, prev))
            place += 42 + (plen or 8)
        assert place == end
        assert struct.unpack_from(">Q", data, end) == (length,)
        yield tid, strings[:user], strings[user : user + description], strings[
            user + description :
        ], records
        position = end + 8


def pickle_at(data, position):
    (plen,) = struct.unpack_from(">Q", data, position + 34)
    if plen:
        return data[position + 42 : position + 42 + plen]
    (target,) = struct.unpack_from(">Q", data, position + 42)
    return pickle_at(data, target) if target else None


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    assert data[:4] == b"FS30"
    index, log = {}, []
    for tid, user, description, extension, records in transactions(data):
        for oid, position, prev in records:
            assert prev == index.get(oid, 0), "the chain of an object's records is broken"
            index[oid] = position
        log.append(
            {
                "tid": tid.hex(),
                "user": user.decode(),
                "description": description.decode(),
                "extension": Unpickler(io.BytesIO(extension)).load() if extension else {},
                "objects": len(records),
            }
        )

    objects = {}

    def load(oid):
        if oid not in objects:
            objects[oid] = None
            unpickler = Unpickler(io.BytesIO(pickle_at(data, index[oid])))
            unpickler.persistent_load = reference
            made = unpickler.load()()
            made.__setstate__(unpickler.load())
            objects[oid] = made
        return objects[oid]

    def reference(pid):
        oid, cls = pid
        return Reference(oid, cls)

    class Reference:
        def __init__(self, oid, cls):
            self.oid, self.cls = oid, cls

    def plain(value):
        if isinstance(value, Reference):
            made = load(value.oid)
            assert type(made) is value.cls
            return {"oid": value.oid.hex(), "class": value.cls.__name__, "state": state(made)}
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.hex() if isinstance(value, bytes) else value

    def state(made):
        if isinstance(made, blob_module.Blob):
            return None
        return plain(made.data)

    root = state(load(b"\0" * 8))
    print(json.dumps({"root": root, "objects": len(index), "reached": len(objects), "log": log}))


main()
