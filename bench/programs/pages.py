"""Makes a Data.fs with folders of pages, or exports one of them as Zope does.

Usage: pages.py make DATA_FS MANY PAGES
       pages.py export DATA_FS FILE
"""

import sys

import transaction
import ZODB
import ZODB.FileStorage


def make(path, many, pages):
    from BTrees.OOBTree import OOBTree
    from OFS.Application import Application
    from OFS.DTMLDocument import DTMLDocument
    from persistent.mapping import PersistentMapping
    from Products.BTreeFolder2.BTreeFolder2 import BTreeFolder2

    db = ZODB.DB(ZODB.FileStorage.FileStorage(path))
    app = db.open().root()["Application"] = Application()
    transaction.commit()
    for name, count in (("many", many), ("pages", pages)):
        folder = BTreeFolder2(name)
        app._setObject(name, folder, suppress_events=True)
        for number in range(count):
            page = DTMLDocument("<p>The text of page %d.</p>\n" % number * 100, __name__="page-%d" % number)
            page.title = "Page %d" % number
            page.__annotations__ = OOBTree({"notes": PersistentMapping({"number": number})})
            folder._setObject(page.__name__, page, suppress_events=True)
            if number % 100 == 99:
                transaction.commit()
    transaction.commit()
    db.close()


def export(path, target):
    db = ZODB.DB(ZODB.FileStorage.FileStorage(path, read_only=True))
    connection = db.open()
    connection.exportFile(connection.root()["Application"].pages._p_oid, target)
    db.close()


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    export(sys.argv[2], sys.argv[3])
