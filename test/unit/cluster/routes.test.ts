/** How a leader is found that is not where it was. */
import test from 'ava'
import type { Leaders, PartitionLeader } from '../../../server/cluster/leaders.ts'
import { askLeader } from '../../../server/cluster/routes.ts'
import { Interrupted, NotLeading } from '../../../server/replica/pipeline.ts'
import { clock } from '../replica/fakes.ts'

/** Nodes that answer a question by what `answers` says, one of them thought to lead. */
function nodes(answers: Record<string, () => string>, first: string) {
  const asked: string[] = []
  const hints: (string | undefined)[] = []
  let hinted: string | undefined
  let slept = 0
  const leaders: Leaders = {
    find: () => (hinted ?? first) as unknown as PartitionLeader,
    hint: (_, node) => {
      hinted = node
      hints.push(node)
    },
  }
  const counting = {
    ...clock,
    after: (ms: number, task: () => void) => {
      slept += 1
      return clock.after(ms / 10, task)
    },
  }
  const ask = () =>
    askLeader(leaders, counting, 'p', leader => {
      const node = leader as unknown as string
      asked.push(node)
      return answers[node]!()
    })
  return { ask, asked, hints, slept: () => slept }
}

const refuses = (leader?: string) => () => {
  throw new NotLeading('elsewhere', leader)
}

test('the one that is named is asked at once', async t => {
  const { ask, asked, slept } = nodes({ a: refuses('b'), b: () => 'yes' }, 'a')
  t.is(await ask(), 'yes')
  t.deepEqual(asked, ['a', 'b'])
  t.is(slept(), 0)
})

test('those that name each other are not asked without a pause', async t => {
  let count = 0
  const late = () => {
    if (++count < 10) throw new NotLeading('elsewhere', 'b')
    return 'yes'
  }
  const { ask, slept } = nodes({ a: refuses('b'), b: late }, 'a')
  t.is(await ask(), 'yes')
  t.is(slept(), 9)
})

test('a name that turns out wrong is forgotten', async t => {
  let count = 0
  const first = () => {
    if (++count === 1) throw new NotLeading('elsewhere', 'b')
    return 'yes'
  }
  const { ask, asked, hints } = nodes({ a: first, b: refuses() }, 'a')
  t.is(await ask(), 'yes')
  t.deepEqual(asked, ['a', 'b', 'a'])
  t.deepEqual(hints, ['b', undefined])
})

test('what may have been done is not asked of another one', async t => {
  const interrupted = () => {
    throw new Interrupted('who knows', 'b')
  }
  const { ask, asked } = nodes({ a: interrupted, b: () => 'yes' }, 'a')
  await t.throwsAsync(ask, { instanceOf: Interrupted })
  t.deepEqual(asked, ['a'])
})
