/** Reads of a replica that does not answer. */
import test from 'ava'
import type { PartitionLeader } from '../../../server/cluster/leaders.ts'
import { Router } from '../../../server/cluster/router.ts'
import type { Image } from '../../../server/store/rows.ts'
import { clock } from '../replica/fakes.ts'
import { cut, table } from './given.ts'

const image = (json: string): Image => ({ json, size: json.length })

function routed(reader: () => Promise<Image>) {
  const record = table({ partitions: cut(1) })
  let asked = 0
  const leader = {
    get: async () => {
      asked += 1
      return image('leader')
    },
  }
  const leaders = {
    find: () => leader as unknown as PartitionLeader,
    reader: () => ({ get: reader }) as unknown as PartitionLeader,
  }
  const router = new Router({ find: () => record }, leaders, clock, 0)
  return { get: () => router.get(record, Buffer.alloc(5), false), asked: () => asked }
}

test('a replica that answers is enough', async t => {
  const { get, asked } = routed(async () => image('replica'))
  t.is((await get())!.json, 'replica')
  await new Promise(resolve => setTimeout(resolve, 300))
  t.is(asked(), 0)
})

test('for one that says nothing, the leader answers soon', async t => {
  const { get, asked } = routed(() => new Promise(() => {}))
  const start = performance.now()
  const answers = await Promise.all([get(), get(), get()])
  t.deepEqual(
    answers.map(answer => answer!.json),
    ['leader', 'leader', 'leader'],
  )
  t.is(asked(), 3)
  t.true(performance.now() - start >= 200)
  t.true(performance.now() - start < 3000)
})

test('for one that fails, the leader answers at once, and is asked once', async t => {
  const { get, asked } = routed(() => Promise.reject(new Error('away')))
  t.is((await get())!.json, 'leader')
  t.is(asked(), 1)
})
