/** What is asked of any replica: reads that need not be the latest, and what storage nodes tell each other. */
import type { PartitionReader } from '../../cluster/leaders.ts'
import type { ReplicaReport } from '../../cluster/report.ts'
import type { Position } from '../../log/log.ts'
import type { Image, Page, RangeRequest } from '../../partition/command.ts'
import type { DigestAnswer, DigestQuestion, Finding } from '../../replica/digest.ts'
import { NotLeading } from '../../replica/pipeline.ts'
import type { Standing, Succession } from '../../replica/standing.ts'
import { bytes, image, json, nothing, optional, page, rangeRequest, text } from '../codecs.ts'
import type { Answering, Codec, Method } from '../method.ts'
import type { Chunk } from '../sendings.ts'

export const replicaGet: Method<Buffer, Image | undefined> = {
  name: 'replica.get',
  repeatable: true,
  ask: bytes,
  answer: optional(image),
  call: (there, partition, key) => readerOf(there, partition).get(key),
}

export const replicaRange: Method<RangeRequest, Page> = {
  name: 'replica.range',
  repeatable: true,
  ask: rangeRequest,
  answer: page,
  call: (there, partition, request) => readerOf(there, partition).range(request),
}

const standingsByPartition: Codec<Map<string, Standing>> = {
  write: (out, standings) => out.json([...standings]),
  read: fields => new Map(fields.json<[string, Standing][]>()),
}

export const standings: Method<string[], Map<string, Standing>> = {
  name: 'standings',
  repeatable: true,
  ask: json(),
  answer: standingsByPartition,
  call: ({ node }, _, partitions) => node.standings(partitions),
}

export const chain: Method<Position, string | undefined> = {
  name: 'chain',
  repeatable: true,
  ask: json(),
  answer: optional(text),
  call: ({ node }, partition, position) => node.chain(partition, position),
}

/** What some rows come to, for the comparison of replicas. */
export const digest: Method<DigestQuestion, DigestAnswer> = {
  name: 'digest',
  repeatable: true,
  ask: json(),
  answer: json(),
  call: ({ node }, partition, question) => node.digest(partition, question),
}

/** That the replica there is not like the others. */
export const distrust: Method<Finding, void> = {
  name: 'distrust',
  repeatable: true,
  ask: json(),
  answer: nothing,
  call: ({ node }, partition, finding) => node.distrust(partition, finding),
}

/** That the node is to lead the partition in a moment. */
export const expect: Method<void, void> = {
  name: 'expect',
  repeatable: true,
  ask: nothing,
  answer: nothing,
  call: ({ node }, partition) => node.expect(partition),
}

export const succeed: Method<Succession, void> = {
  name: 'succeed',
  repeatable: true,
  ask: json(),
  answer: nothing,
  call: ({ node }, partition, succession) => node.succeed(partition, succession),
}

/** What the node holds, for those who look after the cluster. */
export const report: Method<void, ReplicaReport[]> = {
  name: 'report',
  repeatable: true,
  ask: nothing,
  answer: json(),
  call: ({ node }) => node.report(),
}

/** Begins to send the partition's file. The answer names what is sent, for `snapshotNext`. */
export const snapshotOpen: Method<void, number> = {
  name: 'snapshot.open',
  repeatable: true,
  ask: nothing,
  answer: json(),
  call: ({ node, sendings }, partition) => sendings.open(node.snapshot(partition)),
}

const ENDED = 0
const SOON = 1
const CHUNK = 2

const chunk: Codec<Chunk> = {
  write(out, next) {
    if (next === 'ended') return out.u8(ENDED)
    if (next === 'soon') return out.u8(SOON)
    out.u8(CHUNK)
    out.bytes(next)
  },
  read(fields) {
    const kind = fields.u8()
    if (kind === CHUNK) return fields.bytes()
    return kind === ENDED ? 'ended' : 'soon'
  },
}

export const snapshotNext: Method<number, Chunk> = {
  name: 'snapshot.next',
  repeatable: false,
  ask: json(),
  answer: chunk,
  call: ({ sendings }, _, sending) => sendings.next(sending),
}

export const snapshotClose: Method<number, void> = {
  name: 'snapshot.close',
  repeatable: true,
  ask: json(),
  answer: nothing,
  call: ({ sendings }, _, sending) => sendings.close(sending),
}

function readerOf({ node }: Answering, partition: string): PartitionReader {
  const replica = node.replica(partition)
  if (!replica) throw new NotLeading(`partition ${partition} is not here`)
  return replica
}
