/** Expressions, with the names and values that they use: well-formed ones, token soup, and texts made to hurt a parser. */
import type { Random } from '../random.ts'
import type { KeyAttribute, Table } from './tables.ts'
import { indexedAttributes, keyValue, typedAttributes } from './tables.ts'
import { type JsonObject, name, ordinaryNumber, ordinaryValue, type Value } from './values.ts'

/** What the expressions of one request refer to. */
export type Scope = { names: Map<string, string>; values: Map<string, Value> }

export function newScope(): Scope {
  return { names: new Map(), values: new Map() }
}

/** The members of a request that go with its expressions; none if they need none. */
export function parametersOf({ names, values }: Scope): JsonObject {
  return {
    ...(names.size > 0 && { ExpressionAttributeNames: Object.fromEntries(names) }),
    ...(values.size > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
  }
}

/** The attribute by itself, if that parses and chance wants it, or a placeholder for it. */
function attribute(random: Random, scope: Scope, name: string): string {
  if (/^(a|b|c|d|pk|sk|n|bin|strings|numbers)$/.test(name) && random.chance(0.7)) return name
  const placeholder = random.chance(0.9)
    ? `#n${scope.names.size}`
    : `#${random.pick(['__proto__', 'constructor', '0'])}`
  scope.names.set(placeholder, name)
  return placeholder
}

function value(random: Random, scope: Scope, value: Value): string {
  const placeholder = random.chance(0.9) ? `:v${scope.values.size}` : `:${random.pick(['__proto__', 'toString', '1'])}`
  scope.values.set(placeholder, value)
  return placeholder
}

function path(random: Random, scope: Scope): string {
  const first = attribute(random, scope, random.chance(0.5) ? name(random) : random.pick(TYPED))
  const rest = random.some(0, random.chance(0.3) ? 4 : 0, () =>
    random.chance(0.5) ? `[${random.below(5)}]` : `.${attribute(random, scope, name(random))}`,
  )
  return first + rest.join('')
}

const TYPED = ['number', 'text', 'list', 'map', 'strings', 'numbers']

function operand(random: Random, scope: Scope): string {
  return random.weighted<() => string>([
    [4, () => path(random, scope)],
    [4, () => value(random, scope, ordinaryValue(random, 3))],
    [1, () => `size(${path(random, scope)})`],
  ])()
}

/** Over attributes that are no keys, unless `keys` are given to mention too. */
export function condition(random: Random, scope: Scope, depth = 0): string {
  const and = depth < 3 ? 2 : 0
  return random.weighted<() => string>([
    [and, () => `${condition(random, scope, depth + 1)} AND ${condition(random, scope, depth + 1)}`],
    [and, () => `(${condition(random, scope, depth + 1)} OR ${condition(random, scope, depth + 1)})`],
    [and / 2, () => `NOT ${condition(random, scope, depth + 1)}`],
    [3, () => `attribute_exists(${path(random, scope)})`],
    [3, () => `attribute_not_exists(${path(random, scope)})`],
    [4, () => comparison(random, scope)],
    [1, () => `${path(random, scope)} BETWEEN ${between(random, scope)}`],
    [1, () => `${path(random, scope)} IN (${random.some(1, 10, () => operand(random, scope)).join(', ')})`],
    [1, () => `begins_with(${path(random, scope)}, ${value(random, scope, { S: 't' })})`],
    [1, () => `contains(${path(random, scope)}, ${operand(random, scope)})`],
    [1, () => `attribute_type(${path(random, scope)}, ${value(random, scope, { S: random.pick(TYPES) })})`],
  ])()
}

const TYPES = ['S', 'N', 'B', 'SS', 'NS', 'BS', 'L', 'M', 'NULL', 'BOOL']
const COMPARATORS = ['=', '<>', '<', '<=', '>', '>=']

function comparison(random: Random, scope: Scope): string {
  const number = random.chance(0.5)
  const left = number ? attribute(random, scope, 'number') : path(random, scope)
  const right = number ? value(random, scope, { N: ordinaryNumber(random) }) : operand(random, scope)
  return `${left} ${random.pick(COMPARATORS)} ${right}`
}

function between(random: Random, scope: Scope): string {
  return `${value(random, scope, { N: '-5' })} AND ${value(random, scope, { N: '7' })}`
}

/** An update of attributes that do not overlap, of types that mostly fit. */
export function update(random: Random, scope: Scope, table: Table): string {
  const typed = new Map(Object.entries(typedAttributes(random)).map(([name, given]) => [name, { name, given }]))
  const take = (name: string) => {
    const { given } = typed.get(name)!
    typed.delete(name)
    return { target: attribute(random, scope, name), given: value(random, scope, given) }
  }
  const fresh = (target: string) => `if_not_exists(${target}, ${value(random, scope, { N: '0' })})`
  const sets: string[] = []
  if (random.chance(0.5)) {
    const { target, given } = take('number')
    sets.push(`${target} = ${fresh(target)} ${random.pick(['+', '-'])} ${given}`)
  }
  if (random.chance(0.3)) {
    const { target, given } = take('list')
    sets.push(`${target} = ${random.chance(0.5) ? given : `list_append(${given}, ${given})`}`)
  }
  if (random.chance(0.3)) sets.push(setOf(take('map')))
  if (random.chance(0.5)) sets.push(setOf(take('text')))
  for (const indexed of indexedAttributes(table).filter(() => random.chance(0.3))) {
    sets.push(`${attribute(random, scope, indexed.name)} = ${value(random, scope, keyValue(random, indexed))}`)
  }
  const adds = [...['strings', 'numbers'].filter(() => random.chance(0.4)).map(take)]
  const removes = ['a', 'b', 'c', 'd'].filter(() => random.chance(0.2)).map(name => attribute(random, scope, name))
  const clauses = [
    sets.length > 0 && `SET ${sets.join(', ')}`,
    adds.length > 0 && `${random.pick(['ADD', 'DELETE'])} ${adds.map(pairOf).join(', ')}`,
    removes.length > 0 && `REMOVE ${removes.join(', ')}`,
  ].filter(clause => clause !== false)
  return clauses.length > 0 ? clauses.join(' ') : `REMOVE ${attribute(random, scope, 'e')}`
}

type Change = { target: string; given: string }
const setOf = ({ target, given }: Change) => `${target} = ${given}`
const pairOf = ({ target, given }: Change) => `${target} ${given}`

/** All hash attributes, and as many of the range attributes as chance wants, the last one by any operator. */
export function keyCondition(
  random: Random,
  scope: Scope,
  key: KeyAttribute[],
  pinned: { [name: string]: Value },
): string {
  const equal = (part: KeyAttribute) =>
    `${attribute(random, scope, part.name)} = ${value(random, scope, pinned[part.name]!)}`
  const hash = key.filter(part => part.role === 'HASH')
  const range = key.filter(part => part.role === 'RANGE').slice(0, random.below(3))
  const last = range.pop()
  const terms = [...hash, ...range].map(equal)
  return [...terms, ...(last === undefined ? [] : [rangeTerm(random, scope, last)])].join(' AND ')
}

function rangeTerm(random: Random, scope: Scope, part: KeyAttribute): string {
  const name = attribute(random, scope, part.name)
  const bound = () => value(random, scope, keyValue(random, part))
  return random.weighted<() => string>([
    [3, () => `${name} ${random.pick(['=', '<', '<=', '>', '>='])} ${bound()}`],
    [0.5, () => `${name} BETWEEN ${bound()} AND ${bound()}`],
    [part.type === 'N' ? 0 : 1, () => `begins_with(${name}, ${bound()})`],
  ])()
}

/** Attributes that do not overlap. */
export function projection(random: Random, scope: Scope): string {
  const names = new Set(random.some(1, 4, () => random.pick([...TYPED, 'a', 'b', '__proto__', 'n', 'pk'])))
  return [...names].map(name => attribute(random, scope, name)).join(', ')
}

const TOKENS = (
  '( ) ( ) [ ] . , , = <> < <= > >= + - ! a b c pk status #n0 #n1 # :v0 :v1 :v2 : 0 7 99999999999 1.5 AND and OR NOT Not ' +
  'BETWEEN IN SET REMOVE ADD DELETE size( contains( begins_with( attribute_exists( attribute_not_exists( attribute_type( ' +
  'if_not_exists( list_append( foo( SET a = :v0 a = :v0 SELECT * FROM "fuzz-hash" WHERE VALUE { } << >> ? IS MISSING \0 \u2028 é \ud800 " \' ; -- /*'
).split(' ')

export function soup(random: Random): string {
  return random.some(0, 30, () => random.pick(TOKENS)).join(random.pick([' ', ' ', '', '\n']))
}

/** At the limit of 4,096 characters, or beyond. */
export function hostileExpression(random: Random): string {
  const times = random.pick([10, 150, 151, 300, 301, 1000, 2040, 4096, 40_000])
  const [open, middle, close] = random.pick(HOSTILE)
  const room = random.chance(0.8) ? Math.floor((4096 - middle.length) / (open.length + close.length)) : times
  const depth = Math.min(times, room)
  return open.repeat(depth) + middle + close.repeat(random.chance(0.9) ? depth : random.below(depth))
}

const HOSTILE: [open: string, middle: string, close: string][] = [
  ['(', 'a = :v0', ')'],
  ['(', '', ''],
  ['NOT ', 'a = :v0', ''],
  ['NOT(', 'a = :v0', ')'],
  ['(a = :v0 AND ', 'a = :v0', ')'],
  ['a = :v0 OR ', 'a = :v0', ''],
  ['size(', 'a', ') = :v0'],
  ['attribute_exists(', 'a', ')'],
  ['contains(', 'a', ', :v0)'],
  ['a IN (', ':v0', ')'],
  ['a BETWEEN ', ':v0 AND :v0', ''],
  [':v0, ', 'a IN (:v0', ')'],
  ['a, ', 'a', ''],
  ['', 'a', '.a'],
  ['', 'a', '[0]'],
  ['', 'a', '[99999999999999]'],
  [',', '', ''],
  ['#', '', ''],
  [':', '', ''],
  [' ', 'a = :v0', ' '],
  ['\0', '', ''],
  ['SET a = (', ':v0', ')'],
  ['', 'SET a = b', ' + :v0'],
  ['', 'SET a = :v0', ', b = :v0'],
  ['SET ', 'a = :v0', ''],
  ['if_not_exists(a, ', ':v0', ')'],
  ['list_append(list, ', 'list', ')'],
  ['REMOVE ', 'list[0]', ', list[1]'],
]

/** Many values in one IN list, with the values. */
export function longIn(random: Random, scope: Scope): string {
  const count = random.pick([99, 100, 101, 600])
  return `a IN (${Array.from({ length: count }, (_, i) => value(random, scope, { N: String(i) })).join()})`
}

/** The text, with a few of its tokens gone, twice, exchanged or replaced. */
export function garbleExpression(random: Random, text: string): string {
  const tokens = text.match(/[\w#:]+|\s+|./gs) ?? []
  for (let i = 0; i <= random.below(3); i++) {
    const at = random.below(tokens.length + 1)
    const token = random.pick(TOKENS)
    random.pick([
      () => tokens.splice(at, 1),
      () => tokens.splice(at, 0, token),
      () => tokens.splice(at, 1, token),
      () => tokens.splice(at, 0, ...tokens.slice(at, at + 4)),
      () => tokens.splice(at),
    ])()
  }
  return tokens.join('')
}
