/** A table is denied only by what the metadata says, however late the server's cache is. */
import test from 'ava'
import type { Call } from '../../../server/api/operation.ts'
import { findForControl, findForData, knowingTables } from '../../../server/api/table/find.ts'
import { Queued } from '../../../server/base/queued.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { Catalog } from '../../../server/cluster/catalog.ts'
import { onOneNode } from '../../../server/cluster/placement.ts'
import { tableKey } from '../../../server/cluster/records.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { type Metadata, MetadataUnavailable } from '../../../server/metadata/metadata.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { clock } from '../replica/fakes.ts'

const REALM = { account: '123456789012', region: 'test' }

/** A server that hears of nothing after its start. */
async function deaf() {
  const shared = new LocalMetadata(':memory:', systemRandom)
  let [asked, isAway] = [0, false]
  const metadata: Metadata = {
    get: key => {
      asked += 1
      return isAway ? Promise.reject(new MetadataUnavailable('it is away')) : shared.get(key)
    },
    list: prefix => shared.list(prefix),
    commit: commit => shared.commit(commit),
    watch: async () => () => {},
    lease: () => shared.lease(),
    close: async () => {},
  }
  const leaders = { find: () => undefined }
  const tables = new Catalog({ metadata, leaders, clock, random: systemRandom }, REALM, onOneNode('n', 1))
  await tables.start()
  const call = { cluster: { tables }, ...REALM, meter: { touched() {} } } as unknown as Call
  const put = (status: string) => {
    const value = JSON.stringify({ id: 'id', name: 'T_1', status } as TableRecord)
    return shared.commit({ guards: [], puts: [{ key: tableKey(REALM, 'T_1'), value }] })
  }
  const away = (now: boolean) => {
    isAway = now
  }
  return { call, put, away, asked: () => asked }
}

const DENIED = { name: 'ResourceNotFoundException' }

test('what another server calls ACTIVE is found, though nothing was heard of it', async t => {
  const { call, put } = await deaf()
  const find = () => knowingTables(call, () => findForData(call, 'T_1'))
  await t.throwsAsync(find, DENIED)
  await put('CREATING')
  await t.throwsAsync(find, DENIED)
  t.is((await knowingTables(call, () => findForControl(call, 'T_1'))).status, 'CREATING')
  await put('ACTIVE')
  t.is((await find()).status, 'ACTIVE')
})

test('many who are denied at once ask few questions; what is found is not asked for', async t => {
  const { call, put, asked } = await deaf()
  const find = () => knowingTables(call, () => findForData(call, 'T_1'))
  const denied = await Promise.allSettled(Array.from({ length: 50 }, find))
  t.true(denied.every(({ status }) => status === 'rejected'))
  t.true(asked() <= 2, `${asked()}`)
  await put('ACTIVE')
  await find()
  const before = asked()
  await find()
  t.is(asked(), before)
})

test('while the metadata is away, the cache is believed; other errors are nobody else to ask about', async t => {
  const { call, put, away, asked } = await deaf()
  await put('ACTIVE')
  away(true)
  await t.throwsAsync(
    knowingTables(call, () => findForData(call, 'T_1')),
    DENIED,
  )
  away(false)
  const before = asked()
  await t.throwsAsync(
    knowingTables(call, () => {
      throw new Error('another')
    }),
    { message: 'another' },
  )
  t.is(asked(), before)
})

test('who comes while a question is under way is answered by the next one', async t => {
  const answers: ((n: number) => void)[] = []
  const queued = new Queued<number>(() => new Promise(resolve => answers.push(resolve)))
  const first = queued.ask()
  const [second, third] = [queued.ask(), queued.ask()]
  t.is(answers.length, 1)
  answers[0]!(1)
  t.is(await first, 1)
  t.false(queued.isIdle)
  while (answers.length < 2) await new Promise(resolve => setImmediate(resolve))
  answers[1]!(2)
  t.deepEqual(await Promise.all([second, third]), [2, 2])
  t.is(answers.length, 2)
  t.true(queued.isIdle)
})
