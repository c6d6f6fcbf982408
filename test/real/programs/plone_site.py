"""A Plone site: makes it, edits it, looks at it.

Usage: plone_site.py make|edit|look|remove INSTANCE STORAGE BLOB_DIRECTORY

INSTANCE is what mkwsgiinstance made. STORAGE is the socket of a ZEO server, or a Data.fs.

make   a site with folders of documents and files, a picture, a leaflet and a story
edit   prints "editing", then adds, changes and removes content until stdin ends; prints the number of commits.
       After a line on stdin it prints "paused", and goes on after the next one
remove takes the folder "garden" away, and makes an empty one, "aside". The catalog keeps entries of two of its
       documents: one where it was, one where a visitor gets the story
look   prints one JSON object: the catalog, each page as a visitor gets it, each file's sha256, and `problems`
"""

import hashlib
import io
import json
import queue
import random
import sys
import threading
from itertools import chain

import transaction
from PIL import Image
from plone import api
from plone.app.discussion.interfaces import IConversation
from plone.app.textfield.value import RichTextValue
from plone.namedfile.file import NamedBlobFile, NamedBlobImage
from plone_instance import root, site_in, start, visit
from Products.CMFPlone.factory import addPloneSite
from ZODB.POSException import ConflictError
from zope.component import createObject

CHANCE = random.Random(62)
WORDS = "garden harbour lantern meadow orchard paper quarry river saddle timber valley window".split()


def text():
    return " ".join(CHANCE.choices(WORDS, k=40))


def add_document(folder):
    made = api.content.create(folder, "Document", title=" ".join(CHANCE.choices(WORDS, k=3)), description=text())
    api.content.transition(made, "publish")


def add_file(folder):
    data = CHANCE.randbytes(CHANCE.choice([10, 5_000, 300_000]))
    api.content.create(folder, "File", title=CHANCE.choice(WORDS), file=NamedBlobFile(data, filename="data.bin"))


def add_comments(document):
    """One, and one in reply to it."""
    conversation = IConversation(document)
    reply_to = None
    for _ in range(2):
        comment = createObject("plone.Comment")
        comment.text, comment.in_reply_to = text(), reply_to
        reply_to = conversation.addComment(comment)


def documents_in(folder):
    return [one for one in folder.objectValues() if one.portal_type == "Document"]


def change(folder):
    documents = documents_in(folder)
    chosen = CHANCE.choice(documents)
    if len(documents) > 5 and CHANCE.random() < 0.3:
        api.content.delete(chosen)
        return
    chosen.title = " ".join(CHANCE.choices(WORDS, k=4))
    chosen.reindexObject()


def change_known(site):
    """The picture, the leaflet and the story: other bytes, another text, and one version more."""
    file = io.BytesIO()
    Image.frombytes("RGB", (600, 600), CHANCE.randbytes(3 * 600 * 600)).save(file, "PNG")
    site["picture"].image = NamedBlobImage(file.getvalue(), filename="picture.png")
    site["leaflet"].file = NamedBlobFile(CHANCE.randbytes(50_000), filename="leaflet.bin")
    site["story"].text = RichTextValue(f"<p>{text()}</p>", "text/html", "text/x-html-safe")
    for name in ("picture", "leaflet", "story"):
        site[name].title = f"{name} {' '.join(CHANCE.choices(WORDS, k=2))}"
        site[name].notifyModified()
        site[name].reindexObject()
    api.portal.get_tool("portal_repository").save(site["story"], comment=text()[:40])


def make():
    app = root()
    names = ("plone.app.contenttypes", "plonetheme.barceloneta", "plone.app.discussion")
    profiles = [f"{name}:default" for name in names]
    addPloneSite(app, "Plone", title="A site", extension_ids=profiles)
    site = site_in(app)
    for name in WORDS[:3]:
        folder = api.content.create(site, "Folder", id=name, title=name.title())
        api.content.transition(folder, "publish")
        for _ in range(6):
            add_document(folder)
            add_file(folder)
        add_comments(documents_in(folder)[0])
    for name, kind in (("picture", "Image"), ("leaflet", "File"), ("story", "Document")):
        api.content.create(site, kind, id=name, title=name)
    api.content.transition(site["story"], "publish")
    change_known(site)
    transaction.commit()


def edit():
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in chain(sys.stdin, [None])], daemon=True).start()
    site = site_in(root())
    commits = 0
    print("editing", flush=True)
    while True:
        if not lines.empty():
            if lines.get() is None:
                break
            print("paused", flush=True)
            if lines.get() is None:
                break
        transaction.begin()
        try:
            if CHANCE.random() < 0.1:
                change_known(site)
            else:
                CHANCE.choice([add_document, add_file, change])(site[CHANCE.choice(WORDS[:3])])
            transaction.commit()
            commits += 1
        except ConflictError:
            transaction.abort()
    print(commits, flush=True)


def remove():
    site = site_in(root())
    catalog = api.portal.get_tool("portal_catalog")
    left, moved = documents_in(site["garden"])[:2]
    catalog.uncatalog_object("/".join(moved.getPhysicalPath()))
    catalog.catalog_object(moved, "/Plone/harbour/story")
    for one in (left, moved):
        site["garden"]._delObject(one.getId(), suppress_events=True)
    api.content.delete(site["garden"])
    api.content.transition(api.content.create(site, "Folder", id="aside", title="Aside"), "publish")
    transaction.commit()


def look(wsgi):
    site = site_in(root())
    problems = []
    catalog, pages, files = {}, {}, {}
    catalog_tool = api.portal.get_tool("portal_catalog")
    for brain in catalog_tool.getAllBrains():
        path = brain.getPath()
        catalog[path] = [str(brain[name]) for name in ("Title", "portal_type", "review_state", "UID", "modified")]
        if brain.UID and [one.getPath() for one in catalog_tool.unrestrictedSearchResults(UID=brain.UID)] != [path]:
            problems.append(f"{path} is not what the catalog finds by its UID")
        content = site.unrestrictedTraverse(path, None)
        if content is None:
            problems.append(f"{path} is in the catalog, and not in the site")
        elif content.portal_type in ("File", "Image"):
            data = (content.file if content.portal_type == "File" else content.image).data
            files[path] = hashlib.sha256(data).hexdigest()
        elif content.portal_type != "Discussion Item":  # It shows the page that it is about.
            status, pages[path] = visit(wsgi, path)
            if status != "200 OK":
                problems.append(f"{path}: {status}")
    folders = [site[name] for name in WORDS[:3] if name in site.objectIds()]
    in_folders = {"/".join(one.getPhysicalPath()) for folder in folders for one in folder.objectValues()}
    problems += [f"{path} is in the site, and not in the catalog" for path in sorted(in_folders - set(catalog))]
    print(json.dumps({"catalog": catalog, "pages": pages, "files": files, "problems": problems}))


def main():
    command, instance, storage, blobs = sys.argv[1:]
    wsgi = start(instance, storage, blobs)
    if command == "look":
        look(wsgi)
    else:
        {"make": make, "edit": edit, "remove": remove}[command]()


main()
