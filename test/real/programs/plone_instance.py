"""An instance of Zope with a Plone site, for the programs beside this one: its configuration, and how it is asked."""

import io
import os
import re
from wsgiref.util import setup_testing_defaults

from AccessControl.SecurityManagement import newSecurityManager
from Testing.makerequest import makerequest
from zope.component.hooks import setSite
from Zope2.Startup.run import make_wsgi_app

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


def visit(wsgi, path):
    """Status and text of a page, as a visitor who isn't logged in gets it."""
    status, body = ask(wsgi, path)
    return status, re.sub(r"\s+", " ", body.decode(errors="replace"))


def ask(wsgi, path, headers={}):
    """Status and body of the answer to a GET. `headers` are written as in WSGI: HTTP_HOST."""
    path, _, query = path.partition("?")
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": io.BytesIO(), **headers}
    setup_testing_defaults(environ)
    answer = []
    body = b"".join(wsgi(environ, lambda status, headers, error=None: answer.append(status)))
    return answer[0], body
