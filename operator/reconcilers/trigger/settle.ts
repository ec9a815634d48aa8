/** Has the mapping made, and changed, until it is as wished; and made anew where the table has another stream than before. */
import type { Signing, TriggerRecord } from '../../../server/triggers/records.ts'
import { isBusy, isSenseless } from '../../dataplane/api.ts'
import { KubeError } from '../../kube/errors.ts'
import { SECRETS } from '../../kube/kinds.ts'
import {
  isAsWished,
  mappingInput,
  rivalOf,
  signingOf,
  type WishedTrigger,
  wishedTrigger,
} from '../../specs/triggers.ts'
import type { Context, Pause } from '../context.ts'
import { hasTable, removeMapping, type TriggerWork } from './work.ts'

const AGAIN_MS = 1000
const LATER_MS = 10_000

/** Errors: ApiError; KubeError; MetadataUnavailable. */
export async function settle(work: TriggerWork, context: Context): Promise<Pause | undefined> {
  const { trigger } = work
  const { tableName, signing } = trigger.spec
  if (!hasTable(trigger, context)) return noTable(work)
  const signature = signing && (await secretOf(work, signing.secretRef.name, context))
  if (signature && 'reason' in signature) return signature
  const wished = wishedTrigger(trigger.spec, signature)
  const pause = work.mapping && (await change(work, work.mapping, wished, context))
  if (pause) return pause
  const { stream, latestStreamLabel: label } = context.records.table(tableName) ?? {}
  if (!stream || label === undefined) return trouble('NoStream', `The table ${tableName} has no stream.`)
  if (work.mapping?.label === label) return undefined
  return work.mapping ? leave(work.mapping, context) : make(work, label, wished, context)
}

async function change(
  work: TriggerWork,
  mapping: TriggerRecord,
  wished: WishedTrigger,
  context: Context,
): Promise<Pause | undefined> {
  const { trigger } = work
  const { state, id, settings } = mapping
  if (state !== 'Enabled' && state !== 'Disabled') return passing(state)
  if (isAsWished(mapping, wished)) return undefined
  try {
    await context.api.mapping('PUT', id, mappingInput(wished))
  } catch (error) {
    return refusal(error, work, context)
  }
  const isOtherSecret = isAsWished(mapping, { ...wished, settings: { ...wished.settings, signing: settings.signing } })
  if (!isOtherSecret && trigger.status?.observedGeneration === trigger.metadata.generation)
    context.record(trigger, 'Warning', 'Overruled', 'The mapping was changed through the API; this resource holds.')
  else context.record(trigger, 'Normal', 'Changed', `The event source mapping ${id} was changed.`)
  return passing('Updating')
}

async function make(work: TriggerWork, label: string, wished: WishedTrigger, context: Context): Promise<Pause> {
  const { trigger } = work
  const { api, caches, records, mappings, record } = context
  const { tableName: table, target: functionName, startingPosition } = trigger.spec
  const rival = rivalOf(trigger, caches.triggers.list(), mappings.of({ table, label, functionName })?.id)
  if (rival) {
    const { namespace, name } = rival.metadata
    return trouble('TargetTaken', `The StreamTrigger ${namespace}/${name} has this target on this table.`)
  }
  const EventSourceArn = `${records.tableArn(table)}/stream/${label}`
  const { uuid, streamArn = EventSourceArn } = trigger.status ?? {}
  if (uuid !== undefined && streamArn === EventSourceArn)
    record(
      trigger,
      'Warning',
      'DeletedThroughApi',
      `The mapping ${uuid} was deleted through the API; it is made again.`,
    )
  // What came since another stream began is not left out.
  const StartingPosition = streamArn === EventSourceArn ? startingPosition : 'TRIM_HORIZON'
  try {
    const made = await api.mapping('POST', undefined, { ...mappingInput(wished), EventSourceArn, StartingPosition })
    record(trigger, 'Normal', 'Created', `The event source mapping ${made.UUID} was made.`)
    work.mapping = mappings.find(made.UUID)
    return passing('Creating')
  } catch (error) {
    return refusal(error, work, context)
  }
}

/** That of a stream that is over goes when all of it is delivered. */
async function leave(mapping: TriggerRecord, context: Context): Promise<Pause> {
  const pause = { reason: 'OldStream', message: 'The last changes of the stream before are being delivered.' }
  if (await context.mappings.isDelivered(mapping)) await removeMapping(mapping, context)
  return { ...pause, againMs: AGAIN_MS }
}

async function secretOf({ trigger }: TriggerWork, name: string, { client }: Context): Promise<Signing | Pause> {
  const { namespace = '' } = trigger.metadata
  try {
    const secret = await client.get(SECRETS, namespace, name)
    if (!secret) return trouble('NoSecret', `There is no Secret ${name} in ${namespace}.`)
    return signingOf(secret) ?? trouble('NoSecret', `The Secret ${name} has no key "secret".`)
  } catch (error) {
    if (!(error instanceof KubeError) || error.code !== 403) throw error
    return trouble('SecretForbidden', `The operator may not read Secrets of ${namespace}; see docs/operator.md.`)
  }
}

function refusal(error: unknown, { trigger }: TriggerWork, { record }: Context): Pause {
  const { message } = error as Error
  if (isBusy(error)) return { reason: 'Updating', message, againMs: AGAIN_MS }
  if (!isSenseless(error)) throw error
  record(trigger, 'Warning', 'Refused', message)
  return trouble('Refused', message)
}

function noTable({ trigger }: TriggerWork): Pause {
  const { namespace } = trigger.metadata
  return trouble('NoTable', `No Table of the namespace ${namespace} has the table ${trigger.spec.tableName}.`)
}

function passing(state: string): Pause {
  return { reason: state, message: `The event source mapping is ${state}.`, againMs: AGAIN_MS }
}

function trouble(reason: string, message: string): Pause {
  return { reason, message, againMs: LATER_MS, isTrouble: true }
}
