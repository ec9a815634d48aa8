/**
 * The log's files damaged on one of its servers while that is down; then it comes back and, of NATS, is made to lead every
 * stream. What it has lost it must get back, from its peers or from a replica; nothing else may be believed.
 */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Server } from '../../../scripts/cluster/process.ts'
import type { Random } from '../random.ts'
import type { Fault } from './fault.ts'
import type { Site } from './site.ts'

type Harm = (file: string, random: Random) => void

/** Files of a server's streams, and of what it has agreed on with others about them. */
const MESSAGES = /\/streams\/tavola-[^/]+\/msgs\/[^/]+\.blk$/
const RAFT = /\/_js_\/S-[^/]+\/msgs\/[^/]+\.blk$/

const AWAY_MS = 1500
const LEAD_MS = 4000
const MEND_MS = 15_000
const LEAD_TRIES = 30
const START_MS = 10_000
const WATCH_MS = 5000

const truncated: Harm = file => truncateSync(file, Math.floor(statSync(file).size * 0.6))
const deleted: Harm = file => rmSync(file)
/** One bit in each of some places. */
const flipped: Harm = (file, random) => {
  const [descriptor, { size }] = [openSync(file, 'r+'), statSync(file)]
  for (let i = 0; i < 1 + size / 20_000; i++) {
    const [place, byte] = [random.below(size), Buffer.alloc(1)]
    readSync(descriptor, byte, 0, 1, place)
    byte[0]! ^= 1 << random.below(8)
    writeSync(descriptor, byte, 0, 1, place)
  }
  closeSync(descriptor)
}

const HARMS = { truncated, flipped, deleted }

/** Of one server, and of all at once: then only the replicas have what is missing. */
export const DAMAGES: Record<string, Fault> = {
  ...Object.fromEntries(Object.entries(HARMS).flatMap(damagesBy)),
  'nats-all-truncated': {
    expects: 'what is missing is put back from a replica',
    log: 'jetstream',
    play: site => shortenAll(site),
  },
}

function damagesBy([how, harm]: [string, Harm]): [string, Fault][] {
  const nats: Fault = {
    expects: 'what is missing is put back',
    log: 'jetstream',
    play: (site, random) => damageNats(site, random, harm),
  }
  const etcd: Fault = {
    expects: 'the member is found out, and replaced',
    play: (site, random) => damageEtcd(site, random, harm),
  }
  return [
    [`nats-${how}`, nats],
    [`etcd-${how}`, etcd],
  ]
}

/** The end of every stream is gone, and of what the servers have agreed on. */
async function shortenAll({ cluster, folder }: Site): Promise<string> {
  const { nats } = cluster
  const before = mendedIn(folder)
  await Promise.all(nats!.servers.map(server => server.kill()))
  const files = nats!.servers.flatMap(server => filesUnder(nats!.disk(server)))
  const harmed = files.filter(file => MESSAGES.test(file) || RAFT.test(file))
  for (const file of harmed) truncateSync(file, Math.floor(statSync(file).size * 0.9))
  await nats!.start()
  await sleep(MEND_MS)
  const mended = mendedIn(folder) - before
  return `all servers, a tenth of ${harmed.length} files of streams and of Raft; replicas put entries back into ${mended} logs`
}

/** How often storage nodes say that they have. */
function mendedIn(folder: string): number {
  const files = readdirSync(folder).filter(name => /^storage-.*\.log$/.test(name))
  const text = files.map(name => readFileSync(join(folder, name), 'utf8')).join('')
  return text.split('the log had lost entries; they were put back').length - 1
}

async function damageNats({ cluster }: Site, random: Random, harm: Harm): Promise<string> {
  const { nats } = cluster
  const server = random.pick(nats!.servers)
  await server.kill()
  const withRaft = random.chance(0.5)
  const files = filesUnder(nats!.disk(server)).filter(file => MESSAGES.test(file) || (withRaft && RAFT.test(file)))
  for (const file of files) harm(file, random)
  await sleep(AWAY_MS)
  // With damage it may never be well; that it runs is enough.
  server.launch()
  await server.serves().catch(() => {})
  const others = nats!.urls.filter((_, i) => nats!.servers[i] !== server)
  const led = await lead(others, server.name)
  await sleep(LEAD_MS)
  return `${server.name}, ${files.length} files of streams${withRaft ? ' and of Raft' : ''}; then it led ${led} streams`
}

/** Has the server lead as many streams as it can. @returns how many */
async function lead(servers: string[], name: string): Promise<number> {
  const connection = await connect({ servers })
  try {
    const { streams } = await asked<{ streams: string[] | null }>(connection, 'STREAM.NAMES')
    const led = await Promise.all((streams ?? []).map(stream => leadOne(connection, stream, name)))
    return led.filter(Boolean).length
  } finally {
    await connection.close()
  }
}

async function leadOne(connection: NatsConnection, stream: string, name: string): Promise<boolean> {
  for (let tries = 0; tries < LEAD_TRIES; tries++) {
    try {
      const { cluster } = await asked<{ cluster: { leader?: string } }>(connection, `STREAM.INFO.${stream}`)
      if (cluster.leader === name) return true
      await asked(connection, `STREAM.LEADER.STEPDOWN.${stream}`, { placement: { preferred: name } })
    } catch {
      // There is no leader just now.
    }
    await sleep(200)
  }
  return false
}

async function asked<T>(connection: NatsConnection, what: string, question: object = {}): Promise<T> {
  const answer = (await connection.request(`$JS.API.${what}`, JSON.stringify(question), { timeout: 2000 })).json()
  const { error } = answer as { error?: { description: string } }
  if (error) throw new Error(error.description)
  return answer as T
}

async function damageEtcd({ cluster }: Site, random: Random, harm: Harm): Promise<string> {
  const { etcd } = cluster
  const index = random.below(3)
  const member = etcd.members[index]!
  await member.kill()
  harm(join(etcd.disk(member), 'member', 'snap', 'db'), random)
  await sleep(AWAY_MS)
  member.launch()
  if (await staysWell(member)) return `${member.name}, which serves again`
  await member.kill()
  await etcd.replace(index)
  return `${member.name}, which does not serve, and is replaced`
}

/** A damaged member may serve until it finds what is damaged, and neither serve nor end from then on. */
async function staysWell(member: Server): Promise<boolean> {
  await Promise.race([member.serves().catch(() => {}), sleep(START_MS)])
  await sleep(WATCH_MS)
  return member.isServing()
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => join(folder, file))
}
