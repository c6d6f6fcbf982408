"""A live Plone site: each commit changes all of it that visitors look at, until stdin ends.

Usage: plone_live.py INSTANCE STORAGE BLOB_DIRECTORY

INSTANCE is what mkwsgiinstance made. STORAGE is the socket of a ZEO server.

It prints "living" when the site is made. For each line on stdin it stops, prints one JSON object, and goes on:

number  of the last commit
tid     of that one: 16 hex digits
moment  a time behind it and before the next one, in whole seconds: ISO 8601 in UTC
word    what the search finds the story by, in this state alone
seen    by name of what a visitor looks at: its path, and the text or the sha256 of what comes
"""

import hashlib
import io
import json
import math
import queue
import random
import sys
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import transaction
from PIL import Image
from plone import api
from plone.app.textfield.value import RichTextValue
from plone.namedfile.file import NamedBlobFile, NamedBlobImage
from plone_instance import ask, root, site_in, start
from Products.CMFPlone.factory import addPloneSite

CHANCE = random.Random(7)
PAUSE_SECONDS = 0.7
# Plone has no theme for 127.0.0.1.
HEADERS = {"HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": f"Basic {b64encode(b'admin:admin').decode()}"}
# A thread of its own: the end of a request forgets whose site and which user a thread has.
VISITOR = ThreadPoolExecutor(1)


def make(app):
    profiles = ["plone.app.contenttypes:default", "plonetheme.barceloneta:default"]
    addPloneSite(app, "Plone", title="A site", extension_ids=profiles)
    site = site_in(app)
    for name, kind in (("picture", "Image"), ("leaflet", "File"), ("story", "Document")):
        api.content.create(site, kind, id=name, title=name)
    api.content.transition(site["story"], "publish")
    return site


def word_of(number):
    return f"lantern{number}x"


def change(site, number):
    file = io.BytesIO()
    Image.frombytes("RGB", (200, 200), CHANCE.randbytes(3 * 200 * 200)).save(file, "PNG")
    site["picture"].image = NamedBlobImage(file.getvalue(), filename="picture.png")
    site["leaflet"].file = NamedBlobFile(CHANCE.randbytes(80_000), filename="leaflet.bin")
    site["story"].text = RichTextValue(f"<p>It is about {word_of(number)}.</p>", "text/html", "text/x-html-safe")
    site.description = f"As of edit {number}."
    for name in ("picture", "leaflet", "story"):
        site[name].title = f"{name} {number}"
        site[name].notifyModified()
        site[name].reindexObject()
    api.portal.get_tool("portal_repository").save(site["story"], comment=f"edit {number}")
    transaction.commit()


def facts(app, wsgi, number):
    word = word_of(number)
    tid = app._p_jar.db().lastTransaction().hex()
    moment = math.ceil(time.time())
    time.sleep(moment + 0.01 - time.time())
    pages = {
        "front page": "/Plone",
        "story": "/Plone/story",
        "search": f"/Plone/@@search?SearchableText={word}",
        "history": "/Plone/story/@@historyview",
    }
    files = {"picture": "/Plone/picture/@@download/image", "leaflet": "/Plone/leaflet/@@download/file"}
    seen = {}
    for name, path in (pages | files).items():
        status, body = VISITOR.submit(ask, wsgi, path, HEADERS).result()
        if status != "200 OK":
            raise RuntimeError(f"{path}: {status}")
        text = body.decode() if name in pages else hashlib.sha256(body).hexdigest()
        seen[name] = {"path": path, "text": text}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    print(json.dumps({"number": number, "tid": tid, "moment": at, "word": word, "seen": seen}), flush=True)


def main():
    wsgi = start(*sys.argv[1:])
    app = root()
    site = make(app)
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in chain(sys.stdin, [None])], daemon=True).start()
    print("living", flush=True)
    number = 0
    while True:
        number += 1
        change(site, number)
        try:
            if lines.get(timeout=PAUSE_SECONDS) is None:
                return
        except queue.Empty:
            continue
        facts(app, wsgi, number)
        transaction.begin()


main()
