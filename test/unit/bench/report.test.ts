import test from 'ava'
import { type Cell, cellOf, middle, ratio } from '../../../bench/cells.ts'
import { duelsOf, markdown, rowsOf, table, verdictsOf } from '../../../bench/report.ts'
import { type Operation, tableOf } from '../../../bench/workload.ts'

function cellWith(contestant: string, operation: Operation, speeds: number[]): Cell {
  const cell = cellOf(contestant, { port: 1, table: tableOf(100), operation, connections: 1, seconds: 1, warmup: 0 })
  const results = speeds.map(perSecond => {
    return { requests: perSecond, perSecond, p50: 1000 / perSecond, p99: 5000 / perSecond, errors: {}, busy: 0.5 }
  })
  return { ...cell, results }
}

test('a ratio is the median of those within a round, so that a machine that slows down changes none', t => {
  const floor = cellWith('floor', 'GetItem', [1000, 500, 250])
  const tavola = cellWith('tavola', 'GetItem', [800, 400, 200])
  t.is(ratio(tavola, floor, 'perSecond'), 0.8)
  t.is(ratio(tavola, floor, 'p99'), 1.25)
  t.is(middle(tavola, 'perSecond'), 400)
})

test('Tavola is held against the fastest peer of each row', t => {
  const cells = [
    cellWith('floor', 'PutItem', [1000]),
    cellWith('tavola', 'PutItem', [600]),
    cellWith('dynalite', 'PutItem', [200]),
    cellWith('dynoxide', 'PutItem', [300]),
    cellWith('floor', 'Query', [1000]),
    cellWith('tavola', 'Query', [900]),
    cellWith('dynalite', 'Query', [100]),
    cellWith('dynoxide', 'Query', []),
  ]
  const duels = duelsOf(cells)
  t.deepEqual(
    duels.map(({ operation, peer, perSecond }) => [operation, peer, perSecond]),
    [
      ['PutItem', 'dynoxide', 2],
      ['Query', 'dynalite', 9],
    ],
  )
  const costs = [{ contestant: 'tavola', version: '1', startMs: 400, idleMb: 130 }]
  t.deepEqual(
    verdictsOf(rowsOf(cells), duels, costs).map(({ what, met }) => [what, met]),
    [
      ['PutItem, share of the floor', true],
      ['Query, share of the floor', false],
      ['PutItem, times the best peer (dynoxide)', true],
      ['Query, times the best peer (dynalite)', true],
      ['start to first answer', true],
      ['idle memory', false],
    ],
  )
  t.regex(markdown(cells, costs), /\| Query +\| dynoxide +\| +- \|/)
})

test('a cell without results has no row and hides no other', t => {
  const cells = [cellWith('floor', 'GetItem', []), cellWith('tavola', 'GetItem', [10])]
  t.deepEqual(
    rowsOf(cells).map(({ contestant, ofFloor }) => [contestant, ofFloor]),
    [['tavola', null]],
  )
  t.deepEqual(duelsOf(cells), [])
})

test('a table is Markdown with figures at the right', t => {
  t.is(table(['name', '/s'], [['a', '10']]), '| name |  /s |\n| ---- | --: |\n| a    |  10 |')
})
