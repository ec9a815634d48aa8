/** The names of what is published: JetStream streams and subjects. Pure. */
import type { Realm } from '../../cluster/records.ts'
import type { Channel } from './bus.ts'

/** `prefix`: of all that is the cluster's. A shard's messages have a subject of their own, its table's a stream. */
export function channelOf(prefix: string, realm: Realm, table: string, shard: string): Channel {
  const subjects = `${prefix}.changes.${realm.account}.${token(table)}`
  return {
    stream: streamOf(prefix, realm, table),
    subject: `${subjects}.${shard}`,
    subjects: `${subjects}.*`,
  }
}

/** Of all of a table's shards. */
export function streamOf(prefix: string, realm: Realm, table: string): string {
  return channelsOf(prefix, realm).streams + token(table)
}

/** Of all tables: how their streams begin, and all of their subjects. */
export function channelsOf(prefix: string, { account }: Realm): { streams: string; subjects: string } {
  return { streams: `${prefix}-changes-${account}-`, subjects: `${prefix}.changes.${account}.>` }
}

/** A table's name as a part of a subject: its dots would make parts of their own. */
function token(table: string): string {
  return table.replaceAll('.', '%2E')
}
