"""Prints records of the classes of BTrees and persistent, and for each of their bits whether ZODB still loads
the record when that bit is flipped: {"name", "data" in hex, "verdicts": "0" or "1" for each bit}.

A record is loaded where its state is taken by its class, and each oid in it has 8 bytes."""
import json
import logging
import os
import resource
import sys
import warnings

import BTrees
import transaction
from BTrees.Length import Length
from persistent.list import PersistentList
from persistent.mapping import PersistentMapping
from persistent.wref import WeakRef
from ZODB.DB import DB
from ZODB.MappingStorage import MappingStorage
from ZODB.serialize import referencesf

LARGEST = 900
FAMILIES = {
    'OO': ('abc', ['x', None, 5]),
    'IO': ((1, 300, -70000), ['x', None, b'y']),
    'OI': ('abc', (1, -2, 70000)),
    'II': ((1, 2, 3), (4, 5, 2**31 - 1)),
    'LO': ((1, 2**40, -2**50), ['x', {}, ()]),
    'LL': ((1, 2**33), (5, 2**62)),
    'IF': ((1, 2), (1.5, 3.0)),
    'OL': ('ab', (2**40, 1)),
    'QQ': ((1, 2**63), (2**40, 1)),
    'UU': ((1, 2**31), (3, 2**32 - 1)),
}
LARGE = {'OO': lambda i: 'k%03d' % i, 'IO': lambda i: i, 'LO': lambda i: i << 35}


def classes_of(letters):
    module = __import__('BTrees.%sBTree' % letters, fromlist=['x'])
    kinds = ('Bucket', 'Set', 'BTree', 'TreeSet')
    return [getattr(module, letters + kind) for kind in kinds]


def fill(root):
    root['m'] = PersistentMapping({
        'a': 1, 'text': 'grün', 3: None, 'f': 1.5, 'big': 2**70, 'neg': -3000,
        'deep': {'x': [1, (2, b'y')], True: -5}})
    root['l'] = PersistentList(['a', 'b', root['m'], {'k': (1, 2)}])
    root['weak'] = PersistentMapping({'w': WeakRef(root['l'])})
    root['n'] = Length(5)
    for letters, (keys, values) in FAMILIES.items():
        bucket, key_set, tree, tree_set = classes_of(letters)
        items = dict(zip(keys, values))
        root[letters] = [bucket(items), key_set(keys), tree(items), tree_set(keys), tree()]
    for letters, key in LARGE.items():
        _, _, tree, tree_set = classes_of(letters)
        root[letters + '+'] = [tree({key(i): 'v' for i in range(100)}), tree_set([key(i) for i in range(200)])]


def verdict_of(connection, data):
    try:
        connection._resetCache()
        loaded = connection._reader.getGhost(data)
        connection._reader.setGhostState(loaded, data)
        return '1' if all(len(oid) == 8 for oid in referencesf(data)) else '0'
    except BaseException:
        return '0'


def verdicts_of(connection, data):
    """In a process of its own: some states end the process, which counts as refused."""
    bits = 8 * len(data)
    verdicts = ''
    while len(verdicts) < bits:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            for bit in range(len(verdicts), bits):
                changed = bytearray(data)
                changed[bit // 8] ^= 1 << (bit % 8)
                os.write(writer, verdict_of(connection, bytes(changed)).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as stream:
            verdicts += stream.read()
        _, status = os.waitpid(child, 0)
        if status and len(verdicts) < bits:
            verdicts += '0'
    return verdicts


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter('ignore')
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    database = DB(MappingStorage())
    connection = database.open()
    fill(connection.root())
    transaction.commit()
    records = {}
    for oid in list(database.storage._data):
        data = connection._storage.load(oid)[0]
        if len(data) < LARGEST:
            records.setdefault((type(connection.get(oid)).__name__, len(data) // 60), data)
    other = database.open(transaction.TransactionManager())
    found = []
    for (name, _), data in sorted(records.items()):
        assert verdict_of(other, data) == '1', name
        found.append({'name': name, 'data': data.hex(), 'verdicts': verdicts_of(other, data)})
    json.dump(found, sys.stdout)


main()
