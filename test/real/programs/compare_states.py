"""Compares what lies below a path in two databases: states without their classes, blobs, entries of the catalog."""

import filecmp
import io
from collections import Counter

from zodbpickle.pickle import Unpickler

BLOB = "ZODB.blob.Blob"
PROVIDES = "zope.interface.declarations.Provides"
ABSENT = "absent"


class Made:
    """What a pickle makes: by which global, of which arguments, and what it is given afterwards."""

    def __new__(cls, *arguments):
        made = super().__new__(cls)
        made.facts = {"arguments": arguments}
        return made

    def __init__(self, *arguments):
        pass

    def __setstate__(self, state):
        self.facts["state"] = state

    def __setitem__(self, key, value):
        self.facts.setdefault("entries", {})[key] = value

    def append(self, value):
        self.facts.setdefault("members", []).append(value)

    def extend(self, values):
        self.facts.setdefault("members", []).extend(values)


class Reference:
    def __init__(self, oid, global_):
        self.oid, self.global_ = oid, global_


class Reader(Unpickler):
    """Makes no object of a class: each global is a class of its own, whatever it is."""

    globals_ = {}

    def find_class(self, module, name):
        return self.globals_.setdefault((module, name), type(f"{module}.{name}", (Made,), {}))

    def persistent_load(self, reference):
        oid, global_ = reference if isinstance(reference, tuple) else (reference, None)
        return Reference(oid, global_)


def read(data):
    """Global and state of a record."""
    reader = Reader(io.BytesIO(data))
    described = reader.load()
    global_ = described[0] if isinstance(described, tuple) else described
    return global_, reader.load()


def named_once(facts):
    """Of what an object provides: an interface that is named twice, as CMFEditions does, is provided once."""
    return {**facts, "arguments": tuple(dict.fromkeys(facts["arguments"]))}


def in_order(known):
    """What an index has for an object, whose words may stand in any order."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in known.items()}


class Comparison:
    def __init__(self, before, after):
        self.before, self.after = before, after
        self.oids = {}
        self.taken = set()
        self.ahead = []
        self.counts = Counter()
        self.differences = []

    def findings(self):
        return {"counts": self.counts, "differences": self.differences}

    def compare(self, path):
        """What is below a path, and its entries in the catalog."""
        self.path = path
        objects = [root.unrestrictedTraverse(path) for root in (self.before, self.after)]
        self.pair(*(Reference(one._p_oid, None) for one in objects), "")
        while self.ahead:
            self.compare_records(*self.ahead.pop())
        self.compare_entries(path)

    def differ(self, way, before, after):
        self.differences.append([self.path, way, *(repr(one)[:200] for one in (before, after))])

    def pair(self, before, after, way):
        if before.oid in self.oids or after.oid in self.taken:
            if self.oids.get(before.oid) != after.oid:
                self.differ(way, before.oid, after.oid)
            return
        self.oids[before.oid] = after.oid
        self.taken.add(after.oid)
        self.ahead.append((before.oid, after.oid))

    def compare_records(self, *oids):
        storages = [root._p_jar._storage for root in (self.before, self.after)]
        (data, serial), (new_data, new_serial) = (one.load(oid) for one, oid in zip(storages, oids))
        (global_, state), (new_global, new_state) = read(data), read(new_data)
        name = global_.__name__
        self.counts["objects"] += 1
        if global_ is not new_global:
            self.differ("class", name, new_global.__name__)
        self.compare_values(state, new_state, name)
        if name == BLOB:
            files = [one.loadBlob(oid, at) for one, oid, at in zip(storages, oids, (serial, new_serial))]
            self.counts["blobs"] += 1
            if not filecmp.cmp(*files, shallow=False):
                self.differ(f"{name} bytes", *files)

    def compare_values(self, before, after, way):
        if isinstance(before, Made) and isinstance(after, Made):
            self.compare_made(before, after, way)
        elif type(before) is not type(after):
            self.differ(way, before, after)
        elif isinstance(before, Reference):
            if before.global_ is not after.global_:
                self.differ(f"{way} class", *(getattr(one.global_, "__name__", None) for one in (before, after)))
            self.pair(before, after, way)
        elif isinstance(before, dict):
            for key in [*before, *(one for one in after if one not in before)]:
                self.compare_values(before.get(key, ABSENT), after.get(key, ABSENT), f"{way}.{key}")
        elif isinstance(before, (list, tuple)):
            if len(before) != len(after):
                self.differ(way, before, after)
            for number, (one, other) in enumerate(zip(before, after)):
                self.compare_values(one, other, f"{way}[{number}]")
        elif before != after:
            self.differ(way, before, after)

    def compare_made(self, before, after, way):
        name = type(before).__name__
        if type(before) is not type(after):
            self.differ(way, name, type(after).__name__)
        facts = [named_once(one.facts) if name == PROVIDES else one.facts for one in (before, after)]
        self.compare_values(*facts, f"{way}<{name}>")

    def compare_entries(self, path):
        """Each entry: the same paths, and what the indexes and columns have for each."""
        catalogs = [root["Plone"]["portal_catalog"]._catalog for root in (self.before, self.after)]
        entries, new_entries = (
            {one: rid for one, rid in catalog.uids.items() if f"{one}/".startswith(f"{path}/")} for catalog in catalogs
        )
        search = self.after["Plone"]["portal_catalog"].unrestrictedSearchResults
        if set(entries) != set(new_entries):
            self.differ("catalog", sorted(set(entries) - set(new_entries)), sorted(set(new_entries) - set(entries)))
        for one in set(entries) & set(new_entries):
            self.counts["entries"] += 1
            rids = (entries[one], new_entries[one])
            for facts in ("getIndexDataForRID", "getMetadataForRID"):
                known = [in_order(getattr(catalog, facts)(rid)) for catalog, rid in zip(catalogs, rids)]
                self.compare_values(*known, "entry")
            uid = catalogs[1].getIndexDataForRID(rids[1])["UID"]
            found = [brain.getPath() for brain in search(UID=uid)]
            if found != [one]:
                self.differ("found by UID", one, found)
