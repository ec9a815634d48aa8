/** The settings of a table that is there: each is told to the table, or written to the resource, by who changed it last. */
import { isDeepStrictEqual } from 'node:util'
import { isBusy, isSenseless } from '../../dataplane/api.ts'
import type { Settings } from '../../resources/table.ts'
import { mergeSettings } from '../../specs/merge.ts'
import { mirrorPatch } from '../../specs/mirror.ts'
import { changeCalls } from '../../specs/requests.ts'
import { actualSettings, type Normal, type Setting, wishedSettings } from '../../specs/settings.ts'
import type { Context, Pause } from '../context.ts'
import { patchTable, type Rung, type TableWork } from './work.ts'

/** Who changed a resource's spec because its table was changed through the API, for `managedFields`. */
export const API_MANAGER = 'tavola-api'

const AGAIN_MS = 1000
const LATER_MS = 60_000

export const settle: Rung = async (work, context) => {
  const { table, record, name } = work
  if (!record) return { reason: 'Creating', message: 'The table is being made.', againMs: AGAIN_MS }
  const differing = keysDiffer(work)
  if (differing) return differing
  const { normal: wished, given } = wishedSettings(table.spec)
  const base = table.status?.tableId === record.id ? (work.synced as Partial<Normal> | undefined) : undefined
  const merged = mergeSettings(wished, given, actualSettings(record), base)
  work.synced = merged.synced as Settings
  if (merged.mirror.length > 0) {
    await patchTable(work, context, { spec: mirrorPatch(record, merged.mirror, table.spec) }, API_MANAGER)
    const actual = actualSettings(record)
    work.synced = { ...merged.synced, ...pick(actual, merged.mirror) } as Settings
    context.record(
      table,
      'Normal',
      'ChangedThroughApi',
      `The table was changed through the API: ${listed(merged.mirror)}.`,
    )
  }
  if (merged.overruled.length > 0)
    context.record(
      table,
      'Warning',
      'Overruled',
      `The table and this resource were both changed; the resource's word holds: ${listed(merged.overruled)}.`,
    )
  return pushAll(work, context, merged.push, wished, name)
}

async function pushAll(
  work: TableWork,
  context: Context,
  settings: Setting[],
  wished: Normal,
  name: string,
): Promise<Pause | undefined> {
  const arn = context.records.tableArn(name)
  for (const setting of settings) {
    const calls = changeCalls(work.table, arn, setting, wished, actualSettings(work.record!))
    try {
      for (const { operation, input } of calls) await context.api.call(operation, input)
      context.record(work.table, 'Normal', 'Changed', `The table was told: ${listed([setting])}.`)
    } catch (error) {
      if (isBusy(error)) return { reason: 'Updating', message: (error as Error).message, againMs: AGAIN_MS }
      if (!isSenseless(error)) throw error
      work.refused.push(`${listed([setting])}: ${(error as Error).message}`)
      continue
    }
    work.record = context.records.table(name) ?? work.record
    const now = actualSettings(work.record!)
    if (isDeepStrictEqual(now[setting], wished[setting]))
      work.synced = { ...work.synced, ...pick(now, [setting]) } as Settings
  }
  if (work.refused.length > 0) {
    const message = work.refused.join(' ')
    context.record(work.table, 'Warning', 'Refused', message)
    return { reason: 'Refused', message, againMs: LATER_MS, isTrouble: true }
  }
  if (settings.length === 0 && work.record!.status !== 'UPDATING') return undefined
  return { reason: 'Updating', message: 'The table is being changed.', againMs: AGAIN_MS }
}

/** A table that was there before the resource may be another one. */
function keysDiffer({ table: { spec }, record, name }: TableWork): Pause | undefined {
  const theirs = record!.keySchema.map(({ AttributeName, KeyType }) => `${AttributeName} (${KeyType})`)
  const mine = spec.keySchema?.map(({ attributeName, keyType }) => `${attributeName} (${keyType})`)
  if (mine === undefined || isDeepStrictEqual(mine, theirs)) return undefined
  return {
    reason: 'OtherKeys',
    message: `The table ${name} was there before, with other keys: ${theirs.join(', ')}. Nothing of it is changed.`,
    againMs: LATER_MS,
    isTrouble: true,
  }
}

function pick(normal: Normal, settings: Setting[]): Settings {
  const present = settings.filter(setting => normal[setting] !== undefined)
  return Object.fromEntries(present.map(setting => [setting, normal[setting]])) as Settings
}

/** For people. */
function listed(settings: Setting[]): string {
  return settings
    .map(setting =>
      setting
        .replace(/^index:/, 'index ')
        .replace(/([A-Z])/g, ' $1')
        .toLowerCase(),
    )
    .join(', ')
}
