/** The cluster's status as a person reads it, at any hour. Pure. */
import { duration } from './moves/problems.ts'
import type { ClusterStatus, MoveStatus, NodeStatus, PartitionStatus, ReplicaStatus, TableStatus } from './status.ts'

const BAR = 20
const SIGNS = { down: 'DOWN', risk: 'RISK', note: 'note' }

/** `all`: each partition, too. Lines of it end without spaces, the text with a line feed. */
export function statusText(status: ClusterStatus, all: boolean): string {
  const { at, nodes, tables, partitions, moves } = status
  const now = Date.parse(at)
  const sections = [
    headline(status),
    section(
      'Nodes',
      ['node', 'zone', 'pool', 'state', 'replicas', 'healthy', 'leads'],
      nodes.map(node => nodeRow(node, now)),
    ),
    section('Tables', ['table', 'status', 'pool', 'partitions', 'led', 'healthy replicas'], tables.map(tableRow)),
    section(
      `Moves under way: ${moves.length}`,
      [],
      moves.map(move => moveRow(move, now)),
    ),
    all ? section('Partitions', ['partition', 'leader', 'replicas'], partitions.map(partitionRow)) : '',
  ]
  return sections.filter(text => text !== '').join('\n')
}

function headline({ at, problems }: ClusterStatus): string {
  const time = at.slice(0, 19).replace('T', ' ')
  if (problems.length === 0) return `All is well, ${time} UTC.\n`
  const lines = problems.map(({ level, what, doing }) => `  ${SIGNS[level]}  ${what}\n        ${doing}\n`)
  return `${summary(problems)}, ${time} UTC.\n\n${lines.join('')}`
}

function summary(problems: ClusterStatus['problems']): string {
  if (problems.some(({ level }) => level === 'down')) return 'Requests fail'
  return problems.some(({ level }) => level === 'risk')
    ? 'All is served, but less can fail than should'
    : 'All is served'
}

function nodeRow(node: NodeStatus, now: number): string[] {
  const { name, zone, pool, live, awaySince, draining, replicas, healthy, leaders, empty } = node
  const away = awaySince === undefined ? 'AWAY' : `AWAY for ${duration(now - Date.parse(awaySince))}`
  const drained = empty ? 'drained, empty' : 'draining'
  const state = [...(live ? [] : [away]), ...(draining ? [drained] : [])].join(', ') || 'lives'
  return [name, zone ?? '?', pool ?? '?', state, `${replicas}`, `${healthy}`, `${leaders}`]
}

function tableRow({ name, status, pool, partitions, led, replicas }: TableStatus): string[] {
  return [name, status, pool, `${partitions}`, `${led}`, `${replicas.healthy} of ${replicas.wanted}`]
}

function moveRow({ name, why, to, from, since, step, progress }: MoveStatus, now: number): string[] {
  const filled = Math.round(progress * BAR)
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${Math.round(progress * 100)}%`
  const way = [from ?? '', to ?? ''].join(' -> ').trim()
  return [name, way, bar, step, `for ${duration(now - Date.parse(since))}`, `(${why})`]
}

function partitionRow({ name, leader, replicas }: PartitionStatus): string[] {
  return [name, leader ?? 'NONE', replicas.map(replicaText).join(', ')]
}

function replicaText({ node, state, healthy, lag }: ReplicaStatus): string {
  if (healthy) return lag ? `${node} (${lag} behind)` : node
  return `${node} (${state}${lag ? `, ${lag} behind` : ''})`
}

function section(title: string, head: string[], rows: string[][]): string {
  if (rows.length === 0) return ''
  const all = head.length > 0 ? [head, ...rows] : rows
  const widths = rows[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)))
  const line = (row: string[]) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd()
  return `${title}\n${all.map(row => `${line(row)}\n`).join('')}`
}
