/** A change, as the text of a record (facts, section 5.3): the stored images are spliced in, never parsed. */
import type { StreamRecord } from '../cluster/streamrecords.ts'
import { itemOfRow } from '../codec/decode.ts'
import type { KeySchema } from '../model/schema.ts'
import { itemSize } from '../model/size.ts'
import type { ChangeRow } from '../partition/command.ts'
import type { changeNames } from './shards.ts'

/** What the records of a page have in common. */
export type RecordContext = {
  stream: StreamRecord
  key: KeySchema
  names: ReturnType<typeof changeNames>
  region: string
}

const BY_SERVICE = ',"userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"}'
/** Lambda spells it in its own way. */
const BY_SERVICE_IN_EVENT = ',"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}'

/** As GetRecords shows it. */
export function recordText(change: ChangeRow, context: RecordContext): string {
  return `${bodyOf(change, context)}${change.byService ? BY_SERVICE : ''}}`
}

/** As a Lambda function gets it, with the stream's ARN. */
export function eventRecordText(change: ChangeRow, context: RecordContext, arn: string): string {
  return `${bodyOf(change, context)}${change.byService ? BY_SERVICE_IN_EVENT : ''},"eventSourceARN":"${arn}"}`
}

export function eventNameOf({ before, after }: ChangeRow): 'INSERT' | 'MODIFY' | 'REMOVE' {
  if (before === undefined) return 'INSERT'
  return after === undefined ? 'REMOVE' : 'MODIFY'
}

function bodyOf(change: ChangeRow, { stream, key, names, region }: RecordContext): string {
  const { sequence, time, oldImage, newImage } = change
  const keys = itemOfRow(key, Buffer.from(change.key))
  const event = eventNameOf(change)
  const images = `${newImage === undefined ? '' : `"NewImage":${newImage},`}${oldImage === undefined ? '' : `"OldImage":${oldImage},`}`
  return (
    `{"eventID":"${names.eventId(sequence)}","eventName":"${event}","eventVersion":"1.1","eventSource":"aws:dynamodb",` +
    `"awsRegion":"${region}","dynamodb":{"ApproximateCreationDateTime":${Math.floor(time / 1000)},"Keys":${JSON.stringify(keys)},` +
    `${images}"SequenceNumber":"${names.sequence(sequence)}","SizeBytes":${sizeOf(change, itemSize(keys))},` +
    `"StreamViewType":"${stream.viewType}"}`
  )
}

function sizeOf({ oldImage, newImage, before, after }: ChangeRow, keySize: number): number {
  return keySize + (newImage === undefined ? 0 : after!) + (oldImage === undefined ? 0 : before!)
}
