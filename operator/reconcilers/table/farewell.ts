/** A Table that is being deleted: its table goes, or stays, as `deletionPolicy` says, and then its pods. */
import { isBusy, isMissing, isSenseless } from '../../dataplane/api.ts'
import { isGone, isNotFound } from '../../kube/errors.ts'
import { FINALIZER } from '../../resources/table.ts'
import { holdsName } from '../claims.ts'
import type { Context, Pause } from '../context.ts'
import { removePool } from '../pool/removal.ts'
import { patchTable, type Rung, type TableWork } from './work.ts'

const AGAIN_MS = 1000
const LATER_MS = 30_000

/** Ends with the finalizer gone, or with a pause. */
export const farewell: Rung = async (work, context) => {
  if (!work.table.metadata.finalizers?.includes(FINALIZER)) return undefined
  if (holdsName(work.table, context.records)) {
    const pause = await letGo(work, context)
    if (pause) return pause
  }
  const finalizers = work.table.metadata.finalizers.filter(finalizer => finalizer !== FINALIZER)
  try {
    await patchTable(work, context, { metadata: { finalizers } })
  } catch (error) {
    if (!isNotFound(error) && !isGone(error)) throw error
  }
  return undefined
}

async function letGo(work: TableWork, context: Context): Promise<Pause | undefined> {
  const { records, record } = context
  const { table, name, pool } = work
  work.record = records.table(name)
  if (work.record && table.spec.deletionPolicy === 'Retain') {
    record(
      table,
      'Normal',
      'Retained',
      `The table ${name} stays, with its pods and volumes. A Table of this tableName takes it back.`,
    )
    return claimed(await records.setClaim(name, { retained: true }))
  }
  if (work.record) return deleteTable(work, context)
  if (!(await records.setPlacement(name, undefined))) return claimed(false)
  const pause = await removePool(pool, table, context)
  if (pause) return pause
  return claimed(await records.setClaim(name, undefined))
}

async function deleteTable({ table, name, record }: TableWork, context: Context): Promise<Pause> {
  const { api } = context
  const gone: Pause = { reason: 'Deleting', message: 'The table is being deleted.', againMs: AGAIN_MS }
  if (record!.status === 'DELETING') return gone
  try {
    if (record!.deletionProtection) {
      // Where the resource says nothing, protection was not its to take away.
      if (table.spec.deletionProtectionEnabled !== false) return protectedPause(name)
      await api.call('UpdateTable', { TableName: name, DeletionProtectionEnabled: false })
    }
    await api.call('DeleteTable', { TableName: name })
    context.record(table, 'Normal', 'Deleting', `DeleteTable was asked for the table ${name}.`)
    return gone
  } catch (error) {
    if (isMissing(error) || isBusy(error)) return gone
    if (!isSenseless(error)) throw error
    return { reason: 'DeleteFailed', message: (error as Error).message, againMs: LATER_MS, isTrouble: true }
  }
}

function protectedPause(name: string): Pause {
  return {
    reason: 'DeletionProtected',
    message: `The table ${name} is protected from deletion: set spec.deletionProtectionEnabled to false to let it go, or spec.deletionPolicy to Retain to keep it.`,
    againMs: LATER_MS,
    isTrouble: true,
  }
}

function claimed(done: boolean): Pause | undefined {
  return done ? undefined : { reason: 'Deleting', message: 'The name is being given back.', againMs: 100 }
}
