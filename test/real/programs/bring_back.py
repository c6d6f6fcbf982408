"""Removes subtrees of a Plone site, imports them from files, and compares them with what they were.

Usage: zconsole run ZOPE_CONF bring_back.py FOLDER DATA_FS BLOB_DIRECTORY

FOLDER has "subtrees.json", an object of paths by names of files, and the files, with their scripts. DATA_FS and
BLOB_DIRECTORY are a copy of what the site had. The scripts run as `zconsole run` runs them: in the same globals.

It prints one JSON object: what the scripts said, and what `compare_states.py` finds.
"""

import contextlib
import io
import json
import os
import sys

import transaction
from ZODB.blob import BlobStorage
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from zope.component.hooks import setSite

program, folder, data_fs, blobs = sys.argv[-4:]
sys.path.insert(0, os.path.dirname(program))
from compare_states import Comparison  # noqa: E402 - its folder is known now

with open(os.path.join(folder, "subtrees.json")) as file:
    subtrees = json.load(file)

setSite(app["Plone"])  # noqa: F821 - zconsole gives it
for path in subtrees.values():
    parent, id = path.rsplit("/", 1)
    app.unrestrictedTraverse(parent)._delObject(id)  # noqa: F821 - as who may remove what is locked
transaction.commit()

said = io.StringIO()
with contextlib.redirect_stdout(said):
    for name, path in subtrees.items():
        script = os.path.join(folder, f"{name}.import.py")
        sys.argv = [script, os.path.dirname(path)]
        with open(script) as file:
            exec(compile(file.read(), script, "exec"), {"__name__": "__main__", "app": app})  # noqa: F821

before = DB(BlobStorage(blobs, FileStorage(data_fs, read_only=True)))
comparison = Comparison(before.open().root()["Application"], app)  # noqa: F821
for path in subtrees.values():
    comparison.compare(path)
print(json.dumps({"said": said.getvalue().splitlines(), **comparison.findings()}))
