import test from 'ava'
import { INVALID_PARAMETER, invalid, type Plain, refusal, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const WRAPPED = '1 validation error detected: '

type Update = { names?: Record<string, string>; values?: Plain; returns?: 'ALL_NEW' | 'UPDATED_NEW' | 'UPDATED_OLD' }

async function update(pk: string, expression: string, { names, values, returns = 'ALL_NEW' }: Update = {}) {
  const { Attributes } = await docs.update({
    TableName: T,
    Key: { pk },
    UpdateExpression: expression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValues: returns,
  })
  return Attributes
}

type Step = [expression: string, values: Plain | undefined, after: Plain]

/** Each test starts from the item before it and compares all attributes but the key. */
const START = { n: 5, s: 'text', l: [1, 2, 3], m: { a: 1, deep: { b: 2 } }, tags: new Set(['x', 'y']) }

const STEPS: Step[] = [
  ['SET n = :v', { ':v': 7 }, { ...START, n: 7 }],
  ['SET n = n + :v', { ':v': 2.5 }, { ...START, n: 7.5 }],
  ['SET n = :v - n', { ':v': 1 }, { ...START, n: -4 }],
  ['SET added = if_not_exists(added, :v)', { ':v': 'first' }, { ...START, added: 'first' }],
  ['SET n = if_not_exists(n, :v) + :v', { ':v': 1 }, { ...START, n: 6 }],
  ['SET l = list_append(l, :v)', { ':v': [4] }, { ...START, l: [1, 2, 3, 4] }],
  ['SET l = list_append(:v, l)', { ':v': [0] }, { ...START, l: [0, 1, 2, 3] }],
  ['SET l[1] = :v', { ':v': 'two' }, { ...START, l: [1, 'two', 3] }],
  ['SET l[7] = :v, l[5] = :w', { ':v': 'b', ':w': 'a' }, { ...START, l: [1, 2, 3, 'a', 'b'] }],
  ['SET m.c = :v, m.deep.b = :v', { ':v': 9 }, { ...START, m: { a: 1, c: 9, deep: { b: 9 } } }],
  ['SET n = m.a, s = :v', { ':v': 'new' }, { ...START, n: 1, s: 'new' }],
  ['SET n = l[0], l[0] = n', undefined, { ...START, n: 1, l: [5, 2, 3] }],
  ['REMOVE l[0], l[2]', undefined, { ...START, l: [2] }],
  ['REMOVE m.deep, m.nothing, nothing', undefined, { ...START, m: { a: 1 } }],
  ['ADD n :v, fresh :v', { ':v': 3 }, { ...START, n: 8, fresh: 3 }],
  ['ADD tags :v', { ':v': new Set(['y', 'z']) }, { ...START, tags: new Set(['x', 'y', 'z']) }],
  ['DELETE tags :v', { ':v': new Set(['x', 'q']) }, { ...START, tags: new Set(['y']) }],
  ['SET n = :v REMOVE s ADD fresh :v DELETE tags :t', { ':v': 1, ':t': new Set(['x']) }, after()],
]

function after(): Plain {
  const { s: _, ...rest } = START
  return { ...rest, n: 1, fresh: 1, tags: new Set(['y']) }
}

for (const [expression, values, expected] of STEPS) {
  test(expression, async t => {
    await docs.put({ TableName: T, Item: { pk: expression, ...START } })
    const { pk, ...item } = (await update(expression, expression, { values }))!
    t.deepEqual(item, expected)
    const { Item } = await docs.get({ TableName: T, Key: { pk: expression } })
    t.deepEqual(Item, { pk, ...expected })
  })
}

test('deleting the last member of a set removes the attribute', async t => {
  await docs.put({ TableName: T, Item: { pk: 'last', tags: new Set(['x']) } })
  t.deepEqual(await update('last', 'DELETE tags :t', { values: { ':t': new Set(['x']) } }), { pk: 'last' })
})

test('an update creates the item that is not there', async t => {
  t.deepEqual(await update('created', 'SET a = :v', { values: { ':v': 1 } }), { pk: 'created', a: 1 })
  t.deepEqual(await update('counted', 'ADD a :v', { values: { ':v': 1 } }), { pk: 'counted', a: 1 })
  await docs.update({ TableName: T, Key: { pk: 'bare' } })
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'bare' } })).Item, { pk: 'bare' })
})

test('numbers are exact to 38 digits', async t => {
  const Key = { pk: { S: 'exact' } }
  const add = async (amount: string) => {
    const { Attributes } = await db.updateItem({
      TableName: T,
      Key,
      UpdateExpression: 'ADD n :n',
      ExpressionAttributeValues: { ':n': { N: amount } },
      ReturnValues: 'UPDATED_NEW',
    })
    return Attributes?.n?.N
  }
  t.is(await add('12345678901234567890123456789012345678'), '12345678901234567890123456789012345678')
  t.is(await add('1'), '12345678901234567890123456789012345679')
  t.is(await add('-12345678901234567890123456789012345679'), '0')
  t.is(await add('0.1'), '0.1')
  t.is(await add('0.2'), '0.3')
})

test('ReturnValues shows all of it, or what was aimed at, before or after', async t => {
  const put = (pk: string) => docs.put({ TableName: T, Item: { pk, a: 1, b: { c: 2, d: 3 } } })
  const values = { ':v': 9 }
  const run = async (pk: string, ReturnValues: 'NONE' | 'ALL_OLD' | 'UPDATED_OLD' | 'ALL_NEW' | 'UPDATED_NEW') => {
    await put(pk)
    const UpdateExpression = 'SET a = :v, b.c = :v, e = :v'
    const request = { TableName: T, Key: { pk }, UpdateExpression, ExpressionAttributeValues: values }
    return (await docs.update({ ...request, ReturnValues })).Attributes
  }
  t.is(await run('r1', 'NONE'), undefined)
  t.deepEqual(await run('r2', 'ALL_OLD'), { pk: 'r2', a: 1, b: { c: 2, d: 3 } })
  t.deepEqual(await run('r3', 'UPDATED_OLD'), { a: 1, b: { c: 2 } })
  t.deepEqual(await run('r4', 'ALL_NEW'), { pk: 'r4', a: 9, b: { c: 9, d: 3 }, e: 9 })
  t.deepEqual(await run('r5', 'UPDATED_NEW'), { a: 9, b: { c: 9 }, e: 9 })
  t.is(await update('r6', 'SET a = :v', { values, returns: 'UPDATED_OLD' }), undefined)
  t.is(await update('r5', 'REMOVE a', { returns: 'UPDATED_NEW' }), undefined)
  t.deepEqual(await update('r5', 'REMOVE e', { returns: 'UPDATED_OLD' }), { e: 9 })
})

const PATH = 'The document path provided in the update expression is invalid for update'
const MISSING = 'The provided expression refers to an attribute that does not exist in the item'
const TYPE = 'An operand in the update expression has an incorrect data type'

const REFUSED: [expression: string, values: Plain | undefined, message: string][] = [
  ['SET nothing.a = :v', { ':v': 1 }, PATH],
  ['SET s.a = :v', { ':v': 1 }, PATH],
  ['SET nothing[0] = :v', { ':v': 1 }, PATH],
  ['REMOVE nothing.a', undefined, PATH],
  ['SET n = nothing + :v', { ':v': 1 }, MISSING],
  ['SET n = nothing', undefined, MISSING],
  ['SET n = s + :v', { ':v': 1 }, TYPE],
  ['SET l = list_append(s, :v)', { ':v': [1] }, TYPE],
  ['ADD s :v', { ':v': 1 }, TYPE],
  ['DELETE n :v', { ':v': new Set(['x']) }, TYPE],
  ['ADD tags :v', { ':v': new Set([1]) }, TYPE],
  ['SET pk = :v', { ':v': 'x' }, `${INVALID_PARAMETER}Cannot update attribute pk. This attribute is part of the key`],
  ['REMOVE pk', undefined, `${INVALID_PARAMETER}Cannot update attribute pk. This attribute is part of the key`],
  ['SET n = :v,', { ':v': 1 }, `${WRAPPED}Invalid UpdateExpression: Syntax error; token: "<EOF>", near: ","`],
  ['', undefined, `${WRAPPED}Invalid UpdateExpression: The expression can not be empty;`],
  [
    'SET a = :v SET b = :v',
    { ':v': 1 },
    `${WRAPPED}Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`,
  ],
  [
    'SET a.b = :v, a = :v',
    { ':v': 1 },
    `${WRAPPED}Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]`,
  ],
  [
    'SET a.b = :v, a[0] = :v',
    { ':v': 1 },
    `${WRAPPED}Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]`,
  ],
  [
    'ADD a :v',
    { ':v': 'text' },
    `${WRAPPED}Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING`,
  ],
  [
    'SET a = :v + :w',
    { ':v': 1, ':w': 'x' },
    `${WRAPPED}Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S`,
  ],
  ['SET a = nope(b)', undefined, `${WRAPPED}Invalid UpdateExpression: Invalid function name; function: nope`],
  [
    'SET a = :v',
    undefined,
    `${WRAPPED}Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v`,
  ],
]

for (const [expression, values, message] of REFUSED) {
  test(`refused: "${expression}" ${JSON.stringify(Object.values(values ?? {}))}`, async t => {
    const pk = `refused ${expression}`
    await docs.put({ TableName: T, Item: { pk, ...START } })
    t.is(await invalid(update(pk, expression, { values })), message)
    t.deepEqual((await docs.get({ TableName: T, Key: { pk } })).Item, { pk, ...START })
  })
}

test('both ways of saying it are one too many', async t => {
  const request = db.updateItem({
    TableName: T,
    Key: { pk: { S: 'a' } },
    UpdateExpression: 'REMOVE a',
    AttributeUpdates: { b: { Action: 'DELETE' } },
  })
  t.is(
    await invalid(request),
    `${WRAPPED}Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}`,
  )
})

test('a hundred counters at once count right', async t => {
  await Promise.all(Array.from({ length: 100 }, () => update('counter', 'ADD n :one', { values: { ':one': 1 } })))
  t.deepEqual((await docs.get({ TableName: T, Key: { pk: 'counter' }, ConsistentRead: true })).Item, {
    pk: 'counter',
    n: 100,
  })
})

test('of a hundred optimistic writers, each version is won once', async t => {
  await docs.put({ TableName: T, Item: { pk: 'race', v: 0 } })
  const bump = (from: number) =>
    docs.update({
      TableName: T,
      Key: { pk: 'race' },
      UpdateExpression: 'SET v = :to',
      ConditionExpression: 'v = :from',
      ExpressionAttributeValues: { ':from': from, ':to': from + 1 },
    })
  for (let from = 0; from < 5; from++) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => refusal(bump(from))))
    t.is(answers.filter(answer => answer === 'done').length, 1)
  }
})
