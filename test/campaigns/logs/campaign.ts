/**
 * Writers take turns in leading some partitions, over one of the cluster's logs, while its servers are killed, frozen, and
 * lose their disks. In the end every acknowledged entry lies where it was acknowledged, no entry of a deposed writer lies
 * behind its successor's, and who followed has seen just what is there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogStore, Position } from '../../../server/log/log.ts'
import { type Random, randomOf } from '../random.ts'
import { LogFollower } from './follower.ts'
import { check, Ledger } from './ledger.ts'
import { FAULTS, type Fault, type Subject } from './subjects.ts'
import { LogWriter } from './writer.ts'

export type LogCampaign = {
  /** A cluster of the campaign's own. */
  subject: Subject
  /** One after the other; as many as told, as chance has it. */
  faults: Fault[] | number
  seed: number
  report(line: string): void
}

export type LogResult = { acknowledged: number; refused: number; deposed: number }

const PARTITIONS = 3
const PEACE_MS = 500
const RECOVERY_MS = 60_000

/** Errors: something acknowledged is lost, something is out of order, or a log does not come back. */
export async function runLogCampaign({ subject, faults, seed, report }: LogCampaign): Promise<LogResult> {
  const random = randomOf(seed, 0)
  const ledgers = Array.from({ length: PARTITIONS }, () => new Ledger())
  const stores = await Promise.all([subject.open(), subject.open(), subject.open()])
  const writers = ledgers.flatMap((ledger, i) =>
    stores.slice(0, 2).map((store, j) => new LogWriter(store, ledger, randomOf(seed, 1 + 2 * i + j))),
  )
  const followers = ledgers.map(({ partition }) => new LogFollower(stores[2]!, partition))
  const [writing, following] = [writers, followers].map(all => Promise.all(all.map(each => each.run())))
  // A failure shows where it is awaited.
  for (const running of [writing!, following!]) running.catch(() => {})
  try {
    await sleep(PEACE_MS)
    for (const fault of planOf(faults, random)) {
      await Promise.race([play(subject, fault, random.below(3), ledgers, report), writing, following])
    }
    for (const writer of writers) writer.stop()
    await writing
    await verify(subject, ledgers, followers)
    return resultOf(ledgers)
  } finally {
    for (const each of [...writers, ...followers]) each.stop()
    await Promise.allSettled([writing, following])
    await Promise.allSettled(stores.map(store => store.close()))
    await subject.remove()
  }
}

function planOf(faults: Fault[] | number, random: Random): Fault[] {
  return typeof faults === 'number' ? Array.from({ length: faults }, () => random.pick(FAULTS)) : faults
}

async function play(
  subject: Subject,
  fault: Fault,
  server: number,
  ledgers: Ledger[],
  report: LogCampaign['report'],
): Promise<void> {
  for (const ledger of ledgers) ledger.takeStall()
  const before = resultOf(ledgers)
  await subject.hurt(server, fault)
  await recovered(ledgers)
  const stall = Math.round(Math.max(...ledgers.map(ledger => ledger.takeStall())))
  const after = resultOf(ledgers)
  const [acknowledged, refused] = [after.acknowledged - before.acknowledged, after.refused - before.refused]
  const what = `${acknowledged} acknowledged, ${refused} refused, longest stall of a partition ${stall} ms`
  report(`${subject.name}: ${fault} of server ${server}: ${what}`)
}

/** Resolves when something more was acknowledged in every partition. Errors: not within a minute. */
async function recovered(ledgers: Ledger[]): Promise<void> {
  const before = ledgers.map(({ acknowledged }) => acknowledged.size)
  const isBack = (ledger: Ledger, i: number) => ledger.acknowledged.size > before[i]! + 10
  for (const end = performance.now() + RECOVERY_MS; !ledgers.every(isBack); await sleep(50))
    if (performance.now() > end) throw new Error('a log does not come back')
}

/** What a store that is opened now has, once all servers were down as well. */
async function verify(subject: Subject, ledgers: Ledger[], followers: LogFollower[]): Promise<void> {
  await subject.killAll()
  const store = await subject.open()
  try {
    for (const [i, ledger] of ledgers.entries()) {
      const entries = await readAll(store, ledger.partition)
      check(ledger, entries)
      await followers[i]!.reaches(entries.size, RECOVERY_MS)
      for (const [position, text] of followers[i]!.seen)
        if (entries.get(position) !== text) throw new Error(`a follower has seen something else at ${position}`)
    }
  } finally {
    await store.close()
  }
}

async function readAll(store: LogStore, partition: string): Promise<Map<Position, string>> {
  const log = await store.open(partition, 0)
  const entries = new Map<Position, string>()
  for (let at = 0; at < log.end(); ) {
    for (const { position, bytes } of await log.read(at, 4_000_000)) {
      entries.set(position, Buffer.from(bytes).toString())
      at = position
    }
  }
  return entries
}

function resultOf(ledgers: Ledger[]): LogResult {
  const sum = (count: (ledger: Ledger) => number) => ledgers.reduce((sum, ledger) => sum + count(ledger), 0)
  return {
    acknowledged: sum(({ acknowledged }) => acknowledged.size),
    refused: sum(({ refused }) => refused),
    deposed: sum(({ deposed }) => deposed),
  }
}
