/** The page of operations says what the program does. */
import { readFileSync } from 'node:fs'
import * as sdk from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { OPERATIONS } from '../../docs/operations.ts'
import { apiPage } from '../../docs/table.ts'
import { operations, streamsOperations } from '../../server/api/operations.ts'

const all = [...operations, ...streamsOperations]

/** The operations of the streams' own target, which has a client of its own in the SDK. */
const STREAMS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']

test('every operation of the SDK has a row, and no other', t => {
  const commands = Object.keys(sdk).filter(name => /^[A-Z].*Command$/.test(name))
  const names = commands.map(name => name.slice(0, -'Command'.length))
  t.true(names.length > 50)
  t.deepEqual(OPERATIONS.map(({ name }) => name).sort(), [...names, ...STREAMS].sort())
})

test('every operation that has a row is there', t => {
  t.deepEqual(all.map(({ name }) => name).sort(), OPERATIONS.map(({ name }) => name).sort())
  t.deepEqual(streamsOperations.map(({ name }) => name).sort(), STREAMS)
})

test('every operation has a file of its name', t => {
  t.deepEqual(
    all.map(({ name }) => name).filter(name => !readable(`../../server/api/${name}.ts`)),
    [],
  )
})

test('api.md is what the rows make', t => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
  t.is(page, apiPage(OPERATIONS), 'npm run docs')
})

function readable(path: string): boolean {
  try {
    return readFileSync(new URL(path, import.meta.url)).length > 0
  } catch {
    return false
  }
}
