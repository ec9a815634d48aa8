/** SELECT beside GetItem, Query and Scan. */
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import {
  ANY_TERMS,
  anyCondition,
  type Condition,
  inExpression,
  inStatement,
  type Operand,
  type Terms,
} from './conditions.ts'
import {
  expressionPath,
  type Path,
  type Placeholders,
  placeholderMembers,
  placeholders,
  statementName,
  statementPath,
  type Writer,
  word,
  writer,
} from './text.ts'
import type { Attribute, Index, Twins } from './twins.ts'
import { anyPath, anyValue, keyValue } from './values.ts'

/** How the WHERE clause names partition keys; `none` leaves it to a scan. */
export type Shape = 'none' | 'equal' | 'in' | 'or'

export type Order = { attribute: string; descending: boolean }

/** One SELECT, said twice. */
export type SelectPair = {
  statement: { Statement: string; Parameters: AttributeValue[] | undefined }
  index: Index | undefined
  shape: Shape
  /** The native requests that say the same: a Query for each partition key, or one Scan. */
  requests: { operation: 'Query' | 'Scan'; request: object }[]
  /** Whether it can be about no more than one item, of the table: a Query for it cannot go on. */
  alone: boolean
  /** If it names that item by equalities: its key. */
  key: Item | undefined
  /** The attributes of the condition. */
  tested: string[]
  /** Nothing is said about the partition key: it can be nothing but a scan. */
  scanned: boolean
  paths: Path[] | undefined
  order: Order[]
}

export function anySelect(random: Random, twins: Twins): SelectPair {
  const index = random.chance(0.4) && twins.indexes.length > 0 ? random.pick(twins.indexes) : undefined
  const shape = random.pick(['none', 'equal', 'equal', 'in', 'or'] as const)
  return shape === 'none' ? scanPair(random, twins, index) : queryPair(random, twins, index, shape)
}

/** Anything goes, key attributes too; a scan tells what is right. */
function scanPair(random: Random, twins: Twins, index: Index | undefined): SelectPair {
  const keys = [...twins.key, ...(index?.key ?? [])]
  const terms = termsWith(keys, index)
  const condition = random.weighted<() => Condition | undefined>([
    [8, () => anyCondition(random, terms)],
    [2, () => branches(random, (index ?? twins).key[0]!, terms)],
    [1, () => undefined],
  ])()
  const w = writer(random)
  const paths = selection(random, twins, index)
  const text = selectText(w, twins, index, paths)
  const Statement = text + (condition ? ` ${word(w, 'WHERE')} ${inStatement(w, condition)}` : '')
  const p = placeholders()
  const request = {
    TableName: twins.native,
    IndexName: index?.name,
    FilterExpression: condition && inExpression(p, condition),
    ProjectionExpression: projectionOf(p, paths),
    ...placeholderMembers(p),
  }
  return {
    statement: { Statement, Parameters: w.parameters.length > 0 ? structuredClone(w.parameters) : undefined },
    index,
    shape: 'none',
    requests: [{ operation: 'Scan', request }],
    key: undefined,
    alone: false,
    tested: condition ? namesIn(condition) : [],
    scanned: !condition || !namesIn(condition).includes((index ?? twins).key[0]!.name),
    paths,
    order: [],
  }
}

/** `(pk = 'a' AND ...) OR (pk = 'b' AND ...)`, sometimes beside another condition. */
function branches(random: Random, { name, type }: Attribute, terms: Terms): Condition {
  const branch = (): Condition => {
    const value = keyValue(random, type)
    const equal: Condition = { kind: 'compare', operator: '=', left: { path: [name] }, right: { value } }
    return random.chance(0.2) ? equal : { kind: 'and', terms: [equal, anyCondition(random, terms)] }
  }
  const any: Condition = { kind: 'or', terms: random.some(2, 3, branch) }
  return random.chance(0.5) ? any : { kind: 'and', terms: [any, anyCondition(random, terms)] }
}

/** Paths of all kinds and of the keys, which are compared with what they can be. */
function termsWith(keys: Attribute[], index: Index | undefined): Terms {
  return {
    path: random => (random.chance(0.5) ? [random.pick(keys).name] : carriedPath(random, index)),
    value(random, path) {
      const key = keys.find(({ name }) => name === path?.[0])
      return key ? keyValue(random, key.type) : anyValue(random)
    },
  }
}

/** A path that an index's rows carry, as a rule. */
function carriedPath(random: Random, index: Index | undefined): Path {
  if (index?.carried === undefined || random.chance(0.05)) return anyPath(random)
  return [random.pick([...index.carried, ...index.key.map(({ name }) => name)])]
}

function selection(random: Random, twins: Twins, index: Index | undefined): Path[] | undefined {
  if (random.chance(0.5)) return undefined
  // The keys come along, so that the order of items shows.
  const keys = [...new Set([...twins.key, ...(index?.key ?? [])].map(({ name }) => name))]
  const paths = random.some(0, 3, () => (random.chance(0.7) ? carriedPath(random, index) : anyPath(random)))
  return [...keys.map((name): Path => [name]), ...paths.filter(path => !keys.includes(lastName(path)))]
}

/** Whole attributes: what a nested path leads to is for the comparison. */
function projectionOf(p: Placeholders, paths: Path[] | undefined): string | undefined {
  if (paths === undefined) return undefined
  const names = new Set(paths.map(([name]) => name))
  return [...names].map(name => expressionPath(p, [name])).join(', ')
}

function lastName(path: Path): string {
  return path.findLast(step => typeof step === 'string')!
}

function selectText(w: Writer, twins: Twins, index: Index | undefined, paths?: Path[]): string {
  const list = paths ? paths.map(path => statementPath(w, path)).join(', ') : '*'
  const source = statementName(w, twins.spoken) + (index ? `.${statementName(w, index.name)}` : '')
  return `${word(w, 'SELECT')} ${list} ${word(w, 'FROM')} ${source}`
}

/** A condition on the partition key, perhaps one on the sort key, perhaps one on the rest. */
function queryPair(random: Random, twins: Twins, index: Index | undefined, shape: Shape): SelectPair {
  const [hash, range] = (index ?? twins).key as [Attribute, Attribute?]
  const values = hashValues(random, hash, shape)
  const rangeCondition = range && random.chance(0.7) ? rangeOf(random, range) : undefined
  const keys = (index ?? twins).key.map(({ name }) => name)
  const others: Terms = { ...ANY_TERMS, path: r => notOf(keys, () => carriedPath(r, index)) }
  const filter = random.chance(0.4) ? anyCondition(random, others) : undefined
  const terms = [hashCondition(random, hash, values, shape), rangeCondition, filter].filter(term => term !== undefined)
  if (random.chance(0.5)) terms.reverse()
  const order = random.chance(0.5) ? orderOf(random, (index ?? twins).key) : []

  const w = writer(random)
  const paths = selection(random, twins, index)
  const where = inStatement(w, terms.length === 1 ? terms[0]! : { kind: 'and', terms })
  const by = order.map(({ attribute, descending }) => statementName(w, attribute) + (descending ? ' DESC' : ''))
  const Statement =
    `${selectText(w, twins, index, paths)} ${word(w, 'WHERE')} ${where}` +
    (by.length > 0 ? ` ${word(w, 'ORDER BY')} ${by.join(', ')}` : '')
  const reverse = order.find(({ attribute }) => attribute === range?.name)?.descending === true
  const requests = values.map(value => {
    const p = placeholders()
    const equal: Condition = { kind: 'compare', operator: '=', left: { path: [hash.name] }, right: { value } }
    const key: Condition = rangeCondition ? { kind: 'and', terms: [equal, rangeCondition] } : equal
    const request = {
      TableName: twins.native,
      IndexName: index?.name,
      KeyConditionExpression: inExpression(p, key),
      FilterExpression: filter && inExpression(p, filter),
      ProjectionExpression: projectionOf(p, paths),
      ScanIndexForward: reverse ? false : undefined,
      ...placeholderMembers(p),
    }
    return { operation: 'Query' as const, request }
  })
  const pinned = !range || (rangeCondition?.kind === 'compare' && rangeCondition.operator === '=')
  const alone = !index && pinned && values.length === 1
  const key = alone && shape !== 'in' ? keyOf(hash, values[0]!, rangeCondition) : undefined
  const Parameters = w.parameters.length > 0 ? structuredClone(w.parameters) : undefined
  return {
    statement: { Statement, Parameters },
    index,
    shape,
    requests,
    key,
    alone,
    tested: [],
    scanned: false,
    paths,
    order,
  }
}

function keyOf(hash: Attribute, value: AttributeValue, range: Condition | undefined): Item {
  const key: Item = { [hash.name]: value }
  if (range?.kind !== 'compare') return key
  const [path, constant] = 'path' in range.left ? [range.left, range.right] : [range.right, range.left]
  if ('path' in path && 'value' in constant) key[path.path[0]] = constant.value
  return key
}

function hashValues(random: Random, hash: Attribute, shape: Shape): AttributeValue[] {
  const one = () => (random.chance(0.98) ? keyValue(random, hash.type) : anyValue(random))
  const values = random.some(1, shape === 'equal' ? 1 : 4, one)
  return [...new Map(values.map(value => [JSON.stringify(value), value])).values()]
}

function hashCondition(random: Random, { name }: Attribute, values: AttributeValue[], shape: Shape): Condition {
  const equalities = values.map((value): Condition => {
    const sides = [{ path: [name] as Path }, { value }] as const
    const [left, right] = random.chance(0.8) ? sides : [sides[1], sides[0]]
    return { kind: 'compare', operator: '=', left, right }
  })
  if (shape !== 'in') return equalities.length === 1 ? equalities[0]! : { kind: 'or', terms: equalities }
  return { kind: 'in', operand: { path: [name] }, choices: values.map(value => ({ value })), not: false }
}

function rangeOf(random: Random, { name, type }: Attribute): Condition {
  const path = { path: [name] as Path }
  const right = () => ({ value: keyValue(random, type) })
  const value = () => (random.chance(0.97) ? right() : { value: keyValue(random, random.pick(['S', 'N', 'B'])) })
  return random.weighted<() => Condition>([
    [3, () => ({ kind: 'compare', operator: '=', left: path, right: value() })],
    [3, () => ({ kind: 'compare', operator: random.pick(['<', '<=', '>', '>=']), left: path, right: value() })],
    [1, () => ({ kind: 'compare', operator: random.pick(['<', '>=']), left: value(), right: path })],
    [2, () => between(path, [right(), right()])],
    [type === 'N' ? 0 : 2, () => ({ kind: 'call', name: 'begins_with', operands: [path, right()] })],
  ])()
}

function between(operand: Operand, bounds: { value: AttributeValue }[]): Condition {
  const [low, high] = bounds.sort((a, b) => compareKeys(a.value, b.value))
  return { kind: 'between', operand, low: low!, high: high!, not: false }
}

/** The order of two key values of one type. */
export function compareKeys(a: AttributeValue, b: AttributeValue): number {
  if (a.N !== undefined) return Number(a.N) - Number(b.N)
  const bytes = ({ S, B }: AttributeValue) => (S === undefined ? Buffer.from(B!, 'base64') : Buffer.from(S))
  return Buffer.compare(bytes(a), bytes(b))
}

/** The attributes that a condition mentions. */
function namesIn(condition: Condition): string[] {
  const names: string[] = []
  JSON.stringify(condition, (name, value) => {
    if ((name === 'path' || name === 'size') && Array.isArray(value)) names.push(value[0])
    return name === 'value' ? undefined : value
  })
  return names
}

function notOf(names: string[], make: () => Path): Path {
  for (let i = 0; i < 20; i++) {
    const path = make()
    if (!names.includes(path[0])) return path
  }
  return ['a']
}

function orderOf(random: Random, key: Attribute[]): Order[] {
  const names = key.map(({ name }) => name)
  const chosen = random.pick([names, [...names].reverse(), [names.at(-1)!], [names[0]!]])
  return chosen.map(attribute => ({ attribute, descending: random.chance(0.5) }))
}
