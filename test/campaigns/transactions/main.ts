/** Tavola, but it ends itself, as by `kill -9`, at a moment that the environment names: `MOMENT='{"kind":"prepare",...}'`. */
import { writeSync } from 'node:fs'
import { silent } from '../../../server/base/logger.ts'
import { readConfig } from '../../../server/config.ts'
import type { LogStore, PartitionLog } from '../../../server/log/log.ts'
import { startNode } from '../../../server/node/embedded.ts'
import { kindsOf, type Moment } from './moments.ts'

const moment = JSON.parse(process.env.MOMENT!) as Moment
let left = moment.count

function end(): never {
  writeSync(2, 'the moment has come\n')
  process.kill(process.pid, 'SIGKILL')
  throw new Error('still alive')
}

class EndingLog implements PartitionLog {
  readonly depth = 4
  readonly #log: PartitionLog

  constructor(log: PartitionLog) {
    this.#log = log
  }

  async append(bytes: Uint8Array, expected: number): Promise<void> {
    const isIt = kindsOf(bytes).includes(moment.kind) && --left === 0
    if (isIt && moment.time === 'before') end()
    await this.#log.append(bytes, expected)
    if (isIt && moment.time === 'durable') end()
    // Entries are applied in a microtask of their becoming durable, and answered in a few more.
    if (isIt) queueMicrotask(() => queueMicrotask(() => queueMicrotask(end)))
  }

  end = () => this.#log.end()
  start = () => this.#log.start()
  read: PartitionLog['read'] = (after, maxBytes) => this.#log.read(after, maxBytes)
  trim: PartitionLog['trim'] = upTo => this.#log.trim(upTo)
  refresh = () => this.#log.refresh()
  resume = (end: number) => this.#log.resume(end)
  wait: PartitionLog['wait'] = (after, signal) => this.#log.wait(after, signal)
}

function ending(logs: LogStore): LogStore {
  return {
    open: async (partition, base) => new EndingLog(await logs.open(partition, base)),
    drop: partition => logs.drop(partition),
    partitions: () => logs.partitions(),
    size: () => logs.size(),
    close: () => logs.close(),
  }
}

const config = readConfig(process.argv)
if (config.role !== 'embedded') throw new Error('the campaign runs one process')
const { endpoint } = await startNode({ ...config, logger: silent, aroundLogs: ending })
console.log(`serves on ${endpoint}`)
