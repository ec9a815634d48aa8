/** Random writes on few items, so that they meet. */
import fc from 'fast-check'
import type { ExpressionInput } from '../../../server/expression/bind.ts'
import type { Item } from '../../../server/model/item.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import { item, key, N, put, remove, S, update } from './given.ts'

const p = fc.constantFrom('a', 'b', 'c')
const s = fc.constantFrom(-1, 2, 10)
const word = fc.constantFrom('1', '2', '').map(S)
const number = fc.constantFrom(-5, 0, 7).map(N)
const attributes: fc.Arbitrary<Item> = fc.record(
  {
    date: fc.constantFrom('1', '2').map(S),
    size: number,
    owner: fc.constantFrom('o', 'q').map(S),
    phase: fc.constantFrom('u', 'v').map(S),
    x: word,
    y: number,
    ['__proto__']: word,
  },
  { requiredKeys: [] },
)
const CHANGES: ExpressionInput[] = [
  { UpdateExpression: 'ADD y :n', ExpressionAttributeValues: { ':n': N(1) } },
  {
    UpdateExpression: 'SET #d = :s, phase = :s',
    ExpressionAttributeNames: { '#d': 'date' },
    ExpressionAttributeValues: { ':s': S('3') },
  },
  { UpdateExpression: 'REMOVE #o, phase', ExpressionAttributeNames: { '#o': 'owner' } },
  { UpdateExpression: 'SET x = :s', ExpressionAttributeValues: { ':s': S('new') } },
]
const CONDITION = { ConditionExpression: 'attribute_exists(p)' }

export const command: fc.Arbitrary<WriteCommand> = fc.oneof(
  fc.tuple(p, s, attributes).map(([p, s, attributes]) => put(item(p, s, attributes))),
  fc.tuple(p, s).map(([p, s]) => remove(key(p, s))),
  fc.tuple(p, s, fc.constantFrom(...CHANGES)).map(([p, s, change]) => update(key(p, s), change)),
  fc.tuple(p, s, attributes).map(([p, s, attributes]) => put(item(p, s, attributes), CONDITION)),
  fc.tuple(p, s, fc.constantFrom(...CHANGES)).map(([p, s, change]) => update(key(p, s), { ...change, ...CONDITION })),
)
