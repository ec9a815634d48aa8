/** What is wrong with the cluster, and what is being done about it, in sentences. Pure. */
import { holdersOf, type KeeperRecord } from '../records.ts'
import type { ReplicaReport, Reports } from '../report.ts'
import type { Problem } from '../status.ts'
import { type NodeState, type PartitionState, publishLagOf, type Situation } from './situation.ts'
import { candidates } from './targets.ts'

const UNKEPT: Problem = {
  level: 'risk',
  what: 'no server looks after the cluster: tables are not made, nothing is moved or repaired',
  doing: 'start one: tavola server',
}

/** A shorter wait is nobody's concern. */
const PUBLISH_LAG_MS = 60_000

const RANK = { down: 0, risk: 1, note: 2 }

export function problemsOf(situation: Situation, reports: Reports, keeper: KeeperRecord | undefined): Problem[] {
  const { nodes, partitions } = situation
  const problems = [
    ...(keeper ? [] : [UNKEPT]),
    ...[...nodes.values()].flatMap(node => nodeProblems(node, situation, reports, keeper)),
    ...formatProblems(situation),
    ...partitions.flatMap(partition => partitionProblems(partition, situation, reports)),
    ...publishProblems(partitions, reports),
  ]
  return problems.sort((a, b) => RANK[a.level] - RANK[b.level])
}

function nodeProblems(
  node: NodeState,
  situation: Situation,
  reports: Reports,
  keeper: KeeperRecord | undefined,
): Problem[] {
  const { name, live, draining } = node
  const held = situation.partitions.filter(({ record }) => holdersOf(record).includes(name))
  if (held.length === 0) return []
  const replicas = count(held.length, 'replica')
  if (!live) {
    const away = node.awaySince === undefined ? '' : ` for ${duration(situation.now - node.awaySince)}`
    const what = `${name} is away${away}; it has ${replicas}`
    return [{ level: 'risk', what, doing: awayDoing(node, held, situation, keeper) }]
  }
  const silent: Problem = {
    level: 'risk',
    what: `${name} does not answer, though it keeps its lease; it has ${replicas}`,
    doing: 'if it hangs, restart it: others lead what it leads as soon as its lease runs out',
  }
  const drained: Problem = {
    level: 'note',
    what: `${name} is being drained: ${replicas} left, of which it leads ${held.filter(({ leader }) => leader === name).length}`,
    doing: movingAway(name, held, situation) ?? `nothing can take them: add nodes, or say \`tavola undrain ${name}\``,
  }
  return [...(reports.has(name) ? [] : [silent]), ...(draining ? [drained] : [])]
}

/** Nodes of several versions, as while they are upgraded one after the other. */
function formatProblems({ nodes }: Situation): Problem[] {
  const formats = [...nodes.values()].flatMap(({ name, format }) => (format === undefined ? [] : [{ name, format }]))
  const newest = Math.max(...formats.map(({ format }) => format))
  const older = formats.filter(({ format }) => format < newest).map(({ name }) => name)
  if (older.length === 0) return []
  const what = `${older.join(', ')} read${older.length === 1 ? 's' : ''} only older formats than other nodes do`
  return [{ level: 'note', what, doing: 'logs and files stay in those until all nodes are upgraded' }]
}

function awayDoing(
  { name, awaySince, lost, draining }: NodeState,
  held: PartitionState[],
  situation: Situation,
  keeper: KeeperRecord | undefined,
): string {
  const nowhere = 'no other node can take them: start it again, or add a node'
  const moving = movingAway(name, held, situation)
  if (lost || draining) return moving ?? nowhere
  if (!moving) return nowhere
  if (!keeper) return 'they are made anew elsewhere once a server looks after the cluster'
  const { repairAfterMs } = keeper
  const left = awaySince === undefined ? repairAfterMs : awaySince + repairAfterMs - situation.now
  return `if it is not back in ${duration(left)}, they are made anew elsewhere`
}

/** How far it is with replicas that should be elsewhere; undefined if nothing can be done. */
function movingAway(name: string, held: PartitionState[], { nodes }: Situation): string | undefined {
  const isMoving = ({ record }: PartitionState) => record.move?.leaving === name
  const moving = held.filter(isMoving).length
  const stuck = held.filter(partition => !isMoving(partition) && candidates(partition, nodes).length === 0).length
  if (stuck === held.length) return undefined
  const rest = stuck > 0 ? `; no node can take ${stuck} of them` : ''
  return `${moving} are being made elsewhere, ${held.length - moving} are left${rest}`
}

function partitionProblems(partition: PartitionState, { nodes }: Situation, reports: Reports): Problem[] {
  const { record, name, leader, healthy, wish } = partition
  const problems: Problem[] = []
  if (leader === undefined) {
    const living = record.replicas.filter(node => nodes.get(node)?.live)
    const doing =
      living.length > 0
        ? `${living.join(' and ')} will lead it as soon as nobody else does and its log answers`
        : `none of its replicas lives: start ${record.replicas.join(' or ')} again`
    problems.push({ level: 'down', what: `${name} has no leader`, doing })
  }
  for (const node of record.replicas) {
    const report = reports.get(node)?.get(record.id)
    if (report?.state === 'stopped') problems.push(stoppedProblem(name, node, report))
    else if (report && report.state !== 'opening' && !healthy.has(node))
      problems.push({ level: 'note', what: `${name} is far behind on ${node}`, doing: 'it catches up' })
    else if (report?.state === 'opening')
      problems.push({ level: 'note', what: `${name} is being opened on ${node}`, doing: report.reason ?? 'it comes' })
  }
  const doubt = leader === undefined ? undefined : reports.get(leader)?.get(record.id)?.doubt
  if (doubt !== undefined) {
    const doing = `when all of its replicas answer, the one that is wrong is rebuilt: ${doubt}`
    problems.push({ level: 'risk', what: `the replicas of ${name} are not the same`, doing })
  }
  const missing = wish.replicas - holdersOf(record).length
  if (missing > 0) {
    const doing =
      candidates(partition, nodes).length > 0
        ? 'more are made'
        : `they are made when pool ${wish.pool} has a node for them`
    problems.push({
      level: 'risk',
      what: `${name} has ${count(record.replicas.length, 'replica')} of ${wish.replicas}`,
      doing,
    })
  }
  return problems
}

function stoppedProblem(name: string, node: string, { received, reason }: ReplicaReport): Problem {
  const doing = received ? `it is rebuilt from its leader's file: ${reason}` : `a person must look: ${reason}`
  return { level: 'risk', what: `${name} has stopped on ${node}`, doing }
}

/** Of each table, by the partition that is the furthest behind. */
function publishProblems(partitions: PartitionState[], reports: Reports): Problem[] {
  const lags = new Map<string, number>()
  for (const partition of partitions) {
    const lag = publishLagOf(partition, reports) ?? 0
    const name = partition.table?.name ?? partition.name
    if (lag > PUBLISH_LAG_MS) lags.set(name, Math.max(lag, lags.get(name) ?? 0))
  }
  return [...lags].map(([name, lag]) => ({
    level: 'note',
    what: `changes of ${name} have been waiting for NATS for ${duration(lag)}`,
    doing: 'they are kept, and published when NATS takes them: see whether it is there, and has room',
  }))
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** `45 s`, `12 min`, `3 h 5 min` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`
}
