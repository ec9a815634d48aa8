/** A table that was made through the API gets a resource, in the namespace of the cluster's default pool. */
import { isConflict } from '../kube/errors.ts'
import { API_VERSION, ORIGIN, TABLES, type Table, tableNameOf } from '../resources/table.ts'
import { specOfRecord } from '../specs/mirror.ts'
import { DEFAULT_POOL, resourceNameOf } from '../specs/names.ts'
import type { Context } from './context.ts'

/** `name`: of the table. Answers when to look again, in milliseconds. Errors: KubeError. */
export async function adopt(name: string, context: Context): Promise<number | undefined> {
  const { client, caches, records, usual } = context
  const record = records.table(name)
  if (!record || record.status === 'DELETING' || records.claim(name)) return undefined
  if (caches.tables.list().some(table => tableNameOf(table) === name)) return undefined
  const { nodes, size } = usual
  const pool = { pool: DEFAULT_POOL, nodes, size }
  const spec = { ...specOfRecord(record, DEFAULT_POOL, record.partitions.length), storage: pool }
  const shown = (await context.state()).tables.find(table => table.name === name)
  const resource = {
    apiVersion: API_VERSION,
    kind: 'Table',
    metadata: {
      name: resourceNameOf(name),
      namespace: usual.namespace,
      annotations: { [ORIGIN]: 'api' },
    },
    spec: { ...spec, ...(shown && { replicas: Math.min(5, shown.replicas.wanted) }) },
  }
  try {
    const made = await client.create(TABLES, resource as unknown as Table)
    caches.tables.put(made)
    context.record(made, 'Normal', 'Adopted', `The table ${name} was made through the API.`)
  } catch (error) {
    if (!isConflict(error)) throw error
  }
  return undefined
}
