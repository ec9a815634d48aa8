/** How long single requests take, as clients of the SDK see it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDB } from '@aws-sdk/client-dynamodb'
import { TABLE } from '../crash/api.ts'
import { keyOf } from '../faults/table.ts'

const WORKERS = 4
const KEYS = 50
const PACE_MS = 5

export class Meter {
  readonly #db: DynamoDB
  #times: number[] = []
  readonly #running: Promise<unknown>
  #going = true
  #failed: Error | undefined

  constructor(db: DynamoDB) {
    this.#db = db
    const running = Array.from({ length: WORKERS }, (_, worker) => this.#run(worker))
    this.#running = Promise.all(
      running.map(run =>
        run.catch(error => {
          this.#failed ??= error as Error
        }),
      ),
    )
  }

  /** Of the requests since the last call: the time that one in a hundred took longer than, in milliseconds. */
  p99(): { count: number; p99: number } {
    const times = this.#times.sort((a, b) => a - b)
    this.#times = []
    return { count: times.length, p99: times[Math.floor(times.length * 0.99)] ?? 0 }
  }

  /** Errors: one that failed, or an answer that was wrong. */
  async stop(): Promise<void> {
    this.#going = false
    await this.#running
    if (this.#failed) throw this.#failed
  }

  async #run(worker: number): Promise<void> {
    for (let i = 0; this.#going; i++) {
      const place = { TableName: TABLE, Key: keyOf(`meter ${worker} ${i % KEYS}`) }
      const value = { S: `${i}` }
      await this.#time(() => this.#db.putItem({ TableName: TABLE, Item: { ...place.Key, value } }))
      const { Item } = await this.#time(() => this.#db.getItem({ ...place, ConsistentRead: true }))
      if (Item?.value?.S !== value.S) throw new Error(`${i} was written, and ${Item?.value?.S} is read`)
      await sleep(PACE_MS)
    }
  }

  async #time<T>(ask: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const answer = await ask()
    this.#times.push(performance.now() - start)
    return answer
  }
}
