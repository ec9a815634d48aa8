/** What the elected operator does: it watches, queues what has changed, and has it seen to. */
import type { Clock } from '../server/base/clock.ts'
import type { Logger } from '../server/base/logger.ts'
import type { Api } from './dataplane/api.ts'
import type { Mappings } from './dataplane/mappings.ts'
import type { Records } from './dataplane/records.ts'
import type { KubeClient } from './kube/client.ts'
import { isConflict } from './kube/errors.ts'
import { keyOf, PODS, STATEFUL_SETS, VOLUME_CLAIMS } from './kube/kinds.ts'
import type { KubeObject } from './kube/objects.ts'
import type { Recorder } from './kube/recorder.ts'
import { Reflector } from './kube/reflector.ts'
import { Observer } from './observer.ts'
import { Queue } from './queue/queue.ts'
import { adopt } from './reconcilers/adoption.ts'
import { reconcileBackup } from './reconcilers/backup.ts'
import type { Caches, Context } from './reconcilers/context.ts'
import { reconcilePool } from './reconcilers/pool/reconcile.ts'
import { OTHERS } from './reconcilers/pool/workload.ts'
import { reconcileSchedule } from './reconcilers/schedule.ts'
import { reconcileTable } from './reconcilers/table/reconcile.ts'
import { reconcileTrigger } from './reconcilers/trigger/reconcile.ts'
import { BACKUPS, SCHEDULED_BACKUPS } from './resources/backup.ts'
import { STREAM_TRIGGERS, type StreamTrigger } from './resources/streamtrigger.ts'
import { TABLES, type Table, tableNameOf } from './resources/table.ts'
import { DEFAULT_POOL, poolIdOf, sharedWorkload, workloadOf } from './specs/names.ts'
import { type DefaultPool, poolKey } from './specs/pool.ts'
import { MANAGED_SELECTOR, type StorageSettings, WORKLOAD_LABEL } from './specs/storage.ts'

export type WorkPorts = {
  client: KubeClient
  api: Api
  records: Records
  mappings: Mappings
  record: Recorder
  clock: Clock
  logger: Logger
}

export type WorkOptions = {
  storage: StorageSettings
  usual: DefaultPool
  /** How many resources are seen to at once. */
  workers?: number
  /** How often all is seen to again, though nothing seems to have changed, in milliseconds. */
  resyncMs?: number
}

const RECONCILERS = {
  table: reconcileTable,
  pool: reconcilePool,
  backup: reconcileBackup,
  schedule: reconcileSchedule,
  trigger: reconcileTrigger,
  adoption: adopt,
}

type Concern = keyof typeof RECONCILERS

export class Work {
  readonly #ports: WorkPorts
  readonly #usual: DefaultPool
  readonly #caches: Caches
  readonly #queue: Queue
  readonly #observer: Observer
  /** How often something was seen to, and how often that failed. */
  readonly counts = { reconciled: 0, failed: 0 }

  constructor(ports: WorkPorts, { storage, usual, workers = 8, resyncMs }: WorkOptions) {
    const { client, clock, logger } = ports
    this.#ports = ports
    this.#usual = usual
    this.#caches = cachesOf({ client, clock, logger }, resyncMs)
    this.#observer = new Observer(ports.api, clock, logger, ({ tables, pools, zones }) => {
      for (const name of tables) this.#lookAtTable(name)
      for (const id of pools) for (const key of this.#workloadsOf(id)) this.#add('pool', key)
      for (const id of zones) for (const key of this.#workloadsOf(id)) this.#lookAtTablesOf(key)
    })
    const context: Context = {
      ...{ ...ports, storage, usual, caches: this.#caches },
      state: () => this.#observer.state(),
      pauses: new Map(),
      lookAtPool: key => this.#add('pool', key),
      lookAtTables: key => this.#lookAtTablesOf(key),
    }
    const work = (item: string) => {
      const [concern, key] = split(item)
      this.counts.reconciled += 1
      return RECONCILERS[concern](key, context)
    }
    this.#queue = new Queue(clock, { workers }, work, (item, error, restMs) => this.#failed(item, error, restMs))
  }

  /** Resolves when all that is there is known, and queued. */
  async start(): Promise<void> {
    const { records, mappings } = this.#ports
    const { tables, backups, schedules, triggers, statefulSets, pods, volumes, others } = this.#caches
    // Before anything is done: what pods are for is known by the tables.
    await Promise.all(this.#all().map(cache => cache.start()))
    await records.start(name => this.#lookAtTable(name))
    await mappings.start(ids => this.#lookAtTriggers(({ status }) => ids.includes(status?.uuid ?? '')))
    tables.listen(key => this.#tableChanged(key))
    backups.listen(key => this.#add('backup', key))
    schedules.listen(key => this.#add('schedule', key))
    triggers.listen(key => this.#add('trigger', key))
    statefulSets.listen(key => this.#workloadChanged(key))
    for (const cache of others.values()) cache.listen(key => this.#add('pool', key))
    pods.listen(key => this.#partChanged(pods.get(key), key))
    volumes.listen(key => this.#partChanged(volumes.get(key), key))
    for (const table of tables.list()) this.#tableChanged(keyOf(table))
    for (const backup of backups.list()) this.#add('backup', keyOf(backup))
    for (const schedule of schedules.list()) this.#add('schedule', keyOf(schedule))
    for (const trigger of triggers.list()) this.#add('trigger', keyOf(trigger))
    for (const { name } of records.tables()) this.#add('adoption', name)
    const workload = sharedWorkload(DEFAULT_POOL)
    this.#add('pool', poolKey({ namespace: this.#usual.namespace, workload }))
    this.#observer.start()
  }

  async stop(): Promise<void> {
    this.#observer.stop()
    this.#ports.records.stop()
    this.#ports.mappings.stop()
    await this.#queue.stop()
    await Promise.all(this.#all().map(cache => cache.stop()))
  }

  /** How much is waiting, or being done. */
  get waiting(): number {
    return this.#queue.length
  }

  #all(): Reflector<KubeObject>[] {
    const { others, ...caches } = this.#caches
    return [...others.values(), ...Object.values(caches)]
  }

  #add(concern: Concern, key: string): void {
    this.#queue.add(`${concern} ${key}`)
  }

  #tableChanged(key: string): void {
    this.#add('table', key)
    const table = this.#caches.tables.get(key)
    if (!table) return
    const { namespace = '' } = table.metadata
    this.#add('pool', poolKey({ namespace, workload: workloadOf(table) }))
  }

  /** By the name in the DynamoDB API. */
  #lookAtTable(name: string): void {
    const own = this.#caches.tables.list().filter(table => tableNameOf(table) === name)
    for (const table of own) this.#add('table', keyOf(table))
    if (own.length === 0) this.#add('adoption', name)
    this.#lookAtTriggers(({ spec }) => spec.tableName === name)
  }

  #lookAtTriggers(isMeant: (trigger: StreamTrigger) => boolean): void {
    for (const trigger of this.#caches.triggers.list()) if (isMeant(trigger)) this.#add('trigger', keyOf(trigger))
  }

  /** A StatefulSet says how many pods are ready: its tables show it. */
  #workloadChanged(key: string): void {
    this.#add('pool', key)
    this.#lookAtTablesOf(key)
  }

  #lookAtTablesOf(pool: string): void {
    for (const table of this.#tablesOf(pool)) this.#add('table', keyOf(table))
  }

  #partChanged(part: KubeObject | undefined, key: string): void {
    const namespace = key.slice(0, key.indexOf('/'))
    const workload = part?.metadata.labels?.[WORKLOAD_LABEL] ?? /\/(?:data-)?(.+)-\d+$/.exec(key)?.[1]
    if (workload !== undefined) this.#add('pool', poolKey({ namespace, workload }))
  }

  /** Keys of the StatefulSets whose pods are of the pool. */
  #workloadsOf(id: string): string[] {
    return this.#caches.statefulSets.list().flatMap(set => {
      const { namespace = '', name } = set.metadata
      return poolIdOf(namespace, name, this.#usual.namespace) === id ? [keyOf(set)] : []
    })
  }

  #tablesOf(pool: string): Table[] {
    return this.#caches.tables
      .list()
      .filter(table => poolKey({ namespace: table.metadata.namespace!, workload: workloadOf(table) }) === pool)
  }

  #failed(item: string, error: Error, restMs: number): void {
    this.counts.failed += 1
    const { logger } = this.#ports
    // Somebody else wrote first: the next look sees it.
    if (isConflict(error)) logger.debug({ item, err: error }, 'somebody else wrote first')
    else logger.warn({ item, restMs, err: error }, 'this could not be seen to; it is tried again')
  }
}

function split(item: string): [Concern, string] {
  const space = item.indexOf(' ')
  return [item.slice(0, space) as Concern, item.slice(space + 1)]
}

function cachesOf(ports: Pick<WorkPorts, 'client' | 'clock' | 'logger'>, resyncMs: number | undefined): Caches {
  const own = { selection: { labels: MANAGED_SELECTOR }, resyncMs }
  return {
    tables: new Reflector(ports, TABLES, { resyncMs }),
    backups: new Reflector(ports, BACKUPS, { resyncMs }),
    schedules: new Reflector(ports, SCHEDULED_BACKUPS, { resyncMs }),
    triggers: new Reflector(ports, STREAM_TRIGGERS, { resyncMs }),
    statefulSets: new Reflector(ports, STATEFUL_SETS, own),
    pods: new Reflector(ports, PODS, own),
    volumes: new Reflector(ports, VOLUME_CLAIMS, own),
    others: new Map(OTHERS.map(kind => [kind.kind, new Reflector<KubeObject>(ports, kind, own)])),
  }
}
