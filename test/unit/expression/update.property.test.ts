/** Random updates, printed, parsed, bound and applied, against an implementation that works on a copy, step by step. */
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { bindExpressions } from '../../../server/expression/bind.ts'
import { applyUpdate, updatedAttributes } from '../../../server/expression/update.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'

type Path = (string | number)[]
type Value =
  | { path: Path }
  | { constant: AttributeValue }
  | { call: 'if_not_exists' | 'list_append'; operands: [Value, Value] }
  | { sign: '+' | '-'; operands: [Value, Value] }
type Clause = { section: 'SET' | 'REMOVE' | 'ADD' | 'DELETE'; path: Path; value: Value }

const number = fc.integer({ min: -3, max: 3 }).map(n => ({ N: String(n) }))
const set = fc.constantFrom<AttributeValue>({ SS: ['a', 'b'] }, { SS: ['b'] }, { NS: ['1', '2'] }, { NS: ['2'] })
const plain = fc.oneof(number, set, fc.constant({ S: 'text' }))
const list = fc.array(plain, { maxLength: 4 }).map(L => ({ L }))
const map = fc.dictionary(fc.constantFrom('p', 'q'), fc.oneof(plain, list), { noNullPrototype: true }).map(M => ({ M }))
const document = fc.oneof(plain, list, map)
/** Mostly a number, a list, a map and a set, so that many updates fit. */
const item: fc.Arbitrary<Item> = fc.record(
  {
    p: fc.oneof({ weight: 4, arbitrary: number }, document),
    q: fc.oneof({ weight: 4, arbitrary: list }, document),
    r: fc.oneof({ weight: 4, arbitrary: map }, document),
    s: fc.oneof({ weight: 4, arbitrary: set }, document),
  },
  { requiredKeys: ['q', 'r'], noNullPrototype: true },
)
const element = fc.constantFrom<string | number>('p', 'q', 0, 1, 2, 5)
const path: fc.Arbitrary<Path> = fc.oneof(
  fc.constantFrom('p', 'q', 'r', 's', 't').map(name => [name]),
  fc.nat({ max: 5 }).map(index => ['q', index]),
  fc.constantFrom('p', 'q').map(name => ['r', name]),
  fc.tuple(fc.constantFrom('p', 'q', 'r'), element, element).map(elements => elements),
)
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: document.map(constant => ({ constant })) },
    path.map(found => ({ path: found })),
    fc
      .tuple(
        path.map(found => ({ path: found })),
        tie('value'),
      )
      .map(operands => ({ call: 'if_not_exists' as const, operands })),
    fc.tuple(tie('value'), tie('value')).map(operands => ({ call: 'list_append' as const, operands })),
    fc
      .tuple(fc.constantFrom('+' as const, '-' as const), tie('value'), tie('value'))
      .map(([sign, a, b]) => ({ sign, operands: [a, b] as [Value, Value] })),
  ),
})).value
const constant = (values: fc.Arbitrary<AttributeValue>) => values.map(found => ({ constant: found }))
const clause: fc.Arbitrary<Clause> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ section: fc.constant('SET' as const), path, value }) },
  { weight: 2, arbitrary: fc.record({ section: fc.constant('REMOVE' as const), path, value }) },
  fc.record({ section: fc.constant('ADD' as const), path, value: constant(fc.oneof(number, set)) }),
  fc.record({ section: fc.constant('DELETE' as const), path, value: constant(set) }),
)

function print(clauses: Clause[], values: Record<string, AttributeValue>): string {
  const printPath = (p: Path) => p.map((e, i) => (typeof e === 'number' ? `[${e}]` : i === 0 ? e : `.${e}`)).join('')
  const printValue = (v: Value, bare: boolean): string => {
    if ('path' in v) return printPath(v.path)
    if ('constant' in v) {
      const name = `:v${Object.keys(values).length}`
      values[name] = v.constant
      return name
    }
    const [a, b] = v.operands.map(operand => printValue(operand, false))
    if ('call' in v) return `${v.call}(${a}, ${b})`
    return bare ? `${a} ${v.sign} ${b}` : `(${a}${v.sign}${b})`
  }
  const sections = new Map<string, string[]>()
  for (const { section, path: target, value: v } of clauses) {
    const infix = section === 'SET' ? ' = ' : ' '
    const text = printPath(target) + (section === 'REMOVE' ? '' : infix + printValue(v, true))
    sections.set(section, [...(sections.get(section) ?? []), text])
  }
  return [...sections].map(([section, texts]) => `${section} ${texts.join(', ')}`).join(' ')
}

// The second implementation.

class Refused extends Error {}

function read(from: Item, target: Path): AttributeValue | undefined {
  let found: AttributeValue | undefined = { M: from }
  for (const element of target) found = typeof element === 'number' ? found?.L?.[element] : found?.M?.[element]
  return found
}

function evaluate(from: Item, v: Value): AttributeValue {
  if ('constant' in v) return v.constant
  if ('path' in v) {
    const found = read(from, v.path)
    if (found === undefined) throw new Refused()
    return found
  }
  if ('call' in v && v.call === 'if_not_exists') {
    return read(from, (v.operands[0] as { path: Path }).path) ?? evaluate(from, v.operands[1])
  }
  const [a, b] = v.operands.map(operand => evaluate(from, operand)) as [AttributeValue, AttributeValue]
  if ('call' in v) {
    if (!a.L || !b.L) throw new Refused()
    return { L: a.L.concat(b.L) }
  }
  if (!a.N || !b.N) throw new Refused()
  return { N: String(Number(a.N) + (v.sign === '+' ? 1 : -1) * Number(b.N)) }
}

/** What is to stand at the clause's path. */
function target(from: Item, { section, path: at, value: v }: Clause): AttributeValue | undefined {
  const old = read(from, at)
  if (section === 'REMOVE') return undefined
  const given = evaluate(from, v)
  if (section === 'SET') return given
  if (old === undefined) return section === 'ADD' ? given : undefined
  const [type] = Object.keys(given) as ['N' | 'SS' | 'NS']
  if (old[type] === undefined) throw new Refused()
  if (type === 'N') return { N: String(Number(old.N) + Number(given.N)) }
  const rest = old[type].filter(member => !given[type]!.includes(member))
  const members = section === 'ADD' ? old[type].concat(given[type]!.filter(m => !old[type]!.includes(m))) : rest
  return members.length === 0 ? undefined : { [type]: members }
}

const GONE: AttributeValue = { S: 'to be swept away' }

function naive(from: Item, clauses: Clause[]): Item {
  const result: Item = structuredClone(from)
  const targets = clauses.map(c => ({ at: c.path, to: structuredClone(target(from, c)) }))
  const indexOf = (at: Path) => (typeof at.at(-1) === 'number' ? Number(at.at(-1)) : -1)
  targets.sort((a, b) => indexOf(a.at) - indexOf(b.at))
  const swept = new Set<AttributeValue[]>()
  for (const { at, to } of targets) {
    if (read(from, at.slice(0, -1)) === undefined) throw new Refused()
    const parent = read(result, at.slice(0, -1))
    const last = at.at(-1)!
    if (typeof last === 'string') {
      if (!parent?.M) throw new Refused()
      if (to === undefined) delete parent.M[last]
      else parent.M[last] = to
    } else {
      if (!parent?.L) throw new Refused()
      const old = (read(from, at.slice(0, -1))?.L ?? []).length
      swept.add(parent.L)
      if (last < old) parent.L[last] = to ?? GONE
      else if (to !== undefined) parent.L.push(to)
    }
  }
  for (const elements of swept) elements.splice(0, elements.length, ...elements.filter(element => element !== GONE))
  return result
}

function outcome(run: () => Item): Item | 'refused' {
  try {
    return run()
  } catch (error) {
    if (error instanceof DynamoError || error instanceof Refused) return 'refused'
    throw error
  }
}

test('random updates do what a plain implementation does', t => {
  let applied = 0
  fc.assert(
    fc.property(item, fc.array(clause, { minLength: 1, maxLength: 4 }), (from, clauses) => {
      const values: Record<string, AttributeValue> = {}
      const text = print(clauses, values)
      let bound: ReturnType<typeof bindExpressions>
      try {
        bound = bindExpressions({
          UpdateExpression: text,
          ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
        })
      } catch (error) {
        // Chance collides and adds texts; anything else would be the printer's or the parser's fault.
        if (/document paths|Incorrect operand type/.test((error as Error).message)) fc.pre(false)
        throw error
      }
      const before = structuredClone(from)
      const wanted = outcome(() => naive(from, clauses))
      const actual = outcome(() => applyUpdate(bound.update!, from))
      if (!isDeepStrictEqual(actual, wanted)) {
        throw new Error(`${text}: ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`)
      }
      if (!isDeepStrictEqual(from, before)) throw new Error('the old item was changed')
      if (actual === 'refused') return
      applied++
      // What was set to stay where it is comes back from UPDATED_NEW.
      const updated = updatedAttributes(bound.update!, actual)
      for (const c of clauses.filter(c => c.section === 'SET' && c.path.every(e => typeof e === 'string'))) {
        if (!isDeepStrictEqual(read(updated, c.path), read(actual, c.path))) throw new Error(`${text}: not returned`)
      }
    }),
    { numRuns: 3000 },
  )
  t.true(applied > 500)
})
