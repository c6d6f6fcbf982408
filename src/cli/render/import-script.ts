/** What a script that imports an exported object has to know. */
export interface ImportScript {
  /** Name of the `.zexp` file, which lies beside the script. */
  readonly fileName: string;
  /** The path that the object had. */
  readonly path: string;
  /** When the last transaction of the state was that it comes from, ISO 8601. */
  readonly asOf: string;
}

/** A Python script, for `bin/instance run`, that imports an exported object into a folder of a site. */
export function importScript({ fileName, path, asOf }: ImportScript): string {
  return SCRIPT.replaceAll('@FILE@', pythonText(fileName))
    .replaceAll('@PATH@', JSON.stringify(path).slice(1, -1))
    .replaceAll('@AS_OF@', asOf);
}

/** What a text is in Python, version 2 and 3: JSON has the same escapes. */
function pythonText(text: string): string {
  const escaped = JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `u${escaped}`;
}

const SCRIPT = `# -*- coding: utf-8 -*-
"""Imports @PATH@ as of @AS_OF@, which zodbvault exported.

    bin/instance run SCRIPT FOLDER [--new-uids]

FOLDER is the path of a folder in the database, as /Plone/news. --new-uids gives new UIDs to what is
imported: for a copy beside content that is still there.
"""
from __future__ import print_function

import os
import sys
import uuid

import transaction
from Acquisition import aq_base
from Acquisition import aq_chain
from zExceptions import NotFound
from zope.component.hooks import setSite

try:
    from zope.component.interfaces import ISite
except ImportError:
    from zope.location.interfaces import ISite

try:
    from plone.app.discussion.interfaces import IConversation
except ImportError:
    IConversation = None

FILE = @FILE@
UID_ATTRIBUTES = ("_plone.uuid", "_at_uid")


def stop(reason):
    transaction.abort()
    sys.exit("Nothing was imported: " + reason)


def below(item):
    """The item, and all that lies in it."""
    yield item
    for child in getattr(item, "objectValues", tuple)():
        for one in below(child):
            yield one


def uids_of(item):
    for name in UID_ATTRIBUTES:
        uid = getattr(aq_base(item), name, None)
        if isinstance(uid, (type(""), type(u""))):
            yield name, uid


def comments_of(item):
    """The comments on an item: Plone makes no entries for them when the item is added."""
    conversation = IConversation(item, None) if IConversation is not None else None
    return conversation.getComments() if conversation is not None else ()


def is_left_over(path, app):
    """Whether nothing is there, where an entry of the catalog leads."""
    try:
        found = app.unrestrictedTraverse(path.lstrip("/"))
    except (AttributeError, KeyError, NotFound):
        return True
    # It may be an attribute, or an object of a folder above.
    path_of = getattr(found, "getPhysicalPath", None)
    return path_of is None or "/".join(path_of()) != path


def all_with_uids(item):
    for one in below(item):
        yield one
        for comment in comments_of(one):
            yield comment


def check_uids(item, catalog, app):
    taken, left_over = [], []
    for one in all_with_uids(item):
        for _, uid in uids_of(one):
            for brain in catalog.unrestrictedSearchResults(UID=uid):
                path = brain.getPath()
                (left_over if is_left_over(path, app) else taken).append(path)
    if taken:
        stop(
            "%d objects of the site have UIDs of what is to be imported, such as %s; remove them, "
            "or run this with --new-uids" % (len(taken), taken[0])
        )
    for path in left_over:
        # It would keep its UID: the catalog does not find the import by that, then.
        catalog.uncatalog_object(path)


def give_new_uids(item):
    for one in all_with_uids(item):
        for name, _ in uids_of(one):
            setattr(aq_base(one), name, uuid.uuid4().hex)


def main(app, words):
    unknown = [word for word in words if word.startswith("-") and word != "--new-uids"]
    folders = [word for word in words if word.startswith("/")]
    if unknown or len(folders) != 1:
        sys.exit(__doc__)
    folder = app.unrestrictedTraverse(folders[0].strip("/"), None) if folders[0] != "/" else app
    if folder is None:
        stop("there is no folder %s" % folders[0])
    for one in aq_chain(folder):
        if ISite.providedBy(one):
            setSite(one)
            break
    item = folder._p_jar.importFile(os.path.join(os.path.dirname(os.path.abspath(SCRIPT_PATH)), FILE))
    id = item.getId()
    if id in folder.objectIds():
        stop("%s has a %s already; rename or remove it" % (folders[0], id))
    catalog = getattr(folder, "portal_catalog", None)
    if "--new-uids" in words:
        give_new_uids(item)
    elif catalog is not None:
        check_uids(item, catalog, app)
    dates = {one._p_oid: getattr(aq_base(one), "modification_date", None) for one in below(item)}
    folder._setObject(id, item, set_owner=0)  # It makes the entries in the catalog, too.
    for one in below(folder._getOb(id)):
        # For Plone, all of it was modified right now.
        if dates.get(one._p_oid) is not None:
            aq_base(one).modification_date = dates[one._p_oid]
            one.reindexObject(idxs=["modified"])
        for comment in comments_of(one):
            comment.indexObject()
    transaction.get().note(u"Imported %s/%s" % (folders[0].rstrip("/"), id))
    transaction.commit()
    print("Imported %s/%s: %d objects" % (folders[0].rstrip("/"), id, len(dates)))


# What comes behind the name of this script; its own name is not always the first word.
place = max(number for number, word in enumerate(sys.argv) if word.endswith(".py"))
SCRIPT_PATH = sys.argv[place]
main(app, sys.argv[place + 1 :])  # noqa: F821 - "app" is there where a script is run so
`;
