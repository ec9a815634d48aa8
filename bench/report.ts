/** What the bench says in the end: as plain data, and as Markdown that reads well in a terminal too. */

import { type Cell, errorsOf, type Measure, middle, ratio } from './cells.ts'
import type { Memory } from './contestants.ts'
import { IDLE_MB, OF_BEST_PEER, OF_FLOOR, START_MS } from './targets.ts'
import type { Operation } from './workload.ts'

export type Row = {
  operation: string
  contestant: string
  requests: number
  perSecond: number
  p50: number
  p99: number
  /** Each as a multiple of the floor's; null without a floor. */
  ofFloor: Record<Measure, number> | null
  errors: Record<string, number>
  /** The highest share of its core that the load generator used. */
  loadBusy: number
}

/** Tavola as a multiple of the peer that does most requests a second. */
export type Duel = { operation: string; peer: string } & Record<Measure, number>

export type Cost = { contestant: string; version: string; startMs: number; idleMb?: number; loadedMb?: number }

export type Verdict = { what: string; wanted: string; got: string; met: boolean }

const MEASURES: Measure[] = ['perSecond', 'p50', 'p99']

/** Rows in the order of the cells; a cell without results has none. */
export function rowsOf(cells: Cell[]): Row[] {
  return cells
    .filter(({ results }) => results.length > 0)
    .map(cell => {
      const floor = partner(cells, cell, ({ contestant }) => contestant === 'floor')
      return {
        operation: cell.task.operation,
        contestant: cell.contestant,
        requests: cell.results.reduce((sum, { requests }) => sum + requests, 0),
        ...ratios(measure => middle(cell, measure)),
        ofFloor: floor ? ratios(measure => ratio(cell, floor, measure)) : null,
        errors: errorsOf(cell),
        loadBusy: Math.max(...cell.results.map(({ busy }) => busy)),
      }
    })
}

export function duelsOf(cells: Cell[]): Duel[] {
  return cells
    .filter(({ contestant, results }) => contestant === 'tavola' && results.length > 0)
    .flatMap(tavola => {
      const peer = partner(cells, tavola, ({ contestant }) => contestant !== 'floor' && contestant !== 'tavola')
      if (peer === undefined) return []
      const { operation } = tavola.task
      return [{ operation, peer: peer.contestant, ...ratios(measure => ratio(tavola, peer, measure)) }]
    })
}

/** Of the cells with the same operation, the fastest that fits. */
function partner(cells: Cell[], { task }: Cell, fits: (cell: Cell) => boolean): Cell | undefined {
  return cells
    .filter(cell => cell.task.operation === task.operation && cell.results.length > 0 && fits(cell))
    .toSorted((a, b) => middle(b, 'perSecond') - middle(a, 'perSecond'))[0]
}

function ratios(of: (measure: Measure) => number): Record<Measure, number> {
  return Object.fromEntries(MEASURES.map(measure => [measure, of(measure)])) as Record<Measure, number>
}

/** The targets that this run can speak about. */
export function verdictsOf(rows: Row[], duels: Duel[], costs: Cost[]): Verdict[] {
  const verdicts: Verdict[] = []
  const atLeast = (what: string, wanted: number | undefined, got: number | undefined) => {
    if (wanted === undefined || got === undefined) return
    verdicts.push({ what, wanted: `at least ${wanted.toFixed(2)}`, got: got.toFixed(2), met: got >= wanted })
  }
  const below = (what: string, unit: string, wanted: number, got: number | undefined) => {
    if (got === undefined) return
    verdicts.push({ what, wanted: `below ${wanted} ${unit}`, got: `${Math.round(got)} ${unit}`, met: got < wanted })
  }
  for (const { operation, contestant, ofFloor } of rows)
    if (contestant === 'tavola')
      atLeast(`${operation}, share of the floor`, OF_FLOOR[operation as Operation], ofFloor?.perSecond)
  for (const { operation, peer, perSecond } of duels)
    atLeast(`${operation}, times the best peer (${peer})`, OF_BEST_PEER[operation as Operation], perSecond)
  const cost = costs.find(({ contestant }) => contestant === 'tavola')
  if (cost) {
    below('start to first answer', 'ms', START_MS, cost.startMs)
    below('idle memory', 'MB', IDLE_MB, cost.idleMb)
  }
  return verdicts
}

export function costOf(contestant: string, version: string, startMs: number, idle: Memory, loaded: Memory): Cost {
  return { contestant, version, startMs, idleMb: idle[contestant], loadedMb: loaded[contestant] }
}

/** A section for each operation, then Tavola against the best peers, costs, and targets. */
export function markdown(cells: Cell[], costs: Cost[]): string {
  const rows = rowsOf(cells)
  const duels = duelsOf(cells)
  const parts = [
    table(
      ['operation', 'contestant', '/s', 'of floor', 'p50 ms', 'of floor', 'p99 ms', 'of floor', 'errors'],
      cells.map(({ contestant, task }) =>
        resultLine(
          task.operation,
          contestant,
          rows.find(row => row.operation === task.operation && row.contestant === contestant),
        ),
      ),
    ),
  ]
  if (duels.length > 0)
    parts.push(
      '## Tavola against the best peer',
      table(
        ['operation', 'best peer', 'requests/s', 'p50', 'p99'],
        duels.map(duel => [duel.operation, duel.peer, ...MEASURES.map(measure => `x ${duel[measure].toFixed(2)}`)]),
      ),
    )
  parts.push(
    '## Start and memory',
    table(
      ['contestant', 'version', 'start ms', 'idle MB', 'MB after load'],
      costs.map(cost => [cost.contestant, cost.version, ...[cost.startMs, cost.idleMb, cost.loadedMb].map(whole)]),
    ),
  )
  const verdicts = verdictsOf(rows, duels, costs)
  if (verdicts.length > 0)
    parts.push(
      '## Targets',
      table(
        ['', 'target', 'wanted', 'got'],
        verdicts.map(({ what, wanted, got, met }) => [met ? 'met' : 'MISSED', what, wanted, got]),
      ),
    )
  return parts.join('\n\n')
}

function resultLine(operation: string, contestant: string, row: Row | undefined): string[] {
  if (row === undefined) return [operation, contestant, ...Array<string>(7).fill('-')]
  const of = (measure: Measure) => row.ofFloor?.[measure].toFixed(2) ?? '-'
  const errors = Object.entries(row.errors).map(([name, count]) => `${count} ${name}`)
  const times = [row.p50.toFixed(2), of('p50'), row.p99.toFixed(2), of('p99')]
  return [operation, contestant, whole(row.perSecond), of('perSecond'), ...times, errors.join(', ')]
}

function whole(value: number | undefined): string {
  return value === undefined ? '-' : String(Math.round(value))
}

/** A Markdown table, its columns padded. Figures stand at the right. */
export function table(head: string[], lines: string[][]): string {
  const right = head.map((_, column) => lines.every(line => /^([-x\d]|$)/.test(line[column]!)))
  const widths = head.map((title, column) => Math.max(3, title.length, ...lines.map(line => line[column]!.length)))
  const pad = (text: string, column: number) =>
    right[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)
  const rule = widths.map((width, column) => (right[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [head.map(pad), rule, ...lines.map(line => line.map(pad))].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
