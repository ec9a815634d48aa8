/**
 * `npm run bench:streams`: what a stream costs the write path. Two Tavolas, alike but for a stream on the table of one, take
 * turns; each turn is held against its neighbour's, and the median of the rounds counts.
 */
import { parseArgs } from 'node:util'
import { type Cell, cellOf, ratio } from './cells.ts'
import { dismiss, launch, type Running, TAVOLA } from './contestants.ts'
import { isPinned, load } from './process.ts'
import { takeTurns } from './turns.ts'
import { type Operation, operationOf, tableOf } from './workload.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: 'PutItem,UpdateItem,BatchWriteItem,TransactWriteItems 10' },
    view: { type: 'string', default: 'NEW_AND_OLD_IMAGES' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '64' },
    items: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '1000' },
    disk: { type: 'string' },
  },
})
const running: Running[] = []

try {
  if (!isPinned()) console.error('this system can not give servers and load a core each: the figures say little')
  const plain = await server(undefined)
  const streamed = await server(values.view)
  const pairs = values.operations
    .split(',')
    .map(name => [plain(operationOf(name)), streamed(operationOf(name))] as const)
  await takeTurns(pairs.flat(), Number(values.rounds))
  console.log(`| ${values.view} | requests/s, of those without | p50, of that without | p99, of that without |`)
  console.log('| --- | --- | --- | --- |')
  for (const [without, withStream] of pairs) console.log(lineOf(without, withStream))
} finally {
  await dismiss(running)
}

/** Starts a server and fills its table. @returns what makes the cells of its operations */
async function server(viewType: string | undefined): Promise<(operation: Operation) => Cell> {
  const started = await launch(TAVOLA, 1, values.disk)
  running.push(started)
  const table = { ...tableOf(Number(values.items), Number(values.bytes)), viewType }
  await load({ kind: 'fill', port: started.port, table })
  const shared = { port: started.port, table, connections: Number(values.connections) }
  const name = viewType ?? 'no stream'
  return operation => cellOf(name, { ...shared, operation, seconds: Number(values.seconds), warmup: 0.4 })
}

function lineOf(without: Cell, withStream: Cell): string {
  const measures = (['perSecond', 'p50', 'p99'] as const).map(measure => ratio(withStream, without, measure).toFixed(2))
  return `| ${[without.task.operation, ...measures].join(' | ')} |`
}
