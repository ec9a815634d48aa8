/** A table belongs to one resource: the first that asks for its name. */
import { FINALIZER, TABLES } from '../../resources/table.ts'
import { holdsName } from '../claims.ts'
import type { Context } from '../context.ts'
import { patchTable, type Rung } from './work.ts'

const AGAIN_MS = 30_000

/** Before anything is made, so that nothing is left behind. */
export const finalizer: Rung = async (work, context) => {
  const finalizers = work.table.metadata.finalizers ?? []
  if (!finalizers.includes(FINALIZER))
    await patchTable(work, context, { metadata: { finalizers: [...finalizers, FINALIZER] } })
  return undefined
}

export const claim: Rung = async (work, context) => {
  const { records } = context
  const { name, table } = work
  const { namespace = '', name: own, uid = '' } = table.metadata
  const present = records.claim(name)
  if (!holdsName(table, records)) {
    if (present && !('retained' in present) && (await isThere(present, context)))
      return {
        reason: 'NameTaken',
        message: `The table ${name} belongs to the Table ${present.namespace}/${present.name}; give this one another tableName.`,
        againMs: AGAIN_MS,
        isTrouble: true,
      }
    if (!(await records.setClaim(name, { namespace, name: own, uid })))
      return { reason: 'Claiming', message: `The name ${name} is being claimed.`, againMs: 100 }
  }
  work.record = records.table(name)
  return undefined
}

/** Asked of the API server: what is not in the cache may be just coming. */
async function isThere(claim: { namespace: string; name: string; uid: string }, { client }: Context): Promise<boolean> {
  return (await client.get(TABLES, claim.namespace, claim.name))?.metadata.uid === claim.uid
}
