/** The names of what is published: JetStream streams and subjects. Pure. */
import type { Realm } from '../../cluster/records.ts'
import type { Channel } from './bus.ts'

/** `prefix`: of all that is the cluster's. A shard's messages have a subject of their own, its table's a stream. */
export function channelOf(prefix: string, { account }: Realm, table: string, shard: string): Channel {
  const subjects = `${prefix}.changes.${account}.${token(table)}`
  return {
    stream: `${prefix}-changes-${account}-${token(table)}`,
    subject: `${subjects}.${shard}`,
    subjects: `${subjects}.*`,
  }
}

/** A table's name as a part of a subject: its dots would make parts of their own. */
function token(table: string): string {
  return table.replaceAll('.', '%2E')
}
