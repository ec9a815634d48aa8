import test from 'ava'
import { ask } from '../../../bench/client.ts'
import { requesterOf } from '../../../bench/records.ts'
import { batchOf, createTable, itemOf, OPERATIONS, operationOf, tableOf, wireName } from '../../../bench/workload.ts'
import { operations, streamsOperations } from '../../../server/api/operations.ts'
import { itemSize } from '../../../server/model/size.ts'
import { startTestNode } from '../../helpers/node.ts'

test('items have about the size that they are to have', t => {
  for (const bytes of [100, 400, 1000, 4000, 64_000, 400_000]) {
    const size = itemSize(itemOf(1234, bytes))
    t.true(Math.abs(size - bytes) < 30 + bytes * 0.02, `${size} for ${bytes}`)
  }
})

test('Tavola answers each request of the bench that it knows as the floor does', async t => {
  const node = await startTestNode({ inMemory: true })
  t.teardown(node.close)
  const port = Number(new URL(node.endpoint).port)
  const table = tableOf(100, 1000)
  await ask(port, 'CreateTable', createTable(table))
  for (let first = 0; first < table.items; first += 25) await ask(port, 'BatchWriteItem', batchOf(table, first, 25))
  const names = new Set([...operations, ...streamsOperations].map(({ name }) => name))
  const known = Object.keys(OPERATIONS).filter(operation => names.has(wireName(operation)))
  t.is(known.length, Object.keys(OPERATIONS).length)
  for (const name of known.map(operationOf)) {
    const { answer } = OPERATIONS[name]
    const request = await requesterOf(port, name, table)
    const answered = JSON.parse((await ask(port, name, request(40))).toString()) as object
    t.deepEqual(Object.keys(answered).sort(), Object.keys(answer(1000)).sort(), name)
  }
})
