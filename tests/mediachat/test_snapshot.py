"""In which order a snapshot reads the tables."""

from chat.models import Attachment, Membership, Message, Report, Revision
from mediachat.backups import snapshot
from mediachat.databases import copy_database


def test_what_refers_to_something_is_read_before_it():
    order = snapshot.reading_order()
    assert sorted(order, key=str) == sorted(copy_database.tables(), key=str)
    for model in order:
        for field in model._meta.concrete_fields:
            if field.related_model and field.related_model is not model:
                assert order.index(model) < order.index(field.related_model), field
    place = order.index
    assert max(map(place, (Membership, Revision, Report))) < place(Message) < place(Attachment)
