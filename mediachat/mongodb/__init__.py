"""MongoDB as Django's database: django-mongodb-backend, with three things of ours.

- Integer ids for the models that want them, so that the migrations of Django and of others run
  as they are, and a row has the same id on every database (``compiler``).
- Unique indexes that queries can use (``schema``).
- Queries that ask an index for the order before anything is looked up or left out
  (``compiler``).
"""
