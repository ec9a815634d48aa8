"""Tables through boto3: waiters, paginators, updates, tags, errors."""
import os
import time
import unittest

import boto3
from botocore.exceptions import ClientError

client = boto3.client("dynamodb", endpoint_url=os.environ["TAVOLA_ENDPOINT"])


def create(name, **more):
    return client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )["TableDescription"]


class Tables(unittest.TestCase):
    def test_waiters_return_at_once(self):
        start = time.monotonic()
        self.assertEqual(create("waited")["TableStatus"], "CREATING")
        client.get_waiter("table_exists").wait(TableName="waited")
        self.assertEqual(client.delete_table(TableName="waited")["TableDescription"]["TableStatus"], "DELETING")
        client.get_waiter("table_not_exists").wait(TableName="waited")
        self.assertLess(time.monotonic() - start, 10)

    def test_list_paginator(self):
        names = sorted(f"listed-{i}" for i in range(7))
        for name in names:
            create(name)
        pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 3})
        found = [name for page in pages for name in page["TableNames"]]
        self.assertEqual([name for name in found if name.startswith("listed-")], names)

    def test_a_global_index_is_added(self):
        create("indexed")
        resource = boto3.resource("dynamodb", endpoint_url=os.environ["TAVOLA_ENDPOINT"])
        table = resource.Table("indexed")
        table.put_item(Item={"pk": "a", "g": "x"})
        table.update(
            AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": "byG",
                        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                }
            ],
        )
        while table.global_secondary_indexes[0]["IndexStatus"] != "ACTIVE":
            time.sleep(0.02)
            table.reload()
        found = table.query(
            IndexName="byG", KeyConditionExpression=boto3.dynamodb.conditions.Key("g").eq("x")
        )
        self.assertEqual(found["Items"], [{"pk": "a", "g": "x"}])

    def test_tags_ttl_and_description(self):
        table = create("described", Tags=[{"Key": "team", "Value": "blue"}])
        tags = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
        self.assertEqual([tag for page in tags for tag in page["Tags"]], [{"Key": "team", "Value": "blue"}])
        client.update_time_to_live(
            TableName="described", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
        )
        ttl = client.describe_time_to_live(TableName="described")["TimeToLiveDescription"]
        self.assertEqual(ttl["AttributeName"], "until")
        described = client.describe_table(TableName="described")["Table"]
        self.assertEqual(described["TableId"], table["TableId"])
        self.assertEqual(described["CreationDateTime"].timestamp(), table["CreationDateTime"].timestamp())

    def test_errors_are_the_modelled_exceptions(self):
        create("taken")
        with self.assertRaises(client.exceptions.ResourceInUseException):
            create("taken")
        with self.assertRaises(client.exceptions.ResourceNotFoundException) as caught:
            client.describe_table(TableName="nowhere")
        error = caught.exception.response
        self.assertEqual(error["Error"]["Message"], "Requested resource not found: Table: nowhere not found")
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertEqual(len(error["ResponseMetadata"]["RequestId"]), 52)
        with self.assertRaises(ClientError) as caught:
            client.create_table(
                TableName="keyless",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
        self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationException")


if __name__ == "__main__":
    unittest.main()
