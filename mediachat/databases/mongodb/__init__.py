"""MongoDB as Django's database: django-mongodb-backend, with five things of ours.

- Integer ids for the models that want them, so that the migrations of Django and of others run
  as they are, and a row has the same id on every database (``compiler``).
- Unique indexes that queries can use (``schema``).
- Steps of migrations that can be made again (``schema``).
- Queries that ask an index for the order before anything is looked up or left out
  (``compiler``).
- Text that is looked up is found as it is written, and is never a pattern (``patterns``).
"""
