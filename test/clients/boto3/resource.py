"""Items through boto3's Table resource: plain values, Decimal, conditions, batch_writer."""
import os
import unittest
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary

dynamodb = boto3.resource("dynamodb", endpoint_url=os.environ["TAVOLA_ENDPOINT"])


def setUpModule():
    global table
    table = dynamodb.create_table(
        TableName="resource",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "byG",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    table.wait_until_exists()


def numbers(answer):
    return [int(item["sk"]) for item in answer["Items"]]


class Resource(unittest.TestCase):
    def test_decimals_are_exact(self):
        values = ["0.1", "12345678901234567890123456789012345678", "-1E-130", "9.9E+36", "0", "100"]
        for sk, value in enumerate(values):
            table.put_item(Item={"pk": "decimal", "sk": sk, "n": Decimal(value)})
            found = table.get_item(Key={"pk": "decimal", "sk": sk})["Item"]["n"]
            self.assertIsInstance(found, Decimal)
            self.assertEqual(found, Decimal(value))
        added = table.update_item(
            Key={"pk": "decimal", "sk": 0},
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": Decimal("0.2")},
            ReturnValues="UPDATED_NEW",
        )
        self.assertEqual(added["Attributes"]["n"], Decimal("0.3"))

    def test_every_type_comes_back(self):
        item = {
            "pk": "types",
            "sk": 1,
            "text": "ü",
            "bytes": Binary(b"\x00\xff"),
            "true": True,
            "none": None,
            "list": [1, "two", [None]],
            "map": {"a": {"b": "c"}},
            "strings": {"a", "b"},
            "numbers": {Decimal(1), Decimal("2.5")},
        }
        table.put_item(Item=item)
        self.assertEqual(table.get_item(Key={"pk": "types", "sk": 1}, ConsistentRead=True)["Item"], item)

    def test_conditions_in_queries_and_scans(self):
        for sk in range(10):
            table.put_item(Item={"pk": "query", "sk": sk, "odd": sk % 2 == 1, "tags": {f"t{sk}"}, "g": "query"})
        of = Key("pk").eq("query")
        self.assertEqual(numbers(table.query(KeyConditionExpression=of & Key("sk").between(3, 6))), [3, 4, 5, 6])
        self.assertEqual(numbers(table.query(KeyConditionExpression=of & Key("sk").lt(2))), [0, 1])
        odd = table.query(KeyConditionExpression=of, FilterExpression=Attr("odd").eq(True), ScanIndexForward=False)
        self.assertEqual(numbers(odd), [9, 7, 5, 3, 1])
        either = Attr("tags").contains("t4") | (Attr("sk").is_in([1, 2]) & ~Attr("odd").eq(True))
        scanned = table.scan(FilterExpression=Attr("pk").eq("query") & either)
        self.assertEqual(sorted(numbers(scanned)), [2, 4])
        index = table.query(IndexName="byG", KeyConditionExpression=Key("g").eq("query"), Select="COUNT")
        self.assertEqual(index["Count"], 10)

    def test_conditional_writes(self):
        missing = Attr("pk").not_exists()
        table.put_item(Item={"pk": "once", "sk": 1}, ConditionExpression=missing)
        with self.assertRaises(dynamodb.meta.client.exceptions.ConditionalCheckFailedException):
            table.put_item(Item={"pk": "once", "sk": 1}, ConditionExpression=missing)
        old = table.delete_item(
            Key={"pk": "once", "sk": 1}, ConditionExpression=Attr("sk").gte(1), ReturnValues="ALL_OLD"
        )
        self.assertEqual(old["Attributes"], {"pk": "once", "sk": 1})

    def test_batch_writer_and_batch_get(self):
        with table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for sk in range(60):
                batch.put_item(Item={"pk": "batch", "sk": sk})
                batch.put_item(Item={"pk": "batch", "sk": sk, "again": True})
            batch.delete_item(Key={"pk": "batch", "sk": 0})
        keys = [{"pk": "batch", "sk": sk} for sk in range(60)]
        answer = dynamodb.batch_get_item(RequestItems={"resource": {"Keys": keys, "ConsistentRead": True}})
        self.assertEqual(answer["UnprocessedKeys"], {})
        found = answer["Responses"]["resource"]
        self.assertEqual(sorted(int(item["sk"]) for item in found), list(range(1, 60)))
        self.assertTrue(all(item["again"] for item in found))

    def test_the_table_knows_itself(self):
        table.reload()
        self.assertEqual(table.table_status, "ACTIVE")
        self.assertEqual(table.provisioned_throughput["ReadCapacityUnits"], 5)
        self.assertIn(table, list(dynamodb.tables.all()))


if __name__ == "__main__":
    unittest.main()
