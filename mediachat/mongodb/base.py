"""The backend that ``DATABASES`` names: ``mediachat.mongodb``."""

from django.db.backends.base.validation import BaseDatabaseValidation
from django_mongodb_backend import base, operations

from mediachat.mongodb.schema import DatabaseSchemaEditor


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "mediachat.mongodb.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    data_types = base.DatabaseWrapper.data_types | {
        "AutoField": "long",
        "BigAutoField": "long",
        "SmallAutoField": "long",
    }
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor
    # The stock one refuses the integer ids that this backend deals.
    validation_class = BaseDatabaseValidation
