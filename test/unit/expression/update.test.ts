import test from 'ava'
import type { Update } from '../../../server/expression/bound.ts'
import { applyUpdate, createsItem, updatedAttributes } from '../../../server/expression/update.ts'
import type { Item } from '../../../server/model/item.ts'
import { refusalOf, update } from './given.ts'

const ITEM: Item = {
  pk: { S: 'k' },
  n: { N: '5' },
  s: { S: 'text' },
  l: { L: [{ S: 'a' }, { S: 'b' }, { S: 'c' }, { S: 'd' }] },
  m: { M: { x: { N: '1' }, deep: { M: { y: { S: 'y' } } } } },
  ss: { SS: ['a', 'b'] },
  ns: { NS: ['1'] },
}

/** Applies, and makes sure that the old item stays as it is. */
function apply(text: string, item: Item = ITEM, existed = true): Item {
  return applyUpdate(update(text), deepFreeze(item), existed)
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object') deepFreeze(member)
  return Object.freeze(value)
}

const strings = (item: Item, name: string) => item[name]?.L?.map(element => element.S ?? element.N)

test('SET replaces and adds attributes', t => {
  t.deepEqual(apply('SET s = :n, fresh = :s'), { ...ITEM, s: { N: '1' }, fresh: { S: 'text' } })
})

test('all right-hand sides see the old item', t => {
  const result = apply('SET n = s, s = n, dup = m.x REMOVE m.x')
  t.like(result, { n: { S: 'text' }, s: { N: '5' }, dup: { N: '1' }, m: { M: { deep: { M: { y: { S: 'y' } } } } } })
  t.false(Object.hasOwn(result.m!.M!, 'x'))
})

test('arithmetic', t => {
  t.like(apply('SET n = n + :n, d = n - m.x, p = (n - :n) - (:n + :n), z = :n - n'), {
    n: { N: '6' },
    d: { N: '4' },
    p: { N: '2' },
    z: { N: '-4' },
  })
})

test('if_not_exists and list_append', t => {
  const result = apply(
    'SET n = if_not_exists(n, :s), f = if_not_exists(f, :s), g = if_not_exists(g, n) + :n, ' +
      'h = if_not_exists(g, if_not_exists(f, m.x)), l = list_append(l, :l), k = list_append(list_append(:l, l), :l)',
  )
  t.like(result, { n: { N: '5' }, f: { S: 'text' }, g: { N: '6' }, h: { N: '1' } })
  t.deepEqual(strings(result, 'l'), ['a', 'b', 'c', 'd', '1'])
  t.deepEqual(strings(result, 'k'), ['1', 'a', 'b', 'c', 'd', '1'])
})

test('lists: replace, append in the order of the indexes, remove by old indexes', t => {
  t.deepEqual(strings(apply('SET l[1] = :n'), 'l'), ['a', '1', 'c', 'd'])
  t.deepEqual(strings(apply('SET l[9] = :s, l[7] = :n'), 'l'), ['a', 'b', 'c', 'd', '1', 'text'])
  t.deepEqual(strings(apply('SET l[10] = :s, l[9] = :n'), 'l'), ['a', 'b', 'c', 'd', '1', 'text'])
  t.deepEqual(strings(apply('REMOVE l[0], l[2], l[9]'), 'l'), ['b', 'd'])
  t.deepEqual(strings(apply('SET l[3] = :n, l[4] = :s REMOVE l[0]'), 'l'), ['b', 'c', '1', 'text'])
  t.deepEqual(strings(apply('SET e[0] = :s', { e: { L: [] } }), 'e'), ['text'])
})

test('REMOVE of what is not there', t => {
  t.deepEqual(apply('REMOVE fresh, m.z, l[7], m.deep.z'), ITEM)
})

test('ADD and DELETE', t => {
  t.like(apply('ADD n :n, m.x :n, fresh :n'), {
    n: { N: '6' },
    m: { M: { x: { N: '2' } } },
    fresh: { N: '1' },
  })
  t.deepEqual(apply('ADD ss :ss, more :ns').ss, { SS: ['a', 'b'] })
  t.deepEqual(apply('ADD ss :ss', { ss: { SS: ['z'] } }).ss, { SS: ['z', 'a'] })
  t.deepEqual(apply('DELETE ss :ss, absent :ss').ss, { SS: ['b'] })
  t.false(Object.hasOwn(apply('DELETE ns :ns'), 'ns'))
})

const PATH = 'The document path provided in the update expression is invalid for update'
const OPERAND = 'An operand in the update expression has an incorrect data type'
const ABSENT = 'The provided expression refers to an attribute that does not exist in the item'

for (const [text, message] of [
  ['SET absent.x = :s', PATH],
  ['SET absent[0] = :s', PATH],
  ['SET s.x = :s', PATH],
  ['SET m[0] = :s', PATH],
  ['SET l.x = :s', PATH],
  ['SET m.z.y = :s', PATH],
  ['SET l[9].x = :s', PATH],
  ['REMOVE absent.x', PATH],
  ['REMOVE m.z.y', PATH],
  ['ADD absent.x :n', PATH],
  ['SET a = absent', ABSENT],
  ['SET a = absent + :n', ABSENT],
  ['SET a = l[4]', ABSENT],
  ['SET a = if_not_exists(absent, gone)', ABSENT],
  ['SET a = s + :n', OPERAND],
  ['SET a = if_not_exists(s, :n) + :n', OPERAND],
  ['SET a = list_append(s, :l)', OPERAND],
  ['ADD s :n', OPERAND],
  ['ADD ss :n', OPERAND],
  ['ADD ss :ns', OPERAND],
  ['DELETE ss :ns', OPERAND],
  ['DELETE l :ss', OPERAND],
  ['DELETE absent.x :ss', PATH],
] as const) {
  test(`${text}: ${message}`, t => {
    t.is(
      refusalOf(() => apply(text)),
      message,
    )
  })
}

test('a missing item: REMOVE and DELETE have nothing to do, SET and ADD create', t => {
  const key = { pk: { S: 'k' } }
  t.deepEqual(apply('REMOVE a.b, c, d[0] DELETE e.f :ss', key, false), key)
  t.deepEqual(apply('SET a = :s ADD b :n', key, false), { ...key, a: { S: 'text' }, b: { N: '1' } })
  t.is(
    refusalOf(() => apply('SET a.b = :s', key, false)),
    PATH,
  )
})

test('numbers that need more than 38 digits', t => {
  t.is(
    refusalOf(() => apply('SET n = n + m', { n: { N: '1'.padEnd(39, '0') }, m: { N: '1' } })),
    'Attempting to store more than 38 significant digits in a Number',
  )
})

test('a document never grows deeper than 32 levels', t => {
  let item: Item = { a: { M: { x: { S: '' } } } }
  let levels = 2
  const grow = update('SET a.b = a')
  const message = refusalOf(() => {
    for (;;) {
      item = applyUpdate(grow, item)
      levels++
    }
  })
  t.regex(message, /^Nesting Levels have exceeded/)
  t.is(levels, 32)
})

test('what is not touched is shared', t => {
  const result = apply('SET m.x = :n, l[0] = :s')
  t.is(result.s, ITEM.s)
  t.is(result.m!.M!.deep, ITEM.m!.M!.deep)
  t.is(result.l!.L![1], ITEM.l!.L![1])
})

test('names such as __proto__', t => {
  const text = 'SET #p = :n, m.#p = :s REMOVE toString'
  const names = { ExpressionAttributeNames: { '#p': '__proto__' } }
  const result = applyUpdate(update(text, names), ITEM)
  t.deepEqual(Object.entries(result).at(-1), ['__proto__', { N: '1' }])
  t.true(Object.hasOwn(result.m!.M!, '__proto__'))
  const again = applyUpdate(update('SET n = :n', {}), result)
  t.true(Object.hasOwn(again, '__proto__'))
  t.false(Object.hasOwn(applyUpdate(update('REMOVE #p', names), result), '__proto__'))
})

test('updated attributes are the targeted paths', t => {
  const bound = update('SET m.x = :n, fresh = :s REMOVE s, l[1] ADD n :n DELETE absent :ss')
  t.deepEqual(updatedAttributes(bound, ITEM), {
    m: { M: { x: { N: '1' } } },
    s: { S: 'text' },
    l: { L: [{ S: 'b' }] },
    n: { N: '5' },
  })
  t.deepEqual(updatedAttributes(bound, applyUpdate(bound, ITEM)), {
    m: { M: { x: { N: '1' } } },
    fresh: { S: 'text' },
    l: { L: [{ S: 'c' }] },
    n: { N: '6' },
  })
  const beyond = update('SET l[100] = :s')
  t.deepEqual(updatedAttributes(beyond, applyUpdate(beyond, ITEM)), {})
})

test('which updates create an item', t => {
  t.true(createsItem(undefined))
  t.true(createsItem(update('REMOVE a')))
  const legacy: Update = { set: [], remove: [], add: [], delete: [], legacy: true }
  t.true(createsItem(legacy))
  t.false(createsItem({ ...legacy, remove: [['a']] }))
  t.false(createsItem({ ...legacy, delete: [{ path: ['a'], value: { SS: ['a'] } }] }))
  t.true(createsItem({ ...legacy, remove: [['a']], add: [{ path: ['b'], value: { N: '1' } }] }))
})
