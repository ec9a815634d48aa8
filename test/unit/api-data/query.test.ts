import test from 'ava'
import fc from 'fast-check'
import { putItem } from '../../../server/api/PutItem.ts'
import { query as queryOperation } from '../../../server/api/Query.ts'
import { type Json, N, S, table, type World, world } from './world.ts'

const INCLUDE = { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: ['a'] }

const games = () =>
  world(
    table('Games', 'user turn:N', {
      local: { byScore: { key: 'user score:N', projection: INCLUDE } },
      global: {
        byBoard: { key: 'board score:N', projection: INCLUDE },
        byPlace: { key: 'country+city year:N+month:N' },
        inMaking: { key: 'board', creating: true },
      },
    }),
  )

async function fill({ run }: World, items: Json[]): Promise<void> {
  for (const Item of items) await run(putItem, { TableName: 'Games', Item })
}

const ann = (turn: number, more: object = {}) => ({ user: S('ann'), turn: N(turn), ...more })

/** A query of `user`, or of another key condition. */
const query = (more: object = {}) => {
  const request: Json = { TableName: 'Games', KeyConditionExpression: '#u = :u', ...more }
  request.ExpressionAttributeNames = { '#u': 'user', ...request.ExpressionAttributeNames }
  request.ExpressionAttributeValues = { ':u': S('ann'), ...request.ExpressionAttributeValues }
  return request
}

const turns = (answer: Json) => answer.Items.map((item: Json) => Number(item.turn.N))

test('items in sort-key order, as they are stored', async t => {
  const game = games()
  await fill(game, [ann(10, { a: S('x') }), ann(-2), ann(9), { user: S('bob'), turn: N(1) }])
  const answer = await game.run(queryOperation, query())
  t.deepEqual(answer, { Count: 3, ScannedCount: 3, Items: [ann(-2), ann(9), ann(10, { a: S('x') })] })
  t.deepEqual(turns(await game.run(queryOperation, query({ ScanIndexForward: false }))), [10, 9, -2])
})

test('legacy key conditions and filters', async t => {
  const game = games()
  await fill(game, [ann(1, { a: S('x') }), ann(2, { a: S('y') }), ann(3)])
  const eq = (value: object) => ({ ComparisonOperator: 'EQ', AttributeValueList: [value] })
  const answer = await game.run(queryOperation, {
    TableName: 'Games',
    KeyConditions: { user: eq(S('ann')), turn: { ComparisonOperator: 'LE', AttributeValueList: [N(2)] } },
    QueryFilter: { a: eq(S('y')) },
    AttributesToGet: ['turn'],
  })
  t.deepEqual(answer, { Count: 1, ScannedCount: 2, Items: [{ turn: N(2) }] })
})

test('filters act after reading, and never change the cost', async t => {
  const game = games()
  await fill(game, [ann(1), ann(2, { a: S('x'.repeat(5000)) }), ann(3)])
  const filter = { FilterExpression: 'attribute_exists(a)', ReturnConsumedCapacity: 'INDEXES' }
  const answer = await game.run(
    queryOperation,
    query({ ...filter, ProjectionExpression: 'turn', ConsistentRead: true }),
  )
  t.deepEqual(answer, {
    Count: 1,
    ScannedCount: 3,
    Items: [{ turn: N(2) }],
    ConsumedCapacity: { TableName: 'Games', CapacityUnits: 2, Table: { CapacityUnits: 2 } },
  })
  const counted = await game.run(queryOperation, query({ ...filter, Select: 'COUNT', ReturnConsumedCapacity: 'TOTAL' }))
  t.deepEqual(counted, { Count: 1, ScannedCount: 3, ConsumedCapacity: { TableName: 'Games', CapacityUnits: 1 } })
  t.deepEqual(await game.run(queryOperation, query({ FilterExpression: 'a = :u', Limit: 1 })), {
    Count: 0,
    ScannedCount: 1,
    Items: [],
    LastEvaluatedKey: ann(1),
  })
})

test('a page ends with the item that reaches a megabyte', async t => {
  const game = games()
  await fill(
    game,
    [1, 2, 3, 4].map(turn => ann(turn, { a: S('x'.repeat(400_000)) })),
  )
  const page = await game.run(queryOperation, query())
  t.deepEqual(turns(page), [1, 2, 3])
  t.deepEqual(page.LastEvaluatedKey, ann(3))
  const rest = await game.run(queryOperation, query({ ExclusiveStartKey: page.LastEvaluatedKey }))
  t.deepEqual(turns(rest), [4])
  t.is(rest.LastEvaluatedKey, undefined)
})

test('pages put together are what one page would be', async t => {
  const scenario = fc.record({
    scores: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 }),
    limit: fc.integer({ min: 1, max: 4 }),
    forward: fc.boolean(),
    index: fc.constantFrom(undefined, 'byScore', 'byBoard'),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ scores, limit, forward, index }) => {
      const game = games()
      const items = scores.map((score, turn) => ann(turn, { score: N(score), board: S('chess') }))
      await fill(game, items)
      const request = query({
        IndexName: index,
        Limit: limit,
        ScanIndexForward: forward,
        ExpressionAttributeNames: { '#u': index === 'byBoard' ? 'board' : 'user' },
        ExpressionAttributeValues: { ':u': S(index === 'byBoard' ? 'chess' : 'ann') },
      })
      const seen: number[] = []
      let ExclusiveStartKey: Json
      do {
        const page = await game.run(queryOperation, { ...request, ExclusiveStartKey })
        t.is(page.LastEvaluatedKey !== undefined, page.ScannedCount === limit)
        seen.push(...turns(page))
        ExclusiveStartKey = page.LastEvaluatedKey
      } while (ExclusiveStartKey)
      const score = (turn: number) => (index === undefined ? 0 : scores[turn]!)
      const expected = [...scores.keys()].sort((a, b) => score(a) - score(b) || a - b)
      t.deepEqual(seen, forward ? expected : expected.reverse())
    }),
    { numRuns: 60 },
  )
})

test('an index shows what it carries; a local one fetches the rest at extra cost', async t => {
  const game = games()
  const item = ann(1, { score: N(5), board: S('go'), a: S('x'), b: S('y'.repeat(5000)) })
  await fill(game, [item, ann(2, { score: N(6), a: S('x') })])
  const local = (more: object) =>
    game.run(queryOperation, query({ IndexName: 'byScore', ReturnConsumedCapacity: 'INDEXES', ...more }))
  const carried = [ann(1, { score: N(5), a: S('x') }), ann(2, { score: N(6), a: S('x') })]
  const plain = await local({})
  t.deepEqual(plain.Items, carried)
  t.deepEqual(plain.ConsumedCapacity, {
    TableName: 'Games',
    CapacityUnits: 0.5,
    Table: { CapacityUnits: 0 },
    LocalSecondaryIndexes: { byScore: { CapacityUnits: 0.5 } },
  })
  const whole = await local({ Select: 'ALL_ATTRIBUTES', ConsistentRead: true })
  t.deepEqual(whole.Items, [item, ann(2, { score: N(6), a: S('x') })])
  t.deepEqual(whole.ConsumedCapacity, {
    TableName: 'Games',
    CapacityUnits: 4,
    Table: { CapacityUnits: 3 },
    LocalSecondaryIndexes: { byScore: { CapacityUnits: 1 } },
  })
  const some = await local({ ProjectionExpression: 'board', Limit: 1 })
  t.deepEqual(some.Items, [{ board: S('go') }])
  t.deepEqual(some.LastEvaluatedKey, ann(1, { score: N(5) }))
  t.is(some.ConsumedCapacity.CapacityUnits, 1.5)
})

test('what is fetched for a local index counts towards the megabyte', async t => {
  const game = games()
  await fill(
    game,
    [1, 2, 3, 4].map(turn => ann(turn, { score: N(turn), b: S('x'.repeat(400_000)) })),
  )
  const request = query({ IndexName: 'byScore', Select: 'ALL_ATTRIBUTES' })
  const page = await game.run(queryOperation, request)
  t.deepEqual(turns(page), [1, 2, 3])
  t.deepEqual(page.LastEvaluatedKey, ann(3, { score: N(3) }))
  t.deepEqual(turns(await game.run(queryOperation, { ...request, ExclusiveStartKey: page.LastEvaluatedKey })), [4])
})

const board = (more: object = {}) =>
  query({
    IndexName: 'byBoard',
    ...more,
    ExpressionAttributeNames: { '#u': 'board', ...(more as Json).ExpressionAttributeNames },
  })

test('what cannot be asked of an index', async t => {
  const { refusal } = games()
  const ask = (request: object) => refusal(queryOperation, request)
  t.is(await ask(query({ IndexName: 'nope' })), 'The table does not have the specified index: nope')
  t.is(await ask(board({ ConsistentRead: true })), 'Consistent reads are not supported on global secondary indexes')
  t.is(await ask(query({ IndexName: 'inMaking' })), 'Cannot read from backfilling global secondary index: inMaking')
  t.is(
    await ask(board({ Select: 'ALL_ATTRIBUTES' })),
    'One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index byBoard because its projection type is not ALL',
  )
  t.is(
    await ask(board({ ProjectionExpression: 'turn, b, a, c.d' })),
    'One or more parameter values were invalid: Global secondary index byBoard does not project [b, c]',
  )
  t.is(
    await ask(board({ FilterExpression: 'b = :u' })),
    'One or more parameter values were invalid: Secondary index byBoard does not project one or more filter attributes: [b]',
  )
})

test('Select and its companions', async t => {
  const { refusal } = games()
  const ask = (more: object) => refusal(queryOperation, query({ TableName: 'Nowhere', ...more }))
  t.is(
    await ask({ Select: 'ALL_PROJECTED_ATTRIBUTES' }),
    'ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName',
  )
  t.is(
    await ask({ Select: 'SPECIFIC_ATTRIBUTES' }),
    '1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
  )
  t.is(
    await ask({ Select: 'COUNT', ProjectionExpression: 'a' }),
    'Cannot specify the ProjectionExpression when choosing to get only the Count',
  )
  t.is(
    await refusal(queryOperation, {
      TableName: 'Nowhere',
      KeyConditions: { a: { ComparisonOperator: 'EQ', AttributeValueList: [S('a')] } },
      AttributesToGet: ['a'],
      Select: 'ALL_ATTRIBUTES',
    }),
    'Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES',
  )
})

test('the order of checks', async t => {
  const { refusal } = games()
  const ask = (request: object) => refusal(queryOperation, { TableName: 'Nowhere', ...request })
  const badStart = { ExclusiveStartKey: { a: { SS: [] } } }
  t.regex(await ask({ AttributesToGet: ['a', 'a'], FilterExpression: '', ...badStart }), /^Can not use both/)
  t.is(
    await ask({ AttributesToGet: ['a', 'a'], ...badStart }),
    'One or more parameter values were invalid: Duplicate value in attribute name: a',
  )
  t.is(
    await ask(badStart),
    'The provided starting key is invalid: One or more parameter values were invalid: An string set  may not be empty',
  )
  t.is(await ask({ ExclusiveStartKey: { a: N('x') } }), 'The parameter cannot be converted to a numeric value: x')
  const missing = 'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.'
  t.is(await ask({ FilterExpression: '' }), missing)
  t.is(
    await ask({ FilterExpression: '', KeyConditionExpression: '' }),
    'Invalid KeyConditionExpression: The expression can not be empty;',
  )
  t.is(
    await ask(query({ KeyConditionExpression: '#u = :u OR #u = :u', TableName: 'Nowhere' })),
    'Invalid operator used in KeyConditionExpression: OR',
  )
  t.is(await ask(query({ TableName: 'Nowhere' })), 'ResourceNotFoundException: Requested resource not found')
  t.is(
    await refusal(queryOperation, query({ Limit: 0 })),
    "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  )
  t.is(
    await refusal(
      queryOperation,
      query({ ExpressionAttributeNames: { '#u': 'turn' }, ExpressionAttributeValues: { ':u': N(1) } }),
    ),
    'Query condition missed key schema element: user',
  )
})

test('filters may not mention the keys of what is queried', async t => {
  const game = games()
  const text = (label: string, name: string) =>
    `${label} can only contain non-primary key attributes: Primary key attribute: ${name}`
  const filter = { FilterExpression: 'turn = :u' }
  t.is(await game.refusal(queryOperation, query(filter)), text('Filter Expression', 'turn'))
  t.is(await game.refusal(queryOperation, board(filter)), 'none')
  t.is(
    await game.refusal(queryOperation, board({ FilterExpression: 'score = :u' })),
    text('Filter Expression', 'score'),
  )
  t.is(
    await game.refusal(queryOperation, query({ FilterExpression: 'board.a = :u' })),
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: board",
  )
  const eq = { ComparisonOperator: 'EQ', AttributeValueList: [S('ann')] }
  t.is(
    await game.refusal(queryOperation, { TableName: 'Games', KeyConditions: { user: eq }, QueryFilter: { user: eq } }),
    text('QueryFilter', 'user'),
  )
})

test('starting keys', async t => {
  const { refusal, run } = games()
  const from = (start: object, more: object = {}) =>
    refusal(queryOperation, query({ ExclusiveStartKey: start, ...more }))
  const invalid = 'The provided starting key is invalid'
  t.is(await from({ user: S('ann') }), invalid)
  t.is(await from(ann(1, { extra: N(1) })), invalid)
  t.is(await from({ user: S('ann'), turn: S('1') }), invalid)
  t.is(await from(ann(1), { IndexName: 'byScore' }), invalid)
  t.is(await from(ann(1, { score: N(1) }), { IndexName: 'byScore' }), 'none')
  t.is(
    await from({ user: S(''), turn: N(1) }),
    `${invalid}: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: user`,
  )
  t.is(
    await from({ user: S('bob'), turn: N(1) }),
    'The provided starting key is outside query boundaries based on provided conditions',
  )
  const above = { KeyConditionExpression: '#u = :u AND turn > :t', ExpressionAttributeValues: { ':t': N(3) } }
  t.is(await from(ann(3), above), 'The provided starting key does not match the range key predicate')
  t.is(await from(ann(4), above), 'none')
  const pinned = { ...above, KeyConditionExpression: '#u = :u AND turn = :t' }
  t.is(await from(ann(3), pinned), 'The query can return at most one row and cannot be restarted')
  t.deepEqual(await run(queryOperation, query({ ExclusiveStartKey: { turn: N('1.0'), user: S('ann') } })), {
    Count: 0,
    ScannedCount: 0,
    Items: [],
  })
})

test('keys of several attributes', async t => {
  const game = games()
  const at = (turn: number, country: string, city: string, year: number, month: number) =>
    ann(turn, { country: S(country), city: S(city), year: N(year), month: N(month) })
  await fill(game, [at(1, 'de', 'kiel', 2024, 11), at(2, 'de', 'kiel', 2024, 2), at(3, 'de', 'kiel', 2023, 12)])
  await fill(game, [at(4, 'dek', 'iel', 2024, 1), ann(5, { country: S('de'), city: S('kiel') })])
  const ask = (condition: string, values: object = {}, more: object = {}) => ({
    TableName: 'Games',
    IndexName: 'byPlace',
    KeyConditionExpression: condition,
    ExpressionAttributeNames: { '#y': 'year', '#m': 'month' },
    ExpressionAttributeValues: { ':de': S('de'), ':kiel': S('kiel'), ...values },
    ...more,
  })
  const place = 'country = :de AND city = :kiel'
  const march = { ':y': N(2024), ':m': N(3) }
  const after = await game.run(queryOperation, ask(`${place} AND #y = :y AND #m > :m`, march))
  t.deepEqual(turns(after), [1])
  const since = { ExpressionAttributeNames: { '#y': 'year' }, Limit: 2 }
  const page = await game.run(queryOperation, ask(`${place} AND #y >= :y`, { ':y': N(2023) }, since))
  t.deepEqual(turns(page), [3, 2])
  t.deepEqual(page.LastEvaluatedKey, at(2, 'de', 'kiel', 2024, 2))
  t.is(
    await game.refusal(queryOperation, ask(`${place} AND #y > :y AND #m = :m`, march)),
    'Query key condition not supported',
  )
})
