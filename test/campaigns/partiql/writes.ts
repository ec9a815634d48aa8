/** INSERT, UPDATE and DELETE beside PutItem, UpdateItem and DeleteItem. */
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import { anyCondition, type Condition, inExpression, inStatement } from './conditions.ts'
import {
  expressionPath,
  expressionValue,
  type Path,
  type Placeholders,
  placeholderMembers,
  placeholders,
  statementName,
  statementPath,
  statementValue,
  type Writer,
  word,
  writer,
} from './text.ts'
import { randomItem, randomKey, type Twins } from './twins.ts'
import { ATTRIBUTES, anyPath, anyValue, someSet } from './values.ts'

/** One write, said twice. */
export type WritePair = {
  statement: { Statement: string; Parameters: AttributeValue[] | undefined }
  operation: 'PutItem' | 'UpdateItem' | 'DeleteItem'
  request: { TableName: string }
  key: Item
}

type Action =
  | { kind: 'set'; path: Path; value: Data }
  | { kind: 'remove'; path: Path }
  | { kind: 'add' | 'delete'; path: Path; value: AttributeValue }

type Data =
  | { path: Path }
  | { value: AttributeValue }
  | { sign: '+' | '-'; left: Data; right: Data }
  | { append: [Data, Data] }

/** `free`: of RETURNING, which transactions do not know. */
export function anyWrite(random: Random, twins: Twins, free = true): WritePair {
  return random.weighted([
    [3, insertPair],
    [5, updatePair],
    [2, deletePair],
  ])(random, twins, free)
}

function insertPair(random: Random, twins: Twins): WritePair {
  const Item = randomItem(random, twins)
  spoil(random, Item, twins)
  const w = writer(random)
  const members = Object.entries(Item).map(([name, value]) => `'${name}': ${statementValue(w, value)}`)
  const table = statementName(w, twins.spoken)
  const Statement = `${word(w, 'INSERT INTO')} ${table} ${word(w, 'VALUE')} {${members.join(', ')}}`
  const condition = { ConditionExpression: 'attribute_not_exists(pk)' }
  return {
    statement: { Statement, Parameters: parametersOf(w) },
    operation: 'PutItem',
    request: { TableName: twins.native, Item, ...condition } as WritePair['request'],
    key: Item,
  }
}

/** Sometimes the key is missing, empty or of another type. */
function spoil(random: Random, item: Item, { key }: Twins): void {
  const { name } = random.pick(key)
  const spoiling = random.next()
  if (spoiling < 0.05) delete item[name]
  else if (spoiling < 0.1) item[name] = anyValue(random)
}

function updatePair(random: Random, twins: Twins, free: boolean): WritePair {
  // Together by kind, as in the sections of an expression.
  const actions = random
    .some(1, 3, () => anyAction(random))
    .sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0))
  const { key, condition, terms } = wherePair(random, twins)
  const w = writer(random)
  const clauses = statementClauses(w, actions)
  const returning =
    free && random.chance(0.5) ? random.pick(['ALL OLD', 'ALL NEW', 'MODIFIED OLD', 'MODIFIED NEW']) : ''
  const where = inStatement(w, terms)
  const Statement =
    `${word(w, 'UPDATE')} ${statementName(w, twins.spoken)} ${clauses} ${word(w, 'WHERE')} ${where}` +
    (returning && ` ${word(w, 'RETURNING')} ${returning} *`)
  const p = placeholders()
  const request = {
    TableName: twins.native,
    Key: key,
    UpdateExpression: updateExpression(p, actions),
    ConditionExpression: inExpression(p, exists(condition)),
    ReturnValues: returning.replace('MODIFIED', 'UPDATED').replace(' ', '_') || undefined,
    ...placeholderMembers(p),
  }
  return { statement: { Statement, Parameters: parametersOf(w) }, operation: 'UpdateItem', request, key }
}

/** Without a condition of its own, that there is an item is one. */
function exists(condition: Condition | undefined): Condition {
  const there: Condition = { kind: 'missing', path: ['pk'], not: true }
  return condition === undefined ? there : { kind: 'and', terms: [there, condition] }
}

function deletePair(random: Random, twins: Twins, free: boolean): WritePair {
  const { key, condition, terms } = wherePair(random, twins)
  const w = writer(random)
  const returning = free && random.chance(0.5)
  const table = statementName(w, twins.spoken)
  const Statement =
    `${word(w, 'DELETE FROM')} ${table} ${word(w, 'WHERE')} ${inStatement(w, terms)}` +
    (returning ? ' RETURNING ALL OLD *' : '')
  const p = placeholders()
  const request = {
    TableName: twins.native,
    Key: key,
    ConditionExpression: condition && inExpression(p, condition),
    ReturnValues: returning ? 'ALL_OLD' : undefined,
    ...placeholderMembers(p),
  }
  return { statement: { Statement, Parameters: parametersOf(w) }, operation: 'DeleteItem', request, key }
}

function parametersOf({ parameters }: Writer): AttributeValue[] | undefined {
  return parameters.length > 0 ? structuredClone(parameters) : undefined
}

/** A key, a condition or none, and the WHERE clause that says both, in any order. */
export function wherePair(random: Random, twins: Twins) {
  const key = randomKey(random, twins)
  if (random.chance(0.03)) key[twins.key[0]!.name] = anyValue(random)
  const equalities = Object.entries(key).map(([name, value]): Condition => {
    const [left, right] = random.chance(0.8)
      ? [{ path: [name] as Path }, { value }]
      : [{ value }, { path: [name] as Path }]
    return { kind: 'compare', operator: '=', left, right }
  })
  const condition = random.chance(0.4) ? anyCondition(random) : undefined
  const terms = condition === undefined ? equalities : insertAt(equalities, random.below(3), condition)
  const where: Condition = terms.length === 1 ? terms[0]! : { kind: 'and', terms }
  return { key, condition, terms: where }
}

function insertAt<T>(list: T[], at: number, element: T): T[] {
  return [...list.slice(0, at), element, ...list.slice(at)]
}

function anyAction(random: Random): Action {
  const path = random.chance(0.02) ? (['pk'] as Path) : targetOf(random)
  return random.weighted<() => Action>([
    [6, () => ({ kind: 'set', path, value: anyData(random, path) })],
    [2, () => ({ kind: 'remove', path })],
    [1, () => ({ kind: 'add', path, value: someSet(random) })],
    [1, () => ({ kind: 'delete', path, value: someSet(random) })],
  ])()
}

/** Deeper paths often lead nowhere, and then nothing is updated. */
function targetOf(random: Random): Path {
  return random.chance(0.8) ? [random.pick(ATTRIBUTES)] : anyPath(random)
}

function anyData(random: Random, target: Path): Data {
  const operand = (): Data => {
    if (random.chance(0.3)) return { path: random.chance(0.5) ? target : anyPath(random) }
    return { value: random.chance(0.6) ? { N: '2' } : anyValue(random) }
  }
  return random.weighted<() => Data>([
    [8, () => ({ value: anyValue(random) })],
    [1, () => ({ path: anyPath(random) })],
    [1, () => ({ sign: random.pick(['+', '-']), left: operand(), right: operand() })],
    [1, () => ({ append: [random.chance(0.7) ? { path: target } : operand(), listOf(random)] })],
  ])()
}

function listOf(random: Random): Data {
  return { value: { L: random.some(0, 2, () => anyValue(random, 1)) } }
}

/** `SET a = 1 SET b = 2`, or with commas. */
function statementClauses(w: Writer, actions: Action[]): string {
  let text = ''
  let section = ''
  for (const action of actions) {
    const next = action.kind === 'remove' ? 'REMOVE' : 'SET'
    const joined = next === section && w.random.chance(0.5)
    text += (joined ? ', ' : `${text && ' '}${word(w, next)} `) + statementAction(w, action)
    section = next
  }
  return text
}

function statementAction(w: Writer, action: Action): string {
  const path = statementPath(w, action.path)
  if (action.kind === 'remove') return path
  if (action.kind === 'set') return `${path} = ${statementData(w, action.value)}`
  const name = action.kind === 'add' ? 'SET_ADD' : 'SET_DELETE'
  return `${path} = ${word(w, name)}(${statementPath(w, action.path)}, ${statementValue(w, action.value)})`
}

function statementData(w: Writer, data: Data): string {
  if ('path' in data) return statementPath(w, data.path)
  if ('value' in data) return statementValue(w, data.value)
  if ('append' in data) {
    return `${word(w, 'LIST_APPEND')}(${data.append.map(part => statementData(w, part)).join(', ')})`
  }
  return `${statementData(w, data.left)} ${data.sign} ${statementData(w, data.right)}`
}

const SECTIONS = { set: 'SET', remove: 'REMOVE', add: 'ADD', delete: 'DELETE' }

function updateExpression(p: Placeholders, actions: Action[]): string {
  const sections = new Map<string, string[]>()
  for (const action of actions) {
    const list = sections.get(SECTIONS[action.kind]) ?? []
    sections.set(SECTIONS[action.kind], [...list, expressionAction(p, action)])
  }
  return [...sections].map(([section, list]) => `${section} ${list.join(', ')}`).join(' ')
}

function expressionAction(p: Placeholders, action: Action): string {
  const path = expressionPath(p, action.path)
  if (action.kind === 'remove') return path
  if (action.kind === 'set') return `${path} = ${expressionData(p, action.value)}`
  return `${path} ${expressionValue(p, action.value)}`
}

function expressionData(p: Placeholders, data: Data): string {
  if ('path' in data) return expressionPath(p, data.path)
  if ('value' in data) return expressionValue(p, data.value)
  if ('append' in data) return `list_append(${data.append.map(part => expressionData(p, part)).join(', ')})`
  return `${expressionData(p, data.left)} ${data.sign} ${expressionData(p, data.right)}`
}
