"""
A server that speaks S3 and checks signatures, in memory: moto with its authentication on.

Prints a line of JSON with its port and the only key. Then takes a line for each question of the
test: what to do as another client, boto3, and answers with a line. Ends with its standard input.
"""

import base64
import json
import logging
import sys
from typing import Any

import boto3
from moto import settings
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def main() -> None:
    """Serve until nobody reads any more."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "endpoint_url": f"http://{host}:{port}",
        "region_name": "us-east-1",
        "aws_access_key_id": "first",
        "aws_secret_access_key": "first",
    }
    iam = boto3.client("iam", **given)
    iam.create_user(UserName="test")
    iam.put_user_policy(UserName="test", PolicyName="all", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="test")["AccessKey"]
    boto3.client("s3", **given).create_bucket(Bucket="test-bucket")
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    told = {"port": port, "user": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    client = boto3.client(
        "s3", **given | {"aws_access_key_id": told["user"], "aws_secret_access_key": told["secret"]}
    )
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(answer(client, json.loads(line)))}\n")
        sys.stdout.flush()


def answer(client: Any, asked: dict[str, str]) -> Any:
    """Do as a client what the test asks."""
    bucket = {"Bucket": "test-bucket"}
    if asked["do"] == "put":
        client.put_object(**bucket, Key=asked["key"], Body=base64.b64decode(asked["data"]))
        return None
    if asked["do"] == "get":
        found = client.get_object(**bucket, Key=asked["key"])["Body"].read()
        return base64.b64encode(found).decode()
    pages = client.get_paginator("list_objects_v2").paginate(**bucket, Prefix=asked["key"])
    return [each["Key"] for page in pages for each in page.get("Contents", [])]


if __name__ == "__main__":
    main()
