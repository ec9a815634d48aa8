/** A table that is not there is made; one that was, and was deleted through the API, is not made again by itself. */
import { type ApiError, isBusy, isSenseless } from '../../dataplane/api.ts'
import { BACKUPS } from '../../resources/backup.ts'
import { ORIGIN, TABLES } from '../../resources/table.ts'
import { createCall, restoreCall } from '../../specs/requests.ts'
import { wishedSettings } from '../../specs/settings.ts'
import type { Context, Pause } from '../context.ts'
import type { Rung, TableWork } from './work.ts'

const AGAIN_MS = 1000
const LATER_MS = 30_000

export const make: Rung = async (work, context) => {
  const { record, table, name } = work
  if (record?.status === 'DELETING')
    return { reason: 'Deleting', message: 'The table is being deleted.', againMs: LATER_MS }
  if (record) return undefined
  const { status, metadata, spec } = table
  if (status?.tableId !== undefined && status.observedGeneration === metadata.generation) return deleted(work, context)
  const { normal } = wishedSettings(spec)
  const arn = await backupArn(work, context)
  if (typeof arn === 'object') return arn
  const call = spec.restoreFrom ? restoreCall(table, normal, spec.restoreFrom, arn) : createCall(table, normal)
  try {
    await context.api.call(call.operation, call.input)
  } catch (error) {
    // Somebody was faster, or the answer to an earlier call was lost.
    if (isBusy(error) || (error as ApiError).code === 'TableAlreadyExistsException')
      return { reason: 'Creating', message: (error as Error).message, againMs: AGAIN_MS }
    if (!isSenseless(error)) throw error
    context.record(table, 'Warning', 'CreateFailed', (error as Error).message)
    return { reason: 'CreateFailed', message: (error as Error).message, againMs: LATER_MS, isTrouble: true }
  }
  context.record(table, 'Normal', 'Created', `${call.operation} made the table ${name}.`)
  work.record = context.records.table(name)
  if (work.record?.status === 'ACTIVE') return undefined
  return { reason: 'Creating', message: 'The table is being made.', againMs: AGAIN_MS }
}

/** A table is asked to be ready before it is told anything. */
export const ready: Rung = async ({ record }) => {
  if (record?.status !== 'CREATING') return undefined
  return { reason: 'Creating', message: 'The table is being made.', againMs: AGAIN_MS }
}

async function deleted({ table, name }: TableWork, { client, record }: Context): Promise<Pause> {
  if (table.metadata.annotations?.[ORIGIN] === 'api') {
    await client.delete(TABLES, table)
    return { reason: 'DeletedThroughApi', message: `The table ${name} was deleted through the API.` }
  }
  const message = `The table ${name} was deleted through the API. Change this resource's spec to have it made again, or delete the resource.`
  record(table, 'Warning', 'DeletedThroughApi', message)
  return { reason: 'DeletedThroughApi', message, againMs: LATER_MS, isTrouble: true }
}

/** Of the Backup that the resource names, or as given; a pause while there is none. */
async function backupArn({ table }: TableWork, { client, caches }: Context): Promise<string | undefined | Pause> {
  const { name, arn } = table.spec.restoreFrom?.backup ?? {}
  if (name === undefined) return arn
  const { namespace = '' } = table.metadata
  const backup = caches.backups.get(`${namespace}/${name}`) ?? (await client.get(BACKUPS, namespace, name))
  if (backup?.status?.backupStatus === 'AVAILABLE') return backup.status.backupArn
  const message = backup ? `The Backup ${name} is not ready yet.` : `There is no Backup ${name} in ${namespace}.`
  return { reason: 'WaitingForBackup', message, againMs: 5000, isTrouble: !backup }
}
