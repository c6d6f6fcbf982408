"""Compares what a ZEO server says with what FileStorage says of the same log.

Usage: zeo_compare.py DATA_FS BLOB_DIRECTORY ADDRESS LOADS SEED

ADDRESS is HOST:PORT, or the path of a socket. Prints a JSON object: how much was compared, and `different`, a line for
each thing that the two say otherwise.
"""

import json
import logging
import random
import sys
import tempfile

from ZEO.ClientStorage import ClientStorage
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError, ReadOnlyError
from ZODB.utils import maxtid, p64, u64

WRITES = ["new_oids", "pack", "vote", "tpc_finish"]


def answer(method, *args):
    try:
        return method(*args)
    except POSKeyError:
        return "POSKeyError"


class Comparison:
    def __init__(self, judge, client, chance):
        self.judge = judge
        self.client = client
        self.chance = chance
        self.different = []
        self.counts = {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def expect(self, what, expected, found):
        self.count(what)
        if expected != found:
            self.different.append(f"{what}: {found!r:.300}, and not {expected!r:.300}")

    def method(self, name, *args):
        self.expect(name, answer(getattr(self.judge, name), *args), answer(getattr(self.client, name), *args))

    def loads(self, number):
        """Of moments since the last pack: before it, FileStorage is no judge."""
        transactions = [(t.tid, t.status) for t in self.judge.iterator()]
        packed = max([tid for tid, status in transactions if status == "p"], default=b"")
        moments = [p64(u64(tid) + 1) for tid, _ in transactions if tid >= packed] + [maxtid]
        oids = sorted(self.judge._index.keys())
        some = [*oids, p64(u64(oids[-1]) + 1), p64(2**63)]
        for _ in range(number):
            oid, before = self.chance.choice(some), self.chance.choice(moments)
            expected = answer(self.judge.loadBefore, oid, before)
            self.expect("loadBefore", expected, answer(self.client._server.load_before, oid, before))
        for oid in some:
            self.method("getTid", oid)
            self.history(oid)
            for tid, _ in self.chance.sample(transactions, min(3, len(transactions))):
                self.method("loadSerial", oid, tid)

    def history(self, oid):
        """FileStorage gives a record that points back no size."""
        both = [answer(storage.history, oid, 7) for storage in (self.judge, self.client)]
        if isinstance(both[0], list):
            for mine, other in zip(*both):
                if mine["size"] == 0:
                    other["size"] = 0
        self.expect("history", *both)

    def undo_pages(self):
        for first, last in [(0, -20), (2, 5), (0, 1000), (4, -3)]:
            self.method("undoLog", first, last)
            for user in (b"", b"/p\xc3\xa4/th \xc3\xbcser"):
                self.method("undoInfo", first, last, {"user_name": user})

    def iteration(self):
        def all_of(storage, *ends):
            for one in storage.iterator(*ends):
                records = [(r.oid, r.tid, r.data, r.data_txn) for r in one]
                yield one.tid, one.status, one.user, one.description, one.extension, records

        for expected, found in zip(all_of(self.judge), all_of(self.client), strict=True):
            self.expect("transaction", expected, found)
        tids = [one.tid for one in self.judge.iterator()]
        ends = sorted(self.chance.sample(tids, min(2, len(tids))))
        self.expect("range", list(all_of(self.judge, ends[0], ends[-1])), list(all_of(self.client, ends[0], ends[-1])))

    def current_records(self):
        found, following = [], None
        while not found or following is not None:
            oid, tid, data, following = self.client.record_iternext(following)
            found.append((oid, data, tid))
        expected = [(oid, answer(self.judge.load, oid)) for oid in sorted(self.judge._index.keys())]
        expected = [(oid, *loaded) for oid, loaded in expected if loaded != "POSKeyError"]
        self.expect("current records", expected, found)

    def blobs(self):
        for one in self.judge.iterator():
            for record in one:
                path = answer(self.judge.loadBlob, record.oid, record.tid)
                if path == "POSKeyError":
                    continue
                with open(path, "rb") as expected, open(self.client.loadBlob(record.oid, record.tid), "rb") as found:
                    self.expect("blob", expected.read(), found.read())
        self.expect("no blob", "POSKeyError", answer(self.client.loadBlob, p64(2**63), p64(1)))

    def writes(self):
        for name in WRITES:
            try:
                self.client._call(name, 1)
                self.different.append(f"{name} is done")
            except ReadOnlyError:
                self.count("refused writes")


def main():
    data_fs, blobs, address, loads, seed = sys.argv[1:]
    logging.disable()  # Of each error that a server answers, ZEO tells at length.
    judge = FileStorage(data_fs, read_only=True, blob_dir=blobs)
    host, _, port = address.rpartition(":")
    with tempfile.TemporaryDirectory() as cache:
        client = ClientStorage(
            (host, int(port)) if port.isdigit() else address,
            read_only=True,
            cache_size=1,
            blob_dir=cache,
            wait_timeout=60,
        )
        comparison = Comparison(judge, client, random.Random(int(seed)))
        comparison.expect("last transaction", judge.lastTransaction(), client.lastTransaction())
        comparison.expect("size", judge.getSize(), client.getSize())
        comparison.expect("length", len(judge), len(client))
        comparison.loads(int(loads))
        comparison.undo_pages()
        comparison.iteration()
        comparison.current_records()
        comparison.blobs()
        comparison.writes()
        client.close()
    judge.close()
    print(json.dumps({"counts": comparison.counts, "different": comparison.different}))


main()
