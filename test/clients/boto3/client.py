"""Items through boto3's client: DynamoDB JSON, bytes, paginators, conditions."""
import os
import unittest

import boto3

client = boto3.client("dynamodb", endpoint_url=os.environ["TAVOLA_ENDPOINT"])
TABLE = "client"


def setUpModule():
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=TABLE)


def key(pk, sk=1):
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


class Client(unittest.TestCase):
    def test_every_type_comes_back(self):
        item = {
            **key("types"),
            "s": {"S": "Grüße 🌍"},
            "n": {"N": "-12.5"},
            "b": {"B": bytes(range(256))},
            "bool": {"BOOL": False},
            "null": {"NULL": True},
            "list": {"L": [{"S": ""}, {"N": "0"}]},
            "map": {"M": {"inner": {"B": b""}}},
            "bs": {"BS": [b"one"]},
        }
        client.put_item(TableName=TABLE, Item=item)
        self.assertEqual(client.get_item(TableName=TABLE, Key=key("types"))["Item"], item)
        self.assertNotIn("Item", client.get_item(TableName=TABLE, Key=key("nothing")))

    def test_a_failed_condition_carries_the_item(self):
        client.put_item(TableName=TABLE, Item=key("condition"))
        with self.assertRaises(client.exceptions.ConditionalCheckFailedException) as caught:
            client.put_item(
                TableName=TABLE, Item=key("condition"), ConditionExpression="attribute_not_exists(pk)"
            )
        self.assertEqual(caught.exception.response["Error"]["Message"], "The conditional request failed")

    def test_update_returns_what_was_asked_for(self):
        answer = client.update_item(
            TableName=TABLE,
            Key=key("update"),
            UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one",
            ExpressionAttributeNames={"#n": "count"},
            ExpressionAttributeValues={":zero": {"N": "0"}, ":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
            ReturnConsumedCapacity="TOTAL",
        )
        self.assertEqual(answer["Attributes"], {**key("update"), "count": {"N": "1"}})
        self.assertEqual(answer["ConsumedCapacity"], {"TableName": TABLE, "CapacityUnits": 1.0})

    def test_paginators(self):
        for sk in range(23):
            client.put_item(TableName=TABLE, Item=key("pages", sk))
        query = client.get_paginator("query").paginate(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "pages"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": 5},
        )
        found = [int(item["sk"]["N"]) for page in query for item in page["Items"]]
        self.assertEqual(found, list(reversed(range(23))))
        scan = client.get_paginator("scan").paginate(
            TableName=TABLE,
            FilterExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "pages"}},
            PaginationConfig={"PageSize": 4},
        )
        self.assertEqual(sorted(int(item["sk"]["N"]) for page in scan for item in page["Items"]), list(range(23)))


if __name__ == "__main__":
    unittest.main()
