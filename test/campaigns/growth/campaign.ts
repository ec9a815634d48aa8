/**
 * A table grows to many partitions and back, while clients read, write, move money, scan, query an index and follow the stream. Nothing
 * may be missing, or there twice; no request may fail after the SDK's retries; all histories must be linearizable.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DynamoDBStreams } from '@aws-sdk/client-dynamodb-streams'
import { shardsOf } from '../../api/streams.ts'
import { spawnTavola } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { TABLE } from '../crash/api.ts'
import { Judge } from '../faults/judge.ts'
import { Load } from '../faults/load.ts'
import { randomOf } from '../random.ts'
import { Teller } from '../transactions/teller.ts'
import { Filler } from './filler.ts'
import { Meter } from './meter.ts'

export type GrowthOptions = {
  port: number
  /** Of the table, when it is big. */
  partitions: number
  seed: number
  /** Of each time of rest. */
  quietMs: number
  /** At most, for each way. */
  patienceMs: number
  report(line: string): void
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const ITEM_BYTES = 960
const SPLIT_BYTES = 24_000
/** Of what would have it split, what a partition holds in the end. */
const FULL = 0.6
const POLL_MS = 300

/** Errors: whatever is not as it must be. */
export async function runGrowth(options: GrowthOptions): Promise<void> {
  const { port, partitions, seed, quietMs, report } = options
  const temp = await makeTempFolder()
  const flags = { port, 'data-dir': temp.path, 'split-bytes': SPLIT_BYTES, 'split-rate': 0 }
  const command = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const node = await spawnTavola([], { main: MAIN, command })
  const judge = await Judge.open([node.endpoint], [new Teller(randomOf(seed, 100))])
  const stage = new Stage(judge, node.endpoint, options)
  try {
    const rest = () => sleep(quietMs)
    const quiet = await stage.play('quiet', rest)
    const grown = await stage.play('growing', async filler => {
      await filler.fill(Math.ceil((partitions * SPLIT_BYTES * FULL) / ITEM_BYTES))
      await stage.until(open => open >= partitions)
    })
    const big = await stage.play('quiet', rest)
    const shrunk = await stage.play('shrinking', async filler => {
      await filler.empty()
      await stage.until(open => open === 1)
    })
    const small = await stage.play('quiet', rest)
    const ratio = (moving: number, ...still: number[]) => (moving / Math.min(...still)).toFixed(1)
    report(
      `p99 while growing ${ratio(grown, quiet, big)} times, while shrinking ${ratio(shrunk, big, small)} times the quiet one's`,
    )
  } finally {
    stage.close()
    await node.kill()
    await temp.remove()
  }
}

class Stage {
  readonly #judge: Judge
  readonly #options: GrowthOptions
  readonly #streams: DynamoDBStreams
  readonly #filler: Filler
  #phases = 0

  constructor(judge: Judge, endpoint: string, options: GrowthOptions) {
    this.#judge = judge
    this.#options = options
    const credentials = { accessKeyId: 'growth', secretAccessKey: 'growth' }
    this.#streams = new DynamoDBStreams({ endpoint, region: 'us-east-1', credentials })
    this.#filler = new Filler(judge.clients[0]!.dynamodb)
  }

  close(): void {
    this.#streams.destroy()
    this.#judge.close()
  }

  /** @returns the p99 of single requests, in milliseconds. Errors: what is not as it must be. */
  async play(what: string, work: (filler: Filler) => Promise<void>): Promise<number> {
    const { seed, report } = this.#options
    const number = ++this.#phases
    const { clients, tellers } = this.#judge
    const filler = this.#filler
    const start = performance.now()
    let isOver = false
    const load = new Load({ prefix: `g${number}`, seed: seed + number, clients, tellers, paceMs: 50 })
    const meter = new Meter(clients[0]!.dynamodb)
    const before = filler.walks
    const walking = filler.walk(() => isOver)
    walking.catch(() => {})
    try {
      await Promise.race([work(filler), walking])
    } finally {
      isOver = true
      await load.stop()
    }
    const { count, p99 } = meter.p99()
    await meter.stop()
    await walking
    const seconds = (performance.now() - start) / 1000
    const settled = await this.#judge.judge(load)
    const { requests, failed, failures, slowestMs } = load.tally
    report(
      `${what}, ${await this.#open()} partitions after ${seconds.toFixed(0)} s: p99 of ${count} requests ${p99.toFixed(1)} ms; ${requests} of others, ${failed} failed, the slowest took ${slowestMs.toFixed(0)} ms; ${filler.walks - before} walks; settled in ${settled.toFixed(0)} ms`,
    )
    if (failed > 0) throw new Error([...failures].map(([why, count]) => `${count} ${why}`).join(', '))
    return p99
  }

  /** Errors: it takes too long. */
  async until(isEnough: (open: number) => boolean): Promise<void> {
    const end = performance.now() + this.#options.patienceMs
    for (let open = await this.#open(); !isEnough(open); open = await this.#open()) {
      if (performance.now() > end) throw new Error(`there are ${open} partitions, still`)
      await sleep(POLL_MS)
    }
  }

  /** Shards that take changes: one for each partition. */
  async #open(): Promise<number> {
    const { Table } = await this.#judge.clients[0]!.dynamodb.describeTable({ TableName: TABLE })
    const shards = await shardsOf(this.#streams, Table!.LatestStreamArn!)
    return shards.filter(({ SequenceNumberRange }) => SequenceNumberRange!.EndingSequenceNumber === undefined).length
  }
}
