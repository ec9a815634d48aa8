/** What a look at the cluster has seen to: no more than what has changed, for there may be a thousand tables in a pool. */
import test from 'ava'
import type { ClusterState } from '../../../operator/dataplane/state.ts'
import { type Changed, Observer } from '../../../operator/observer.ts'
import { silent } from '../../../server/base/logger.ts'
import { rest, StillClock } from './scripted.ts'

const node = (name: string, members: object = {}) => {
  return { name, zone: 'z1', pool: 'p', live: true, draining: false, replicas: 1, healthy: 1, empty: false, ...members }
}
const table = (name: string, healthy: number) => ({ name, pool: 'p', partitions: 1, replicas: { wanted: 3, healthy } })
const BASE: ClusterState = { nodes: [node('a'), node('b')], tables: [table('t', 3)], partitions: [], problems: [] }

/** What is told at the second look, of a state that follows `BASE`. */
async function toldOf(next: ClusterState): Promise<Changed | undefined> {
  let told: Changed | undefined
  const clock = new StillClock()
  const states = [BASE, next]
  const api = { call: async () => ({}), mapping: async () => ({}), cluster: async () => states.shift() ?? next }
  const observer = new Observer(api, clock, silent, changed => {
    told = changed
  })
  observer.start()
  await rest()
  told = undefined
  await clock.pass(5000)
  observer.stop()
  return told
}

test('what has not changed is not told', async t => {
  t.is(await toldOf(structuredClone(BASE)), undefined)
})

test('a table is told of alone', async t => {
  t.deepEqual(await toldOf({ ...BASE, tables: [table('t', 2), table('u', 3)] }), {
    tables: ['t', 'u'],
    pools: [],
    zones: [],
  })
})

test('a pool is told of alone as long as its tables show nothing of it', async t => {
  const busy = { ...BASE, nodes: [node('a', { healthy: 0 }), node('b', { empty: true })] }
  t.deepEqual(await toldOf(busy), { tables: [], pools: ['p'], zones: [] })
  const away = { ...BASE, nodes: [node('a', { live: false }), node('b')] }
  t.deepEqual(await toldOf(away), { tables: [], pools: ['p'], zones: [] }, 'the zone has another one')
  const other = { ...BASE, nodes: [node('a', { zone: 'z2' }), node('b')] }
  t.deepEqual(await toldOf(other), { tables: [], pools: ['p'], zones: ['p'] })
})
