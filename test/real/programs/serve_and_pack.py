"""A FileStorage in a process of its own: commits to the root, packs, and loses its file, as it is told.

Usage: serve_and_pack.py DATA_FS keep-old|keep-none

Reads "commit", "pack" or "replace" on stdin, line by line, and prints "done" after each.
"""

import os
import shutil
import sys

import transaction
from ZODB import DB
from ZODB.FileStorage import FileStorage

path, old = sys.argv[1:]
db = DB(FileStorage(path, pack_keep_old=old == "keep-old"))
root = db.open().root()
count = 0
for line in sys.stdin:
    word = line.strip()
    if word == "commit":
        count += 1
        root["count"] = count
        transaction.commit()
    elif word == "pack":
        db.pack()
    elif word == "replace":
        shutil.copy(path, path + ".new")
        os.rename(path + ".new", path)
    else:
        sys.exit(f"unknown: {word}")
    print("done", flush=True)
