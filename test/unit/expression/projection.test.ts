import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { compileProjection, projectItem } from '../../../server/expression/projection.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import { bindOne } from './given.ts'

const ITEM: Item = {
  a: { S: 'a' },
  m: { M: { x: { N: '1' }, y: { N: '2' }, l: { L: [{ S: '0' }, { S: '1' }] } } },
  l: { L: [{ S: '0' }, { M: { p: { S: 'p' }, q: { S: 'q' } } }, { S: '2' }, { L: [{ S: '3.0' }, { S: '3.1' }] }] },
  e: { M: {} },
}

function project(text: string): Item {
  return projectItem(bindOne({ ProjectionExpression: text }).projection!, ITEM)
}

test('attributes', t => {
  t.deepEqual(project('a, e, absent'), { a: { S: 'a' }, e: { M: {} } })
  t.deepEqual(project('absent'), {})
  t.deepEqual(project('toString, valueOf'), {})
})

test('nested shapes are kept, what is not there is left out', t => {
  t.deepEqual(project('m.x, a'), { m: { M: { x: { N: '1' } } }, a: { S: 'a' } })
  t.deepEqual(project('m.x, m.l[1], m.absent'), { m: { M: { x: { N: '1' }, l: { L: [{ S: '1' }] } } } })
  t.deepEqual(project('m.absent, l[9], a.b, e.x'), {})
  t.deepEqual(project('a[0], m[0], l.x'), {})
})

test('list elements move together in the order of the list', t => {
  t.deepEqual(project('l[3], l[0], l[1].q, l[7]'), {
    l: { L: [{ S: '0' }, { M: { q: { S: 'q' } } }, ITEM.l!.L![3]!] },
  })
  t.deepEqual(project('l[3][1], l[2].x, l[10], l[9]'), { l: { L: [{ L: [{ S: '3.1' }] }] } })
})

test('__proto__ as a name', t => {
  const item = JSON.parse('{"__proto__":{"S":"x"},"m":{"M":{"__proto__":{"N":"1"}}}}') as Item
  t.is(JSON.stringify(projectItem([['__proto__'], ['m', '__proto__']], item)), JSON.stringify(item))
  t.is(JSON.stringify(projectItem([['__proto__']], item)), '{"__proto__":{"S":"x"}}')
})

test('random projections keep exactly what lies on their paths', t => {
  const { value } = fc.letrec<{ value: AttributeValue }>(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom({ S: 'x' }, { N: '1' }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { noNullPrototype: true }).map(M => ({ M })),
      fc.array(tie('value'), { maxLength: 4 }).map(L => ({ L })),
    ),
  }))
  const item = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { noNullPrototype: true })
  const path = fc
    .tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.array(fc.constantFrom<string | number>('a', 'b', 0, 1, 3), { maxLength: 3 }),
    )
    .map(([name, rest]) => [name, ...rest])
  const overlap = (p: unknown[], q: unknown[]) => p.slice(0, q.length).join() === q.slice(0, p.length).join()

  /** Keeps a node if a path ends at or above it, or if something below it is kept. */
  const kept = (
    node: AttributeValue,
    at: (string | number)[],
    paths: (string | number)[][],
  ): AttributeValue | undefined => {
    if (paths.some(p => isDeepStrictEqual(p, at))) return node
    const entries: [string | number, AttributeValue][] = node.L ? [...node.L.entries()] : Object.entries(node.M ?? {})
    const parts = entries.flatMap(([key, child]) => {
      const part = kept(child, [...at, key], paths)
      return part === undefined ? [] : [[key, part] as const]
    })
    if (parts.length === 0) return undefined
    return node.L ? { L: parts.map(([, part]) => part) } : { M: Object.fromEntries(parts) }
  }
  fc.assert(
    fc.property(item, fc.array(path, { minLength: 1, maxLength: 5 }), (from, paths) => {
      const apart = paths.filter((p, i) => !paths.slice(0, i).some(q => overlap(p, q)))
      const wanted = kept({ M: from }, [], apart)?.M ?? {}
      const actual = compileProjection(apart)(from)
      if (!isDeepStrictEqual(actual, wanted)) throw new Error(`${JSON.stringify(apart)}: ${JSON.stringify(actual)}`)
    }),
    { numRuns: 1000 },
  )
  t.pass()
})
