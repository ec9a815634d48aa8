/** What a Table says of its changes, by the servers' word. */
import test from 'ava'
import type { ClusterState } from '../../../operator/dataplane/state.ts'
import type { Condition } from '../../../operator/kube/objects.ts'
import type { Context } from '../../../operator/reconcilers/context.ts'
import { report } from '../../../operator/reconcilers/table/status.ts'
import type { Table } from '../../../operator/resources/table.ts'
import { poolOf } from '../../../operator/specs/pool.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import { recordOf, tableOf, USUAL } from './tables.ts'

test('changes that wait for NATS are a condition, which goes with the last of them that is published', async t => {
  let table = tableOf('orders')
  const condition = async (publishLagMs: number | undefined | 'silent'): Promise<Condition | undefined> => {
    const replicas = { wanted: 3, healthy: 3 }
    const shown = { name: 'orders', pool: 'p', partitions: 1, replicas, publishLagMs: Number(publishLagMs) }
    if (publishLagMs === undefined) delete (shown as { publishLagMs?: number }).publishLagMs
    const state: ClusterState = { nodes: [], tables: [shown], partitions: [], problems: [] }
    const context = {
      ...{ clock: systemClock, logger: silent, pauses: new Map(), records: { tableArn: (name: string) => name } },
      state: () => (publishLagMs === 'silent' ? Promise.reject(new Error('nobody answers')) : Promise.resolve(state)),
      api: { call: async () => ({ Table: {} }) },
      caches: { statefulSets: { get: () => undefined }, tables: { put: () => {} } },
      client: {
        applyStatus: async (_: unknown, written: Table) => (table = { ...table, status: written.status! }),
      },
    } as unknown as Context
    const pool = poolOf([table], 'shop', 'orders-storage', USUAL)!
    const work = { table, name: 'orders', pool, record: recordOf('orders'), synced: undefined, refused: [] }
    await report(work, context, undefined)
    return table.status!.conditions!.find(({ type }) => type === 'ChangesDelayed')
  }
  t.is(await condition(undefined), undefined)
  t.like(await condition(0), { status: 'False', reason: 'Published' })
  t.like(await condition(120_000), { status: 'True', reason: 'WaitingForNats', observedGeneration: 1 })
  // While nobody says, it is as it was.
  t.like(await condition('silent'), { status: 'True' })
  t.is(table.status!.conditions!.find(({ type }) => type === 'Ready')!.status, 'True')
  t.is(await condition(undefined), undefined)
})
