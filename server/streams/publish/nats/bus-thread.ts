/** The thread behind threadbus.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../../base/clock.ts'
import { NatsBus } from './bus.ts'
import { NatsLink } from './link.ts'
import type { BusCall, BusReply, BusRequest, BusThreadOptions } from './threadbus.ts'

const { place, options } = workerData as BusThreadOptions
const bus = new NatsBus(new NatsLink(place, systemClock), options)

parentPort!.on('message', (request: BusRequest | 'close') => {
  if (request === 'close') void close()
  else void reply(request)
})

async function close(): Promise<void> {
  await bus.close()
  // An attempt to connect may still be under way.
  process.exit()
}

async function reply({ id, ...call }: BusRequest): Promise<void> {
  const outcome = await perform(call).then(
    result => ({ result }),
    (error: Error) => ({ error: error.message }),
  )
  parentPort!.postMessage({ id, maxBytes: bus.maxBytes, ...outcome } satisfies BusReply)
}

/** Errors: the bus's. */
async function perform(call: BusCall): Promise<unknown> {
  switch (call.method) {
    case 'last':
      return bus.last(...call.args)
    case 'append': {
      const [channel, messages, after] = call.args
      return bus.appendPacked(channel, messages, after)
    }
    case 'empty':
      return bus.empty(...call.args)
    case 'remove':
      return bus.remove(...call.args)
  }
}
