"""A Plone site with subtrees of many kinds.

Usage: varied_site.py make INSTANCE STORAGE BLOB_DIRECTORY COUNT

It makes COUNT subtrees, the kinds in turns, in five folders, "box-0" to "box-4", and prints their paths as JSON.
"""

import datetime
import io
import json
import random
import sys

import pytz
import transaction
from PIL import Image
from plone import api
from plone.app.discussion.interfaces import IConversation
from plone.app.iterate.interfaces import ICheckinCheckoutPolicy
from plone.app.multilingual.interfaces import ITranslationManager
from plone.app.portlets.portlets.news import Assignment
from plone.app.textfield.value import RichTextValue
from plone.base.interfaces import INonStructuralFolder
from plone.locking.interfaces import ILockable
from plone.namedfile.file import NamedBlobFile, NamedBlobImage
from plone.portlets.interfaces import IPortletAssignmentMapping, IPortletManager
from plone_instance import root, site_in, start
from Products.CMFPlone.factory import addPloneSite
from z3c.relationfield import RelationValue
from zope.component import createObject, getMultiAdapter, getUtility
from zope.event import notify
from zope.globalrequest import setRequest
from zope.interface import alsoProvides
from zope.intid.interfaces import IIntIds
from zope.lifecycleevent import ObjectModifiedEvent

PROFILES = [
    f"{name}:default"
    for name in (
        "plone.app.contenttypes",
        "plonetheme.barceloneta",
        "plone.app.discussion",
        "plone.app.iterate",
        "plone.app.multilingual",
    )
] + ["Products.CMFPlacefulWorkflow:CMFPlacefulWorkflow"]
CHANCE = random.Random(200)
WORDS = "anchor bridge copper desert engine feather glacier hammer island jungle kettle ladder".split()


def words(count):
    return " ".join(CHANCE.choices(WORDS, k=count))


def rich_text():
    return RichTextValue(f"<p>{words(30)}</p><h2>{words(3)}</h2><p>{words(50)}</p>", "text/html", "text/x-html-safe")


def picture(width=800):
    file = io.BytesIO()
    Image.frombytes("RGB", (width, 60), CHANCE.randbytes(3 * width * 60)).save(file, "PNG")
    return NamedBlobImage(file.getvalue(), filename="picture.png")


def leaflet():
    return NamedBlobFile(CHANCE.randbytes(CHANCE.choice([1, 5_000, 120_000])), filename="leaflet.bin")


def add(folder, kind, id, state="publish", **fields):
    made = api.content.create(folder, kind, id=id, title=words(3).title(), description=words(8), **fields)
    if state:
        api.content.transition(made, state)
    return made


def document(folder, id):
    return add(folder, "Document", id, text=rich_text(), subject=tuple(CHANCE.sample(WORDS, 2)))


def discussed(folder, id):
    made = document(folder, id)
    made.allow_discussion = True
    conversation, reply_to = IConversation(made), None
    for name in ("Ada", "Ben", "Cleo"):
        comment = createObject("plone.Comment")
        comment.text, comment.author_name, comment.in_reply_to = words(12), name, reply_to
        reply_to = conversation.addComment(comment)


def news(folder, id):
    add(folder, "News Item", id, text=rich_text(), image=picture(), image_caption=words(2))


def image(folder, id):
    made = add(folder, "Image", id, state=None, image=picture(1300))
    made.restrictedTraverse("@@images").scale("image", scale="mini")  # It is kept with the image.


def file(folder, id):
    add(folder, "File", id, state=None, file=leaflet())


def event(folder, id):
    begin = datetime.datetime(2026, 5, 1, 9, tzinfo=pytz.utc)
    end = begin + datetime.timedelta(hours=3)
    add(folder, "Event", id, start=begin, end=end, recurrence="RRULE:FREQ=WEEKLY;COUNT=4", location=words(1))


def link(folder, id):
    add(folder, "Link", id, remoteUrl="https://example.org/" + words(1))


def collection(folder, id):
    operation = "plone.app.querystring.operation.selection.any"
    add(folder, "Collection", id, query=[{"i": "portal_type", "o": operation, "v": ["Event"]}], sort_on="modified")


def versions(folder, id):
    made = document(folder, id)
    for _ in range(3):
        made.text = rich_text()
        notify(ObjectModifiedEvent(made))
        api.portal.get_tool("portal_repository").save(made, comment=words(3))


def related(folder, id):
    made = document(folder, id)
    made.relatedItems = [RelationValue(getUtility(IIntIds).getId(folder))]
    notify(ObjectModifiedEvent(made))


def private_with_roles(folder, id):
    made = add(folder, "Document", id, state=None, text=rich_text())
    made.manage_setLocalRoles("reader", ["Reader", "Contributor"])
    made.manage_setLocalRoles("writer", ["Owner"])
    made.__ac_local_roles_block__ = True
    made.setCreators(("writer",))
    made.reindexObject()


def locked(folder, id):
    made = document(folder, id)
    ILockable(made).lock()
    alsoProvides(made, INonStructuralFolder)
    made.reindexObject()


def garden(folder, id):
    """A folder with all of it, in an order of its own, with a default page and portlets."""
    made = add(folder, "Folder", id)
    for number, make in enumerate([document, news, file, image, event, private_with_roles]):
        make(made, f"{make.__name__}-{number}")
    deeper = add(made, "Folder", "deeper", state=None)
    discussed(deeper, "discussed")
    made.moveObjectsToTop(["deeper"])
    made.setDefaultPage("document-0")
    made.setLayout("summary_view")
    manager = getUtility(IPortletManager, name="plone.leftcolumn")
    getMultiAdapter((made, manager), IPortletAssignmentMapping)["news"] = Assignment(count=3)
    made.reindexObject()


def checked_out(folder, id):
    """A folder with a document, and its working copy."""
    made = add(folder, "Folder", id)
    copy = ICheckinCheckoutPolicy(document(made, "original")).checkout(made)
    copy.text = rich_text()
    copy.reindexObject()


def translated(folder, id):
    """A folder with a document in two languages."""
    made = add(folder, "Folder", id)
    english = document(made, "in-english")
    german = add(made, "Document", "auf-deutsch", language="de", text=rich_text())
    ITranslationManager(english).register_translation("de", german)


def other_workflow(folder, id):
    """A folder with a workflow policy of its own."""
    made = add(folder, "Folder", id)
    made.manage_addProduct["CMFPlacefulWorkflow"].manage_addWorkflowPolicyConfig()
    api.portal.get_tool("portal_placeful_workflow").getWorkflowPolicyConfig(made).setPolicyBelow("one-state")
    add(made, "Document", "inside", state=None, text=rich_text())


KINDS = [
    *(garden, discussed, news, image, file, event, link, collection, versions, related, private_with_roles, locked),
    *(checked_out, translated, other_workflow, document),
]


def make(count):
    app = root()
    setRequest(app.REQUEST)  # As for somebody who edits in a browser: the catalog has the scales of images then.
    addPloneSite(app, "Plone", title="A varied site", extension_ids=PROFILES)
    transaction.commit()  # The schemas of types are named by when these were stored.
    site = site_in(app)
    for name in ("reader", "writer"):
        api.user.create(email=f"{name}@example.org", username=name, password="Secret-62-garden")
    api.portal.set_registry_record("plone.available_languages", ["en", "de"])
    boxes = [add(site, "Folder", f"box-{number}") for number in range(5)]
    paths = []
    for number in range(count):
        box, kind = boxes[number % len(boxes)], KINDS[number % len(KINDS)]
        id = f"{kind.__name__.replace('_', '-')}-{number}"
        kind(box, id)
        paths.append("/".join((*box.getPhysicalPath(), id)))
        transaction.savepoint(optimistic=True)
    transaction.commit()
    print(json.dumps(paths))


def main():
    instance, storage, blobs, count = sys.argv[2:]
    start(instance, storage, blobs)
    make(int(count))


main()
