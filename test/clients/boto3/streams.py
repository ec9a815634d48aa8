"""A consumer of a stream through boto3's client of streams."""
import os
import unittest

import boto3

endpoint = os.environ["TAVOLA_ENDPOINT"]
client = boto3.client("dynamodb", endpoint_url=endpoint)
streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
TABLE = "streamed"


def consume(arn):
    """Every change of every shard, in the order of each."""
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    for shard in shards:
        place = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        iterator = place["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator, Limit=7)
            yield from page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None


class Streams(unittest.TestCase):
    def test_a_consumer_reads_every_change_once(self):
        client.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        client.get_waiter("table_exists").wait(TableName=TABLE)
        for n in range(30):
            item = {"pk": {"S": str(n % 4)}, "n": {"N": str(n)}, "b": {"B": bytes([n])}}
            client.put_item(TableName=TABLE, Item=item)
        client.delete_item(TableName=TABLE, Key={"pk": {"S": "0"}})
        [stream] = streams.list_streams(TableName=TABLE)["Streams"]
        changes = list(consume(stream["StreamArn"]))
        self.assertEqual(len({change["eventID"] for change in changes}), 31)
        copy = {}
        for change in changes:
            images = change["dynamodb"]
            key = images["Keys"]["pk"]["S"]
            self.assertEqual(copy.get(key), images.get("OldImage"))
            copy[key] = images.get("NewImage")
        items = client.scan(TableName=TABLE)["Items"]
        left = [image for image in copy.values() if image]
        self.assertEqual(sorted(items, key=str), sorted(left, key=str))

    def test_what_is_not_there(self):
        arn = "arn:aws:dynamodb:us-east-1:123456789012:table/none/stream/2020-01-01T00:00:00.000"
        with self.assertRaises(streams.exceptions.ResourceNotFoundException):
            streams.describe_stream(StreamArn=arn)


if __name__ == "__main__":
    unittest.main()
