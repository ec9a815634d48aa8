import test from 'ava'
import type { Plan } from '../../../server/partiql/plan.ts'
import { planItem, planSelect } from '../../../server/partiql/plan.ts'
import { bound, keyOf, N, refusalOf, S, where } from './given.ts'

const PS = keyOf('pk sk')

function plan(rest: string, key = PS): Plan {
  return planSelect(bound('select', `SELECT * FROM T ${rest}`), key)
}

/** A plan in a line: the partition keys, what is asked of the sort key, and what is left. */
function shown(rest: string, key = PS): string {
  const made = plan(rest, key)
  const filter = made.filter ? ` filter ${made.filter.kind}` : ''
  if (made.kind === 'scan') return `scan${filter}`
  const lookups = made.lookups.map(({ hash, range }) => {
    const value = (v: object) => Object.values(v)[0]
    return [...hash.map(value), ...range.map(({ operator, values }) => `${operator} ${values.map(value)}`)].join(' ')
  })
  return `${lookups.join(' | ')}${made.merged ? ' merged' : ''}${made.reverse ? ' reverse' : ''}${filter}`
}

test('a key condition is looked up, whatever is around it', t => {
  t.is(shown(`WHERE pk = 'a'`), 'a')
  t.is(shown(`WHERE 'a' = pk AND 'm' > sk`), 'a < m')
  t.is(shown(`WHERE x = 1 AND (sk BETWEEN 'a' AND 'b' AND pk = 'a')`), 'a BETWEEN a,b filter compare')
  t.is(shown(`WHERE begins_with(sk, 'x') AND pk = 'a' AND size(x) = 1 AND y = 2`), 'a begins_with x filter and')
  t.is(shown(`WHERE pk = 'a' AND sk > 'b' AND sk = 'c'`), 'a = c filter compare')
  t.is(shown(`WHERE pk = 'a' AND pk = 'b'`), 'a filter compare')
})

test('IN, and OR of equalities, are as many lookups', t => {
  t.is(shown(`WHERE pk IN ['b', 'a', 'b']`), 'b | a')
  t.is(shown(`WHERE pk = 'a' OR 'b' = pk OR pk IN ('c', 'd')`), 'a | b | c | d')
  t.is(shown(`WHERE (pk = 'a' OR pk = 'b') AND sk = 'x'`), 'a = x | b = x')
  t.is(shown(`WHERE pk IN ['a', 'b', 'c'] AND pk IN ['a', 'x']`), 'a | x filter in')
  t.is(shown(`WHERE (pk = 'a' AND x = 1) OR (pk = 'b' AND sk = 'y')`), 'a | b filter or')
})

test('what does not name partition keys is a scan', t => {
  t.is(shown(''), 'scan')
  for (const rest of [
    `sk = 'a'`,
    `pk > 'a'`,
    `pk <> 'a'`,
    `NOT pk = 'a'`,
    `pk NOT IN ['a']`,
    `pk = 'a' OR x = 1`,
    'pk = x',
    `pk IN ['a', x]`,
    `pk.a = 'a'`,
    `size(pk) = 1`,
    `begins_with(pk, 'a')`,
  ]) {
    t.regex(shown(`WHERE ${rest}`), /^scan filter/, rest)
  }
})

test('of the sort key, only constants', t => {
  t.is(shown(`WHERE pk = 'a' AND sk = x`), 'a filter compare')
  t.is(shown(`WHERE pk = 'a' AND sk BETWEEN 'a' AND x`), 'a filter between')
  t.is(shown(`WHERE pk = 'a' AND sk IN ['x', 'y']`), 'a filter in')
  t.is(shown(`WHERE pk = 'a' AND sk <> 'x'`), 'a filter compare')
  t.is(shown(`WHERE pk = 'a' AND sk = 'x'`, keyOf('pk')), 'a filter compare')
})

test('the order of items', t => {
  t.is(shown(`WHERE pk = 'a' ORDER BY sk DESC`), 'a reverse')
  t.is(shown(`WHERE pk IN ['b', 'a', 'c'] ORDER BY pk DESC, sk`), 'c | b | a')
  t.is(shown(`WHERE pk IN ['b', 'a'] ORDER BY pk, sk DESC`), 'a | b reverse')
  t.is(shown(`WHERE pk IN ['b', 'a'] ORDER BY sk DESC`), 'b | a merged reverse')
  t.is(shown(`WHERE pk IN ['b', 'a'] ORDER BY sk, pk`), 'a | b merged')
  t.is(shown(`WHERE pk IN [10, 9, -1.5] ORDER BY pk`, keyOf('pk:N')), '-1.5 | 9 | 10')
  const refused = (rest: string) => refusalOf(() => plan(rest))
  t.is(refused('ORDER BY sk'), 'Must have WHERE clause in the statement when using ORDER BY clause.')
  t.is(
    refused(`WHERE sk = 'a' ORDER BY sk`),
    'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.',
  )
  t.is(refused(`WHERE pk = 'a' ORDER BY x`), 'Variable reference x in ORDER BY clause must be part of the primary key')
})

test('keys of several attributes: all of the first, then one after the other', t => {
  const types = (names: string) => names.split('').map(name => ({ name, type: 'S' as const }))
  const key = { hash: types('ab'), range: types('cd') }
  t.is(shown(`WHERE a = '1' AND b IN ['2', '3'] AND c = '4' AND d > '5'`, key), '1 2 = 4 > 5 | 1 3 = 4 > 5')
  t.is(shown(`WHERE a = '1' AND b = '2' AND d > '5'`, key), '1 2 filter compare')
  t.is(shown(`WHERE a = '1' AND c = '4'`, key), 'scan filter and')
})

test('keys that are none', t => {
  const refused = (rest: string) => refusalOf(() => plan(rest))
  const unfit = 'One or more parameter values were invalid: Condition parameter type does not match schema type'
  t.is(refused('WHERE pk = 5'), unfit)
  t.is(refused(`WHERE pk IN ['a', 5]`), unfit)
  t.is(refused(`WHERE pk = 'a' AND sk > 5`), unfit)
  t.regex(refused(`WHERE pk = ''`), /cannot contain an empty string value. Key: pk$/)
  const many = Array.from({ length: 51 }, (_, i) => `'${i}'`).join()
  t.is(
    refused(`WHERE pk IN [${many}]`),
    'Incorrect number of operands for operator or function; operator or function: IN, number of operands: 51',
  )
})

test('one item is named by equalities on its whole key', t => {
  const key = { pk: S('a'), sk: N(1) }
  const PN = keyOf('pk sk:N')
  t.deepEqual(planItem(where(`sk = 1 AND pk = 'a'`), PN), { key, rest: undefined })
  t.deepEqual(planItem(where(`1 = sk AND (x IS MISSING AND pk = 'a')`), PN), {
    key,
    rest: { kind: 'notExists', path: ['x'] },
  })
  for (const text of [`pk = 'a'`, `pk = 'a' AND sk > 1`, `pk = 'a' OR sk = 1`, `pk IN ['a'] AND sk = 1`]) {
    t.is(planItem(where(text), PN), undefined, text)
  }
  t.is(planItem(undefined, PN), undefined)
})
