# pip install nats-py; python changes.py nats://127.0.0.1:4222 orders
import asyncio
import json
import sys

import nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy


async def main(server="nats://127.0.0.1:4222", table="orders", consumer="mine"):
    stream = "tavola-changes-123456789012-" + table.replace(".", "%2E")
    connection = await nats.connect(server)
    jetstream = connection.jetstream()
    # A durable consumer: NATS remembers how far it is. One at a time keeps the order of each item.
    config = ConsumerConfig(
        durable_name=consumer,
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        max_ack_pending=1,
    )
    await jetstream.add_consumer(stream, config)
    subscription = await jetstream.pull_subscribe_bind(consumer, stream)
    while True:
        try:
            messages = await subscription.fetch(1, timeout=5)
        except nats.errors.TimeoutError:
            continue
        for message in messages:
            change = json.loads(message.data)
            number = message.headers["Tavola-Sequence-Number"]
            print(number, change["eventName"], json.dumps(change["dynamodb"]["Keys"]), flush=True)
            await message.ack()


asyncio.run(main(*sys.argv[1:]))
