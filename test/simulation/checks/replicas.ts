/** All replicas of a partition come to be the same. */
import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { PARTITIONS, parsePartition } from '../../../server/cluster/records.ts'
import type { World } from '../world.ts'
import type { Looking } from './checks.ts'

/** What apply alone changes: a function of the entries. */
const TABLES = [
  'item',
  'local_index',
  'local_statistics',
  'consumed',
  'state',
  'stream',
  'change',
  'changed_entry',
  'expiry',
  'prepared',
  'decision',
  'token',
]

const NUDGE_MS = 10_000

/** Errors: replicas that stay behind, or differ. */
export function checkReplicas(world: World, { wait }: Looking): void {
  const stopped = () =>
    [...world.nodes.values()].flatMap(({ host, process }) =>
      host.stopped().map(({ partition, reason }) => `${partition} on ${process.name}: ${reason}`),
    )
  try {
    // One whose last entry the leader knows is rebuilt.
    wait('no replica has stopped', () => stopped().length === 0)
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${stopped().join()}`)
  }
  const late = () => {
    const records = world.metadata.list(PARTITIONS).map(({ value }) => parsePartition(value))
    return records.flatMap(({ id, replicas }) => {
      const end = world.logs.logs.get(id)?.end
      const appliedOn = (node: string) => world.nodes.get(node)?.host.replica(id)?.standing.applied
      return replicas.filter(node => appliedOn(node) !== end).map(node => ({ id, node, applied: appliedOn(node), end }))
    })
  }
  const behind = () => late().map(({ id, node, applied, end }) => `${id} on ${node} at ${applied} of ${end}`)
  // What is copied meanwhile is no replica yet.
  const joining = () => world.metadata.list(PARTITIONS).filter(({ value }) => parsePartition(value).move)
  wait('all replicas that move have done so', () => joining().length === 0)
  // One that leads finds that another one had begun to with its next append, and nothing is asked of it any more.
  let due = 0
  const nudge = () => {
    due = world.time.now + NUDGE_MS
    for (const { id, node } of late()) if (world.nodes.get(node)?.host.leader(id)) world.doomLease(node)
  }
  try {
    wait('all replicas have applied their logs', () => {
      if (world.time.now >= due) nudge()
      return behind().length === 0
    })
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${behind().join()}`)
  }
  world.settle('all')
  // One that a node has left may be there for a moment more.
  const records = world.metadata.list(PARTITIONS).map(({ value }) => parsePartition(value))
  const holders = new Map(records.map(({ id, replicas }) => [`${id}.db`, replicas]))
  const seen = new Map<string, { node: string; rows: string }>()
  for (const node of world.nodes.keys()) {
    const { folder } = world.disk(node)
    for (const file of readdirSync(folder).filter(file => holders.get(file)?.includes(node))) {
      const rows = rowsOf(`${folder}/${file}`)
      const first = seen.get(file)
      if (!first) seen.set(file, { node, rows })
      else if (first.rows !== rows)
        throw new Error(`${file} differs: ${difference(first.rows, rows)} (${first.node}, ${node})`)
    }
  }
}

function rowsOf(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    const known = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]
    const tables = TABLES.filter(table => known.some(({ name }) => name === table))
    return tables
      .flatMap(table => {
        const statement = database.prepare(`SELECT * FROM ${table}`)
        statement.setReadBigInts(true)
        return statement
          .all()
          .map(
            row => `${table} ${JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
          )
      })
      .sort()
      .join('\n')
  } finally {
    database.close()
  }
}

function difference(a: string, b: string): string {
  const [left, right] = [a.split('\n'), b.split('\n')]
  const only = (mine: string[], others: string[]) => mine.filter(row => !others.includes(row)).slice(0, 2)
  return `${only(left, right).join(' ')} against ${only(right, left).join(' ')}`.slice(0, 1000)
}
