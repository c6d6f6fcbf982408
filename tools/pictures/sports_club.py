"""The Plone site of the pictures: a page of news with a picture, which somebody removes.

Usage: sports_club.py make|remove INSTANCE SOCKET BLOB_DIRECTORY
"""

import io
import sys

import transaction
from PIL import Image, ImageDraw
from plone import api
from plone.app.textfield.value import RichTextValue
from plone.namedfile.file import NamedBlobImage
from plone_instance import root, site_in, start
from Products.CMFPlone.factory import addPloneSite

TEXT = """<p>On the first Saturday of July we meet at the boathouse. Bring your family, your friends, and something
for the grill.</p><h2>From three o'clock</h2><ul><li>Races for children</li><li>Boats to try out</li>
<li>Coffee and cake</li></ul>"""


def lake():
    image = Image.new("RGB", (900, 300), "#9fd3ee")
    draw = ImageDraw.Draw(image)
    draw.ellipse((700, 30, 790, 120), fill="#ffd95a")
    draw.polygon([(0, 200), (200, 90), (380, 200), (560, 120), (900, 200)], fill="#5d8f57")
    draw.rectangle((0, 190, 900, 300), fill="#2f7fb2")
    for left in (150, 430, 620):
        draw.polygon([(left, 235), (left + 120, 235), (left + 95, 260), (left + 25, 260)], fill="#7a4a24")
        draw.polygon([(left + 60, 225), (left + 60, 120), (left + 115, 225)], fill="#fdfdfd")
    file = io.BytesIO()
    image.save(file, "PNG")
    return NamedBlobImage(file.getvalue(), filename="lake.png")


def make(app):
    profiles = ["plone.app.contenttypes:default", "plonetheme.barceloneta:default"]
    addPloneSite(app, "Plone", title="Lakeside Sports Club", extension_ids=profiles)
    site = site_in(app)
    news = api.content.create(site, "Folder", id="news", title="News")
    text = RichTextValue(TEXT, "text/html", "text/x-html-safe")
    party = {"id": "summer-party", "title": "Summer party", "image": lake(), "text": text}
    made = api.content.create(news, "News Item", description="Everybody is invited", **party)
    for content in (news, made):
        api.content.transition(content, "publish")


def main():
    command, *places = sys.argv[1:]
    start(*places)
    app = root()
    if command == "make":
        make(app)
    else:
        api.content.delete(site_in(app)["news"]["summer-party"])
    transaction.commit()


main()
