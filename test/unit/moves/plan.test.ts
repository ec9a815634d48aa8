/** The plan, on clusters that are records alone: it keeps redundancy, comes to an end, and what it leaves is even. */
import test from 'ava'
import fc from 'fast-check'
import { holdersOf } from '../../../server/cluster/records.ts'
import { Model } from './model.ts'

const ZONES = ['x', 'y', 'z']
type Event = { kind: 'kill' | 'revive' | 'drain' | 'undrain' | 'join' | 'wait'; pick: number }

const anyEvent: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom('kill', 'revive', 'drain', 'undrain', 'join', 'wait', 'wait'),
  pick: fc.nat(1000),
})
const anyCase = fc.record({
  zones: fc.array(fc.constantFrom(...ZONES), { minLength: 3, maxLength: 7 }),
  partitions: fc.integer({ min: 1, max: 14 }),
  wished: fc.integer({ min: 1, max: 4 }),
  places: fc.infiniteStream(fc.nat(1000)),
  events: fc.array(anyEvent, { maxLength: 25 }),
})

function make(zones: string[], partitions: number, wished: number, places: Iterator<number>): Model {
  const model = new Model(wished)
  for (const [i, zone] of zones.entries()) model.add(`n${i}`, zone)
  for (let p = 0; p < partitions; p++) {
    const names = [...model.nodes.keys()]
    const count = 1 + (places.next().value! % Math.min(wished, names.length))
    const chosen = Array.from({ length: count }, () => names.splice(places.next().value! % names.length, 1)[0]!)
    model.place(`p${p}`, `t${p % 3}`, chosen)
  }
  return model
}

function happen(model: Model, { kind, pick }: Event): void {
  const nodes = [...model.nodes.values()]
  const some = (list: typeof nodes) => list[pick % list.length]
  const [living, dead] = [nodes.filter(({ live }) => live), nodes.filter(({ live }) => !live)]
  if (kind === 'kill' && living.length > 1) model.kill(some(living)!.name)
  if (kind === 'revive' && dead.length > 0) model.revive(some(dead)!.name)
  if (kind === 'drain') some(nodes)!.draining = true
  if (kind === 'undrain') some(nodes)!.draining = false
  if (kind === 'join' && nodes.length < 10) model.add(`n${nodes.length}`, ZONES[pick % 3]!)
  if (kind === 'wait') for (let i = 0; i < pick % 30; i++) model.round()
}

/** Until nothing is left to do. @returns the number of steps, undefined if there is no end to them */
function settle(model: Model, rounds = 2000): number | undefined {
  let steps = 0
  for (let quiet = 0, i = 0; i < rounds; i++) {
    const { length } = model.round()
    steps += length
    quiet = length === 0 && [...model.partitions.values()].every(({ move, lead }) => !move && !lead) ? quiet + 1 : 0
    if (quiet > 25) return steps
  }
  return undefined
}

test('whatever happens: redundancy is kept, and there is an end to it', t => {
  const property = fc.property(anyCase, ({ zones, partitions, wished, places, events }) => {
    const model = make(zones, partitions, wished, places)
    for (const event of events) {
      happen(model, event)
      model.round()
    }
    t.deepEqual(model.broken, [])
    for (const { name, live } of [...model.nodes.values()]) if (!live) model.revive(name)
    for (const node of model.nodes.values()) node.draining = false
    const steps = settle(model)
    t.deepEqual(model.broken, [])
    t.true(steps !== undefined, 'it never ends')
    isEven(model)
  })

  function isEven(model: Model): void {
    const wished = Math.min(model.wish.replicas, model.nodes.size)
    const zones = new Set([...model.nodes.values()].map(({ zone }) => zone)).size
    const records = [...model.partitions.values()]
    for (const { id, replicas } of records) {
      t.is(replicas.length, wished)
      t.is(new Set(replicas.map(node => model.nodes.get(node)!.zone)).size, Math.min(zones, wished))
      t.is(model.leaders.get(id), replicas[0], 'the preferred one leads')
    }
    const held = (node: string) => records.filter(record => holdersOf(record).includes(node)).length
    for (const zone of new Set([...model.nodes.values()].map(({ zone }) => zone))) {
      const loads = [...model.nodes.values()].filter(node => node.zone === zone).map(({ name }) => held(name))
      t.true(Math.max(...loads) - Math.min(...loads) <= 1, `loads of zone ${zone}: ${loads}`)
    }
  }
  fc.assert(property, { numRuns: 80 })
})

test('lost and drained nodes are left, if there are others', t => {
  const property = fc.property(anyCase, ({ zones, partitions, wished, places }) => {
    const model = make(zones, partitions, wished, places)
    settle(model)
    // So many that all replicas find a place.
    for (const zone of [...ZONES, ...ZONES]) model.add(`new${model.nodes.size}`, zone)
    model.kill('n0')
    model.nodes.get('n1')!.draining = true
    t.true(settle(model) !== undefined)
    t.deepEqual(model.broken, [])
    for (const record of model.partitions.values()) {
      if (model.healthyReplicas(record) === 0) continue
      t.is(record.replicas.length, wished)
      t.false(holdersOf(record).some(node => ['n0', 'n1'].includes(node)))
    }
  })
  fc.assert(property, { numRuns: 40 })
})

test('three nodes, one lost: nothing can be done, and nothing is; it comes back and has what it had', t => {
  const model = new Model(3)
  for (const zone of ZONES) model.add(`n${zone}`, zone)
  for (let p = 0; p < 6; p++) model.place(`p${p}`, 't', ['nx', 'ny', 'nz'])
  t.true(settle(model)! > 0, 'leaderships are spread')
  model.kill('nx')
  for (let i = 0; i < 100; i++)
    for (const { next } of model.round())
      t.deepEqual([next.move, [...next.replicas].sort()], [undefined, ['nx', 'ny', 'nz']])
  model.revive('nx')
  settle(model)
  for (const name of model.nodes.keys()) t.is([...model.leaders.values()].filter(leader => leader === name).length, 2)
})

test('one that comes back in time keeps what it had', t => {
  const model = new Model(3)
  for (const [i, zone] of [...ZONES, ...ZONES].entries()) model.add(`n${i}`, zone)
  for (let p = 0; p < 12; p++) model.place(`p${p}`, 't', ['n0', 'n1', 'n2'])
  settle(model)
  const before = new Map(model.partitions)
  model.kill('n0')
  for (let i = 0; i < 15; i++) model.round()
  model.revive('n0')
  settle(model)
  t.deepEqual(new Map(model.partitions), before)
})

test('a few at a time', t => {
  const model = new Model(3)
  for (const zone of ZONES) model.add(`n${zone}`, zone)
  for (let p = 0; p < 30; p++) model.place(`p${p}`, 't', ['nx', 'ny', 'nz'])
  settle(model)
  for (const zone of ZONES) model.add(`m${zone}`, zone)
  for (let i = 0; i < 500; i++) {
    model.round()
    const joining = [...model.partitions.values()].flatMap(({ move }) => move?.joining ?? [])
    t.true([...model.partitions.values()].filter(({ move }) => move).length <= 4)
    t.true([...model.partitions.values()].filter(({ lead }) => lead).length <= 1)
    for (const node of joining) t.true(joining.filter(other => other === node).length <= 2)
  }
  for (const name of model.nodes.keys())
    t.is([...model.partitions.values()].filter(({ replicas }) => replicas.includes(name)).length, 15)
  for (const name of model.nodes.keys()) t.is([...model.leaders.values()].filter(leader => leader === name).length, 5)
})

test('a node of an older version than all that have a partition gets it only if there is no other, and not for evenness', t => {
  const made = (...added: string[]) => {
    const model = new Model(3)
    for (const [i, zone] of ZONES.entries()) model.add(`n${i}`, zone)
    for (let p = 0; p < 6; p++) model.place(`p${p}`, 't', ['n0', 'n1', 'n2'])
    for (const name of added) model.add(name, 'x')
    for (const node of model.nodes.values()) node.format = node.name === 'old' ? 6 : 7
    settle(model)
    return model
  }
  const held = (model: Model, node: string) =>
    [...model.partitions.values()].filter(record => holdersOf(record).includes(node)).length
  const alone = made('old')
  t.is(held(alone, 'old'), 0)
  alone.nodes.get('n0')!.draining = true
  settle(alone)
  t.is(held(alone, 'old'), 6, 'better than nowhere')
  const both = made('old', 'new')
  t.deepEqual([held(both, 'old'), held(both, 'new'), held(both, 'n0')], [0, 3, 3])
  both.nodes.get('n0')!.draining = true
  settle(both)
  t.deepEqual([held(both, 'old'), held(both, 'new'), held(both, 'n0')], [0, 6, 0])
  both.nodes.get('old')!.format = 7
  both.nodes.get('n0')!.draining = false
  settle(both)
  t.deepEqual([held(both, 'old'), held(both, 'new'), held(both, 'n0')], [2, 2, 2], 'once it is upgraded')
})
