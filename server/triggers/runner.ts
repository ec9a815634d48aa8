/**
 * A process's share of the triggers: shards are spread over the processes that live, by a hash that moves few of them when one
 * comes or goes. Who runs a shard holds a key bound to its lease; a process that dies, or is cut off, loses it, and another goes
 * on from the checkpoint. What it still delivers then is delivered again: at least once.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Random } from '../base/random.ts'
import type { Leasing } from '../cluster/leasing.ts'
import { hashKey } from '../codec/hash.ts'
import type { Lease, Metadata } from '../metadata/metadata.ts'
import { parentsOf, type Shard, shardsOf } from '../streams/shards.ts'
import type { Streams } from '../streams/streams.ts'
import type { Caller } from './call/caller.ts'
import { TriggerCounters } from './counters.ts'
import type { KnownTrigger, KnownTriggers } from './known.ts'
import { functionArnOf, type Place, streamArnOf } from './names.ts'
import {
  type Checkpoint,
  checkpointKey,
  RUNNERS,
  RUNNING,
  runnerKey,
  runningKey,
  type TriggerRecord,
} from './records.ts'
import { Limiter } from './run/limiter.ts'
import { ShardRun, type ShardTask } from './run/shard.ts'
import { settle } from './settling.ts'

export type RunnerPorts = {
  metadata: Metadata
  leasing: Leasing
  triggers: KnownTriggers
  streams: Streams
  caller: Caller
  place: Place
  clock: Clock
  random: Random
  logger: Logger
}

const LOOK_MS = 500
/** For calls under way when a trigger is disabled, changed, or this process closes. */
const GRACE_MS = 3000

/** What of a trigger all of its shards share here. */
type Shared = { limiter: Limiter; counters: TriggerCounters; trigger: TriggerRecord }

export class Runner {
  readonly #ports: RunnerPorts
  /** By the key that says so. */
  readonly #runs = new Map<string, ShardRun>()
  readonly #stopping = new Set<string>()
  readonly #shared = new Map<string, Shared>()
  #lease: Lease | undefined
  #runners: string[] = []
  #unwatch: (() => void)[] = []
  #cancel = () => {}
  #stopped = false
  #round: Promise<void> | undefined
  #again = false

  constructor(ports: RunnerPorts) {
    this.#ports = ports
  }

  async start(): Promise<void> {
    const { metadata, leasing, triggers } = this.#ports
    triggers.listen(() => this.#look())
    this.#unwatch = [
      leasing.watch(() => this.#leaseChanged()),
      await metadata.watch(RUNNERS, () => this.#look()),
      await metadata.watch(RUNNING, () => this.#look()),
    ]
    this.#repeat()
  }

  /** Shards that run here may run elsewhere when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    for (const unwatch of this.#unwatch) unwatch()
    await this.#round
    await Promise.all([...this.#runs.keys()].map(key => this.#end(key, GRACE_MS)))
    if (this.#lease)
      await this.#ports.metadata.commit({ guards: [], deletes: [runnerKey(this.#lease.id)] }).catch(() => {})
  }

  /** Of the triggers that run here, or did. */
  counters(): TriggerCounters[] {
    return [...this.#shared.values()].map(({ counters }) => counters)
  }

  #leaseChanged(): void {
    if (this.#ports.leasing.lease === this.#lease) return
    this.#lease = undefined
    for (const key of this.#runs.keys()) void this.#end(key, 0)
    this.#look()
  }

  #repeat(): void {
    this.#look()
    this.#cancel = this.#ports.clock.after(LOOK_MS, () => {
      if (!this.#stopped) this.#repeat()
    })
  }

  #look(): void {
    this.#again = true
    this.#round ??= this.#rounds().finally(() => (this.#round = undefined))
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      await this.#tend().catch(error =>
        this.#ports.logger.debug({ err: error }, 'triggers can not be looked after just now'),
      )
    }
  }

  async #tend(): Promise<void> {
    const { triggers, leasing } = this.#ports
    if (!this.#lease) await this.#join(leasing.lease)
    if (!this.#lease) return
    const all = triggers.list()
    if (all.length > 0 || this.#runs.size > 0) await this.#countRunners()
    const wanted = new Map<string, { trigger: KnownTrigger; task: Omit<ShardTask, 'held'> }>()
    for (const trigger of all) {
      for (const task of this.#tasksOf(trigger.record))
        wanted.set(runningKey(trigger.record.id, task.shard.id), { trigger, task })
    }
    for (const [key, run] of this.#runs) {
      const now = wanted.get(key)?.task.trigger
      if (!now || run.isLost || !isSame(now, run.task.trigger)) void this.#end(key, run.isLost ? 0 : GRACE_MS)
    }
    for (const [key, { task }] of wanted) await this.#begin(key, task)
    for (const trigger of all)
      if (this.#isOwn(trigger.record.id)) await settle(trigger, { ...this.#ports, now: () => this.#ports.clock.now() })
    this.#forget(all)
  }

  async #join(lease: Lease | undefined): Promise<void> {
    if (!lease) return
    await this.#ports.metadata.commit({ guards: [], puts: [{ key: runnerKey(lease.id), value: '{}', lease }] })
    if (this.#ports.leasing.lease === lease) this.#lease = lease
  }

  async #countRunners(): Promise<void> {
    const entries = await this.#ports.metadata.list(RUNNERS)
    this.#runners = entries.map(({ key }) => key.slice(RUNNERS.length))
  }

  /** What of the trigger this process should run. */
  #tasksOf(trigger: TriggerRecord): Omit<ShardTask, 'held'>[] {
    const isRunnable = trigger.enabled && (trigger.state === 'Enabled' || trigger.state === 'Updating')
    const stream = isRunnable ? this.#ports.streams.find(trigger.table, trigger.label) : undefined
    if (!stream) return []
    const { place } = this.#ports
    const names = { streamArn: streamArnOf(place, trigger), functionArn: functionArnOf(place, trigger.functionName) }
    return shardsOf(stream)
      .filter(({ id }: Shard) => this.#isOwn(`${trigger.id}/${id}`))
      .map(shard => ({ trigger, stream, shard, ...names }))
  }

  /** The runner with the greatest hash of both names. */
  #isOwn(name: string): boolean {
    const weight = (runner: string) => hashKey(Buffer.from(`${runner}/${name}`))
    const own = weight(this.#lease!.id)
    return this.#runners.every(runner => runner === this.#lease!.id || weight(runner) < own)
  }

  async #begin(key: string, task: Omit<ShardTask, 'held'>): Promise<void> {
    if (this.#runs.has(key) || this.#stopped || !(await this.#isNext(task))) return
    const { metadata, place, clock, random } = this.#ports
    const lease = this.#lease
    if (!lease) return
    const put = { key, value: JSON.stringify(lease.id), lease }
    // A key that could not be given back is this process's own.
    if (!(await metadata.get(key))) await metadata.commit({ guards: [{ key, version: 0 }], puts: [put] })
    const entry = await metadata.get(key)
    if (entry?.value !== put.value || this.#lease !== lease || this.#stopped) return
    const shared = this.#share(task.trigger)
    const ports = { ...this.#ports, ...shared, region: place.region, clock, uuid: () => random.uuid() }
    this.#runs.set(key, new ShardRun({ ...task, held: entry.version }, ports))
  }

  /** Whether all changes that come before the shard's are done with. */
  async #isNext({ trigger, stream, shard }: Omit<ShardTask, 'held'>): Promise<boolean> {
    for (const { id } of parentsOf(stream, shard, shardsOf(stream))) {
      const entry = await this.#ports.metadata.get(checkpointKey(trigger.id, id))
      const lanes = entry ? (JSON.parse(entry.value) as Checkpoint).lanes : [{ ended: false }]
      if (!lanes.every(({ ended }) => ended)) return false
    }
    return true
  }

  /** Others may begin once the key is gone. */
  async #end(key: string, graceMs: number): Promise<void> {
    const run = this.#runs.get(key)
    if (!run || this.#stopping.has(key)) return
    this.#stopping.add(key)
    await run.stop(graceMs)
    const { metadata } = this.#ports
    const guards = [{ key, version: run.task.held }]
    if (!run.isLost) await metadata.commit({ guards, deletes: [key] }).catch(() => {})
    this.#runs.delete(key)
    this.#stopping.delete(key)
    this.#look()
  }

  #share(trigger: TriggerRecord): Shared {
    const known = this.#shared.get(trigger.id)
    if (known) {
      known.trigger = trigger
      return known
    }
    const { table, functionName } = trigger
    const rates = () => this.#shareOf(shared.trigger)
    const shared: Shared = {
      trigger,
      counters: new TriggerCounters(table, functionName, () => this.#ports.clock.now()),
      limiter: new Limiter(rates, this.#ports.clock),
    }
    this.#shared.set(trigger.id, shared)
    return shared
  }

  /** The limits are of all processes together: each takes an even share, as far as that goes. */
  #shareOf({ settings }: TriggerRecord) {
    const count = Math.max(1, this.#runners.length)
    const { concurrency, perSecond } = settings.limits
    return {
      concurrency: concurrency && Math.max(1, Math.floor(concurrency / count)),
      perSecond: perSecond && perSecond / count,
    }
  }

  #forget(triggers: KnownTrigger[]): void {
    const ids = new Set(triggers.map(({ record }) => record.id))
    for (const id of this.#shared.keys()) if (!ids.has(id)) this.#shared.delete(id)
  }
}

/** For those who run it. */
function isSame(a: TriggerRecord, b: TriggerRecord): boolean {
  const facts = ({ functionName, settings }: TriggerRecord) => JSON.stringify([functionName, settings])
  return facts(a) === facts(b)
}
