/** How replicas come to be compared, and what is made of that. */
import test from 'ava'
import { Comparing } from '../../../server/cluster/host/comparing.ts'
import { judge } from '../../../server/cluster/host/verdict.ts'
import type { DigestAnswer, DigestQuestion } from '../../../server/replica/digest.ts'
import { noNeighbours } from '../../../server/replica/standing.ts'
import { clock } from '../replica/fakes.ts'

const said = (digests: string) => new Map([...digests].map((digest, i) => [`n${i}`, digest] as const))

test('more than half of all replicas are right, those that say nothing included', t => {
  const three = ['n0', 'n1', 'n2']
  t.deepEqual(judge(said('a'), three), { kind: 'alone' })
  t.deepEqual(judge(said('aa'), three), { kind: 'same' })
  t.deepEqual(judge(said('aaa'), three), { kind: 'same' })
  t.deepEqual(judge(said('baa'), three), { kind: 'decided', right: ['n1', 'n2'], wrong: ['n0'] })
  t.deepEqual(judge(said('aab'), three), { kind: 'decided', right: ['n0', 'n1'], wrong: ['n2'] })
  t.deepEqual(judge(said('ab'), three), { kind: 'undecided', differing: ['n0', 'n1'], isWhole: false })
  t.deepEqual(judge(said('abc'), three), { kind: 'undecided', differing: three, isWhole: true })
  t.deepEqual(judge(said('ab'), ['n0', 'n1']), { kind: 'undecided', differing: ['n0', 'n1'], isWhole: true })
  t.deepEqual(judge(said('aabb'), [...three, 'n3']), { kind: 'undecided', differing: [...three, 'n3'], isWhole: true })
})

/** A replica that applies `pace` entries between one question and the next. */
class Applying {
  readonly asked: number[] = []
  readonly pace: number
  applied: number

  constructor(applied: number, pace: number) {
    this.applied = applied
    this.pace = pace
  }

  async digest({ position }: DigestQuestion): Promise<DigestAnswer> {
    this.asked.push(position)
    this.applied += this.pace
    if (position < this.applied) return { kind: 'passed', applied: this.applied }
    if (this.pace === 0 && position > this.applied) return { kind: 'behind', applied: this.applied }
    this.applied = position
    return { kind: 'rows', digest: `as of ${position}`, bytes: 1 }
  }
}

function comparing(own: Applying, other: Applying) {
  const neighbours = {
    ...noNeighbours,
    digest: async (_: string, __: string, question: DigestQuestion) => other.digest(question),
  }
  return new Comparing({ node: 'n0', neighbours, clock, digest: async (_, question) => own.digest(question) })
}

test('while writes go on, an entry is agreed on that none has passed', async t => {
  const [own, other] = [new Applying(100, 7), new Applying(130, 9)]
  const all = comparing(own, other)
  for (let i = 0; i < 5; i++) {
    const { position, rows } = await all.compare('p', ['n0', 'n1'], () => own.applied, undefined)
    t.deepEqual([...rows.keys()].sort(), ['n0', 'n1'])
    t.deepEqual(new Set([...rows.values()].map(({ digest }) => digest)), new Set([`as of ${position}`]))
  }
  t.true(own.asked.length < 15, `${own.asked}`)
})

test('when writes end, it is the last one', async t => {
  const [own, other] = [new Applying(100, 7), new Applying(130, 9)]
  const all = comparing(own, other)
  await all.compare('p', ['n0', 'n1'], () => own.applied, undefined)
  const quiet = new Applying(own.applied, 0)
  const { rows } = await comparing(quiet, new Applying(own.applied, 0)).compare(
    'p',
    ['n0', 'n1'],
    () => quiet.applied,
    undefined,
  )
  t.is(rows.size, 2)
})

test('a replica that is elsewhere, or can not be reached, is missing in the end', async t => {
  const own = new Applying(100, 0)
  for (const other of [new Applying(90, 0), new Applying(1000, 0)]) {
    const { rows } = await comparing(own, other).compare('p', ['n0', 'n1'], () => 100, undefined)
    t.false(rows.has('n1') && rows.has('n0'))
  }
  const alone = new Comparing({
    node: 'n0',
    neighbours: noNeighbours,
    clock,
    digest: async (_, question) => own.digest(question),
  })
  const { rows } = await alone.compare('p', ['n0', 'n1'], () => own.applied, undefined)
  t.deepEqual([...rows.keys()], ['n0'])
})
