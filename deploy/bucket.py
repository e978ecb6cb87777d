"""Makes the bucket where it is missing. Run by compose.yaml, in the server's own image."""

import json
import os

import boto3

options = json.loads(os.environ["MEDIA_STORAGE_OPTIONS"])
store = boto3.client(
    "s3",
    endpoint_url=options["endpoint_url"],
    region_name="us-east-1",
    aws_access_key_id=options["access_key"],
    aws_secret_access_key=options["secret_key"],
)
try:
    store.create_bucket(Bucket=options["bucket_name"])
except (store.exceptions.BucketAlreadyOwnedByYou, store.exceptions.BucketAlreadyExists):
    pass
