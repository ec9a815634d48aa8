import test from 'ava'
import { compileCondition } from '../../../server/expression/condition.ts'
import {
  attributesToGet,
  expectedCondition,
  filterCondition,
  type LegacyCondition,
  type LegacyExpectation,
  type LegacyUpdate,
  legacyKeyCondition,
  legacyUpdate,
} from '../../../server/expression/legacy.ts'
import { applyUpdate } from '../../../server/expression/update.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import { refusalOf } from './given.ts'

const INVALID = 'One or more parameter values were invalid: '
const S = { S: 'a' }
const N = { N: '1' }

const expectations: [LegacyExpectation, string][] = [
  [
    { Value: S, AttributeValueList: [S], ComparisonOperator: 'EQ' },
    `${INVALID}Value and AttributeValueList cannot be used together for Attribute: x`,
  ],
  [
    { Exists: true, ComparisonOperator: 'EQ', Value: S },
    `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: x`,
  ],
  [
    { ComparisonOperator: 'GE' },
    `${INVALID}Value or AttributeValueList must be used with ComparisonOperator: GE for Attribute: x`,
  ],
  [
    { ComparisonOperator: 'BETWEEN', Value: S },
    `${INVALID}Invalid number of argument(s) for the BETWEEN ComparisonOperator`,
  ],
  [
    { AttributeValueList: [S] },
    `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: x`,
  ],
  [{}, `${INVALID}Value must be provided when Exists is null for Attribute: x`],
  [{ Exists: true }, `${INVALID}Value must be provided when Exists is true for Attribute: x`],
  [{ Exists: false, Value: S }, `${INVALID}Value cannot be used when Exists is false for Attribute: x`],
  [{ Value: {} }, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
]

for (const [entry, message] of expectations) {
  test(`Expected ${JSON.stringify(entry)}`, t => {
    t.is(
      refusalOf(() => expectedCondition({ x: entry }, undefined)),
      message,
    )
  })
}

const filters: [LegacyCondition, string][] = [
  [{ ComparisonOperator: 'EQ' }, 'Invalid number of argument(s) for the EQ ComparisonOperator'],
  [
    { ComparisonOperator: 'NULL', AttributeValueList: [S] },
    'Invalid number of argument(s) for the NULL ComparisonOperator',
  ],
  [{ ComparisonOperator: 'IN', AttributeValueList: [] }, 'Invalid number of argument(s) for the IN ComparisonOperator'],
  [
    { ComparisonOperator: 'BETWEEN', AttributeValueList: [S, N] },
    'AttributeValues inside AttributeValueList must be of same type',
  ],
  [
    { ComparisonOperator: 'LT', AttributeValueList: [{ BOOL: true }] },
    'ComparisonOperator LT is not valid for BOOL AttributeValue type',
  ],
  [
    { ComparisonOperator: 'BEGINS_WITH', AttributeValueList: [N] },
    'ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type',
  ],
  [
    { ComparisonOperator: 'CONTAINS', AttributeValueList: [{ SS: ['a'] }] },
    'ComparisonOperator CONTAINS is not valid for SS AttributeValue type',
  ],
  [{ ComparisonOperator: 'EQ', AttributeValueList: [{ SS: [] }] }, 'An string set  may not be empty'],
]

for (const [entry, message] of filters) {
  test(`filter ${JSON.stringify(entry)}`, t => {
    t.is(
      refusalOf(() => filterCondition({ x: entry }, undefined)),
      INVALID + message,
    )
    if (entry.AttributeValueList !== undefined) {
      t.is(
        refusalOf(() => expectedCondition({ x: entry }, undefined)),
        INVALID + message,
      )
    }
  })
}

test('a reversed BETWEEN', t => {
  t.is(
    refusalOf(() =>
      filterCondition(
        { x: { ComparisonOperator: 'BETWEEN', AttributeValueList: [{ N: '10' }, { N: '9' }] } },
        undefined,
      ),
    ),
    'The BETWEEN condition was provided a range where the lower bound is greater than the upper bound',
  )
})

test('ConditionalOperator wants two conditions', t => {
  const one: Record<string, LegacyCondition> = { x: { ComparisonOperator: 'NULL' } }
  const none = 'ConditionalOperator cannot be used without Filter or Expected'
  for (const operator of ['AND', 'OR'] as const) {
    t.is(
      refusalOf(() => filterCondition(undefined, operator)),
      none,
    )
    t.is(
      refusalOf(() => expectedCondition({}, operator)),
      none,
    )
    t.is(
      refusalOf(() => filterCondition(one, operator)),
      'ConditionalOperator can only be used when Filter or Expected has two or more elements',
    )
  }
  t.is(filterCondition(undefined, undefined), undefined)
  t.is(expectedCondition({}, undefined), undefined)
})

function holds(
  operator: LegacyCondition['ComparisonOperator'],
  values: AttributeValue[],
  stored?: AttributeValue,
): boolean {
  const condition = filterCondition({ x: { ComparisonOperator: operator, AttributeValueList: values } }, undefined)!
  return compileCondition(condition)(stored === undefined ? {} : { x: stored })
}

test('the operators', t => {
  t.true(holds('EQ', [{ N: '1.0' }], N))
  t.true(holds('EQ', [{ M: { a: S } }], { M: { a: S } }))
  t.false(holds('EQ', [S], N))
  t.false(holds('EQ', [S]))
  t.true(holds('NE', [S], N))
  t.true(holds('NE', [S]))
  t.true(holds('LE', [N], N))
  t.false(holds('LT', [N], N))
  t.true(holds('GE', [N], N))
  t.false(holds('GT', [N], N))
  t.true(holds('BETWEEN', [N, { N: '3' }], { N: '2' }))
  t.true(holds('IN', [S, { S: 'b' }], { S: 'b' }))
  t.false(holds('IN', [S, { S: 'b' }], { S: 'c' }))
  t.true(holds('BEGINS_WITH', [S], { S: 'ab' }))
  t.true(holds('CONTAINS', [S], { S: 'bab' }))
  t.true(holds('CONTAINS', [S], { SS: ['a'] }))
  t.false(holds('CONTAINS', [S]))
  t.true(holds('NOT_CONTAINS', [S], { SS: ['b'] }))
  t.false(holds('NOT_CONTAINS', [S], { SS: ['a'] }))
  t.false(holds('NOT_CONTAINS', [S]))
  t.true(holds('NULL', []))
  t.false(holds('NULL', [], { NULL: true }))
  t.true(holds('NOT_NULL', [], { NULL: true }))
})

test('Expected: values, existence, and how entries are joined', t => {
  const entries: Record<string, LegacyExpectation> = { a: { Value: S }, b: { Exists: false } }
  const cases: [Item | undefined, boolean, boolean][] = [
    [{ a: S }, true, true],
    [{ a: S, b: S }, false, true],
    [{ a: N, b: S }, false, false],
    [undefined, false, true],
  ]
  for (const [item, and, or] of cases) {
    t.is(compileCondition(expectedCondition(entries, undefined)!)(item), and)
    t.is(compileCondition(expectedCondition(entries, 'AND')!)(item), and)
    t.is(compileCondition(expectedCondition(entries, 'OR')!)(item), or)
  }
  t.deepEqual(
    expectedCondition({ a: { Exists: true, Value: S } }, undefined),
    expectedCondition({ a: { ComparisonOperator: 'EQ', AttributeValueList: [S] } }, undefined),
  )
})

test('KeyConditions', t => {
  const terms = legacyKeyCondition({
    pk: { ComparisonOperator: 'EQ', AttributeValueList: [S] },
    sk: { ComparisonOperator: 'BETWEEN', AttributeValueList: [{ N: '1.0' }, { N: '2' }] },
  })
  t.deepEqual(terms, [
    { attribute: 'pk', operator: '=', values: [S] },
    { attribute: 'sk', operator: 'BETWEEN', values: [{ N: '1' }, { N: '2' }] },
  ])
  for (const ComparisonOperator of ['NE', 'CONTAINS', 'NOT_CONTAINS', 'IN'] as const) {
    t.is(
      refusalOf(() => legacyKeyCondition({ pk: { ComparisonOperator, AttributeValueList: [S] } })),
      'Attempted conditional constraint is not an indexable operation',
    )
  }
  t.is(
    refusalOf(() => legacyKeyCondition({ pk: { ComparisonOperator: 'NULL' } })),
    'Attempted conditional constraint is not an indexable operation',
  )
  t.is(
    refusalOf(() => legacyKeyCondition({})),
    'Conditions can be of length 1 or 2 only',
  )
})

const updates: [LegacyUpdate, string][] = [
  [{}, 'Only DELETE action is allowed when no attribute value is specified'],
  [{ Action: 'ADD' }, 'Only DELETE action is allowed when no attribute value is specified'],
  [{ Action: 'DELETE', Value: S }, 'DELETE action with value is not supported for the type S'],
  [{ Action: 'ADD', Value: S }, 'ADD action is not supported for the type S'],
  [{ Value: { NS: [] } }, 'An number set  may not be empty'],
]

for (const [entry, message] of updates) {
  test(`AttributeUpdates ${JSON.stringify(entry)}`, t => {
    t.is(
      refusalOf(() => legacyUpdate({ x: entry })),
      INVALID + message,
    )
  })
}

test('AttributeUpdates', t => {
  const update = legacyUpdate({
    put: { Value: { N: '2.50' } },
    put2: { Action: 'PUT', Value: S },
    gone: { Action: 'DELETE' },
    less: { Action: 'DELETE', Value: { SS: ['a'] } },
    sum: { Action: 'ADD', Value: N },
    union: { Action: 'ADD', Value: { SS: ['a'] } },
    longer: { Action: 'ADD', Value: { L: [N] } },
    fresh: { Action: 'ADD', Value: { L: [N] } },
    'a.b': { Value: S },
  })
  const item: Item = {
    gone: S,
    less: { SS: ['a', 'b'] },
    sum: N,
    union: { SS: ['b'] },
    longer: { L: [S] },
  }
  t.deepEqual(applyUpdate(update, item), {
    put: { N: '2.5' },
    put2: S,
    less: { SS: ['b'] },
    sum: { N: '2' },
    union: { SS: ['b', 'a'] },
    longer: { L: [S, N] },
    fresh: { L: [N] },
    'a.b': S,
  })
})

test('AttributeUpdates against stored values of another type', t => {
  for (const entry of [
    { Action: 'ADD', Value: N },
    { Action: 'ADD', Value: { L: [] } },
    { Action: 'DELETE', Value: { NS: ['1'] } },
  ] as LegacyUpdate[]) {
    t.is(
      refusalOf(() => applyUpdate(legacyUpdate({ x: entry }), { x: { SS: ['a'] } })),
      'Type mismatch for attribute to update',
    )
  }
})

test('AttributesToGet', t => {
  t.deepEqual(attributesToGet(['a', 'b.c', '__proto__']), [['a'], ['b.c'], ['__proto__']])
  t.is(
    refusalOf(() => attributesToGet(['a', 'b', 'a', 'b'])),
    `${INVALID}Duplicate value in attribute name: a`,
  )
})
