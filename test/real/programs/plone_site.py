"""A Plone site: makes it, edits it, looks at it.

Usage: plone_site.py make|edit|look|remove INSTANCE STORAGE BLOB_DIRECTORY

INSTANCE is what mkwsgiinstance made. STORAGE is the socket of a ZEO server, or a Data.fs.

make   a site with folders, documents and files
edit   prints "editing", then adds, changes and removes content until stdin ends; prints the number of commits
remove takes the folder "garden" away, and makes an empty one, "aside"
look   prints one JSON object: the catalog, each page as a visitor gets it, each file's sha256, and `problems`
"""

import hashlib
import io
import json
import os
import random
import re
import sys
import threading
from wsgiref.util import setup_testing_defaults

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from plone import api
from plone.namedfile.file import NamedBlobFile
from Products.CMFPlone.factory import addPloneSite
from Testing.makerequest import makerequest
from zope.component.hooks import setSite
from ZODB.POSException import ConflictError
from Zope2.Startup.run import make_wsgi_app

CHANCE = random.Random(62)
WORDS = "garden harbour lantern meadow orchard paper quarry river saddle timber valley window".split()

CONF = """
%define INSTANCE {instance}
instancehome $INSTANCE
<zodb_db main>
  mount-point /
  {storage}
</zodb_db>
"""
ZEO = """<zeoclient>
    server {storage}
    blob-dir {blobs}
    shared-blob-dir on
  </zeoclient>"""
FILE = """<filestorage>
    path {storage}
    blob-dir {blobs}
  </filestorage>"""


def start(instance, storage, blobs):
    section = (FILE if storage.endswith(".fs") else ZEO).format(storage=storage, blobs=blobs)
    path = os.path.join(instance, "etc", "test.conf")
    with open(path, "w") as file:
        file.write(CONF.format(instance=instance, storage=section))
    return make_wsgi_app({}, path)


def root():
    import Zope2  # It is there when the application has been made.

    app = makerequest(Zope2.app())
    newSecurityManager(None, app.acl_users.getUser("admin").__of__(app.acl_users))
    return app


def site_in(app):
    site = app["Plone"]
    setSite(site)
    return site


def text():
    return " ".join(CHANCE.choices(WORDS, k=40))


def add_document(folder):
    made = api.content.create(folder, "Document", title=" ".join(CHANCE.choices(WORDS, k=3)), description=text())
    api.content.transition(made, "publish")


def add_file(folder):
    data = CHANCE.randbytes(CHANCE.choice([10, 5_000, 300_000]))
    api.content.create(folder, "File", title=CHANCE.choice(WORDS), file=NamedBlobFile(data, filename="data.bin"))


def change(folder):
    documents = [one for one in folder.objectValues() if one.portal_type == "Document"]
    chosen = CHANCE.choice(documents)
    if len(documents) > 5 and CHANCE.random() < 0.3:
        api.content.delete(chosen)
        return
    chosen.title = " ".join(CHANCE.choices(WORDS, k=4))
    chosen.reindexObject()


def make():
    app = root()
    profiles = ["plone.app.contenttypes:default", "plonetheme.barceloneta:default"]
    addPloneSite(app, "Plone", title="A site", extension_ids=profiles)
    site = site_in(app)
    for name in WORDS[:3]:
        folder = api.content.create(site, "Folder", id=name, title=name.title())
        api.content.transition(folder, "publish")
        for _ in range(6):
            add_document(folder)
            add_file(folder)
    transaction.commit()


def edit():
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    site = site_in(root())
    commits = 0
    print("editing", flush=True)
    while not ended.is_set():
        transaction.begin()
        try:
            CHANCE.choice([add_document, add_file, change])(site[CHANCE.choice(WORDS[:3])])
            transaction.commit()
            commits += 1
        except ConflictError:
            transaction.abort()
    print(commits, flush=True)


def remove():
    site = site_in(root())
    api.content.delete(site["garden"])
    api.content.transition(api.content.create(site, "Folder", id="aside", title="Aside"), "publish")
    transaction.commit()


def look(wsgi):
    site = site_in(root())
    problems = []
    catalog, pages, files = {}, {}, {}
    for brain in api.portal.get_tool("portal_catalog").getAllBrains():
        path = brain.getPath()
        catalog[path] = [str(brain[name]) for name in ("Title", "portal_type", "review_state", "UID", "modified")]
        content = site.unrestrictedTraverse(path, None)
        if content is None:
            problems.append(f"{path} is in the catalog, and not in the site")
        elif content.portal_type == "File":
            files[path] = hashlib.sha256(content.file.data).hexdigest()
        else:
            status, pages[path] = visit(wsgi, path)
            if status != "200 OK":
                problems.append(f"{path}: {status}")
    folders = [site[name] for name in WORDS[:3] if name in site.objectIds()]
    in_folders = {"/".join(one.getPhysicalPath()) for folder in folders for one in folder.objectValues()}
    problems += [f"{path} is in the site, and not in the catalog" for path in sorted(in_folders - set(catalog))]
    print(json.dumps({"catalog": catalog, "pages": pages, "files": files, "problems": problems}))


def visit(wsgi, path):
    """Status and text of a page, as a visitor who isn't logged in gets it."""
    environ = {"PATH_INFO": path, "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    answer = []
    body = b"".join(wsgi(environ, lambda status, headers, error=None: answer.append(status)))
    return answer[0], re.sub(r"\s+", " ", body.decode())


def main():
    command, instance, storage, blobs = sys.argv[1:]
    wsgi = start(instance, storage, blobs)
    if command == "look":
        look(wsgi)
    else:
        {"make": make, "edit": edit, "remove": remove}[command]()


main()
