"""MongoDB as a Django database: django-mongodb-backend with five changes.

- Integer ids for models that declare them, so that the migrations of Django and of others run
  unchanged, and a row has the same id on every database (``compiler``).
- Unique indexes that queries can use (``schema``).
- Repeatable steps of migrations (``schema``).
- Queries that use an index for the order before they look up or filter anything (``compiler``).
- Text in look-ups is matched literally, never as a pattern (``patterns``).
"""
