"""The database backend that ``DATABASES`` names: ``mediachat.databases.mongodb``."""

from django.db.backends.base.validation import BaseDatabaseValidation
from django_mongodb_backend import base, operations

from mediachat.databases.mongodb import patterns
from mediachat.databases.mongodb.schema import DatabaseSchemaEditor

patterns.register()


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "mediachat.databases.mongodb.compiler"

    def prep_for_like_query(self, x: object) -> str:
        return patterns.escaped(str(x))

    # Django's own uses the lookups of SQL, which escape for LIKE.
    prep_for_iexact_query = prep_for_like_query


class DatabaseWrapper(base.DatabaseWrapper):
    data_types = base.DatabaseWrapper.data_types | {
        "AutoField": "long",
        "BigAutoField": "long",
        "SmallAutoField": "long",
    }
    mongo_operators = base.DatabaseWrapper.mongo_operators | patterns.OF_FIELDS
    mongo_expr_operators = base.DatabaseWrapper.mongo_expr_operators | patterns.OF_COMPUTED
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor
    # The stock backend refuses the integer ids that this one assigns.
    validation_class = BaseDatabaseValidation
