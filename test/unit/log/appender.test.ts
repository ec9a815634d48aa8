/** Appends to a stream that loses requests, loses answers, is late, and is written to by another one. */
import test from 'ava'
import fc from 'fast-check'
import { type Clock, systemClock } from '../../../server/base/clock.ts'
import { Appender, type Outcome, type Transport } from '../../../server/log/jetstream/appender.ts'
import { LogUnavailable, PositionConflict } from '../../../server/log/log.ts'

type Mishap = 'none' | 'request lost' | 'answer lost' | 'rival first' | 'late'

const LOST: Outcome = { kind: 'unknown', reason: 'lost' }
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** A stream that appends at the expected place only, with a mishap for each try, and none when they are used up. */
class Stream implements Transport {
  readonly entries: string[] = []
  readonly #mishaps: Mishap[]
  readonly #late: (() => void)[] = []

  constructor(mishaps: Mishap[]) {
    this.#mishaps = [...mishaps]
  }

  async send(position: number, bytes: Uint8Array): Promise<Outcome> {
    const mishap = this.#mishaps.shift() ?? 'none'
    if (mishap === 'request lost') return LOST
    if (mishap === 'late') {
      this.#late.push(() => this.#store(position, bytes))
      return LOST
    }
    if (mishap === 'rival first') this.entries.push('rival')
    const outcome = this.#store(position, bytes)
    return mishap === 'answer lost' ? LOST : outcome
  }

  async stored(position: number): Promise<Uint8Array | undefined> {
    const entry = this.entries[position - 1]
    return entry === undefined ? undefined : Buffer.from(entry)
  }

  /** What was on its way all the time arrives. */
  arrive(): void {
    for (const store of this.#late.splice(0)) store()
  }

  #store(position: number, bytes: Uint8Array): Outcome {
    if (this.entries.length >= position) return { kind: 'taken' }
    if (this.entries.length < position - 1) return { kind: 'unknown', reason: 'too early' }
    this.entries.push(text(bytes))
    return { kind: 'stored' }
  }
}

/** In a hurry; and its timers keep the process alive, for the test waits for nothing else. */
const clock: Clock = {
  ...systemClock,
  after(_, task) {
    const timer = setTimeout(task, 0)
    return () => clearTimeout(timer)
  },
}

test('what resolved lies at its place, once, with nothing of its own behind a stranger', async t => {
  const mishap = fc.constantFrom<Mishap>('none', 'request lost', 'answer lost', 'rival first', 'late')
  const property = fc.asyncProperty(
    fc.array(mishap, { maxLength: 12 }),
    fc.integer({ min: 1, max: 8 }),
    async (mishaps, count) => {
      const stream = new Stream(mishaps)
      const appender = new Appender(stream, clock)
      const names = Array.from({ length: count }, (_, i) => `entry ${i + 1}`)
      const ends = await Promise.allSettled(names.map((name, i) => appender.append(i + 1, Buffer.from(name))))
      stream.arrive()
      for (const [i, end] of ends.entries()) {
        if (end.status === 'fulfilled') t.is(stream.entries[i], names[i])
        else if (!(end.reason instanceof PositionConflict)) t.fail(String(end.reason))
      }
      const rival = stream.entries.indexOf('rival')
      const firstFailed = ends.findIndex(({ status }) => status === 'rejected')
      t.is(firstFailed, rival < count ? rival : -1)
      if (rival >= 0) t.false(stream.entries.slice(rival).some(entry => entry !== 'rival'))
      if (firstFailed >= 0) t.true(ends.slice(firstFailed).every(({ status }) => status === 'rejected'))
    },
  )
  await fc.assert(property, { numRuns: 200 })
})

test('one that can never be stored fails at once, and those behind it', async t => {
  const refused: Outcome = { kind: 'unknown', reason: 'too large', final: true }
  const appender = new Appender({ send: async () => refused, stored: async () => undefined }, clock)
  for (const append of [appender.append(1, Buffer.from('a')), appender.append(2, Buffer.from('b'))])
    await t.throwsAsync(append, { instanceOf: LogUnavailable, message: 'too large' })
  t.false(appender.isBusy)
})

test('one that is stopped tries no more', async t => {
  const appender = new Appender({ send: async () => LOST, stored: async () => undefined }, clock)
  const append = t.throwsAsync(appender.append(1, Buffer.from('a')), { instanceOf: LogUnavailable, message: 'closed' })
  await appender.stop(new LogUnavailable('closed'))
  await append
})
