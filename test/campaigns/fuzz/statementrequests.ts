/** Valid requests of statements, and some whose text nests or goes on as far as it may. */
import type { Random } from '../random.ts'
import { type Make, maybe, reports } from './parts.ts'
import { itemOf, type KeyAttribute, keyOf, keyValue, type Table, typedAttributes } from './tables.ts'
import { type JsonObject, name, ordinaryValue, type Value } from './values.ts'

/** A text with `?` for its values. */
type Draft = { text: string; values: Value[] }

export const executeStatement: Make = (random, table) => ({
  ...(random.chance(0.03) ? hostile(random) : anyStatement(random, table)),
  ...maybe(random, 0.2, () => ({ ConsistentRead: true })),
  ...maybe(random, 0.3, () => ({ Limit: 1 + random.below(5) })),
  ...failures(random),
  ...reports(random),
})

export const batchExecuteStatement: Make = (random, table) => {
  const make = random.chance(0.5) ? select : random.pick([insert, update, remove])
  return {
    Statements: random.some(1, 5, () => ({ ...statement(make(random, table)), ...failures(random) })),
    ...reports(random),
  }
}

export const executeTransaction: Make = (random, table) => {
  const make = random.chance(0.5) ? point : insert
  const statements = random.some(1, 3, () => make(random, table))
  return {
    TransactStatements: statements.map(draft => ({ ...statement(draft), ...failures(random) })),
    ...maybe(random, 0.3, () => ({ ClientRequestToken: `token ${random.below(20)}` })),
    ...reports(random),
  }
}

const failures = (random: Random) => maybe(random, 0.2, () => ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))

function anyStatement(random: Random, table: Table): JsonObject {
  const make = random.weighted([
    [4, select],
    [3, insert],
    [3, update],
    [1, remove],
  ])
  return statement(make(random, table))
}

function statement({ text, values }: Draft): JsonObject {
  return { Statement: text, ...(values.length > 0 && { Parameters: values }) }
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

function select(random: Random, table: Table): Draft {
  const index = random.chance(0.3) ? random.pick([...table.local, ...table.global]) : undefined
  const source = quoted(table.name) + (index ? `.${quoted(index.name)}` : '')
  const [hash, range] = (index ?? table).key as [KeyAttribute, KeyAttribute?]
  const { text, values } = random.chance(0.5) ? whereKey(random, table.key) : whereHash(random, hash)
  const order = range && random.chance(0.2) ? ` ORDER BY ${quoted(range.name)} DESC` : ''
  const list = random.chance(0.5) ? '*' : random.some(1, 3, () => quoted(name(random))).join(', ')
  return { text: `SELECT ${list} FROM ${source} WHERE ${text}${order}`, values }
}

function point(random: Random, table: Table): Draft {
  const { text, values } = whereKey(random, table.key)
  return { text: `SELECT * FROM ${quoted(table.name)} WHERE ${text}`, values }
}

function whereHash(random: Random, hash: KeyAttribute): Draft {
  const values = random.some(1, 3, () => keyValue(random, hash))
  const more = random.chance(0.3) ? ` AND ${quoted(name(random))} IS NOT MISSING` : ''
  return { text: `${quoted(hash.name)} IN [${values.map(() => '?').join(', ')}]${more}`, values }
}

function whereKey(random: Random, key: KeyAttribute[]): Draft {
  const values = Object.values(keyOf(random, key))
  const text = key.map(({ name: attribute }) => `${quoted(attribute)} = ?`).join(' AND ')
  if (random.chance(0.7)) return { text, values }
  return {
    text: `${text} AND (${quoted(name(random))} <> ? OR size(list) < 9)`,
    values: [...values, ordinaryValue(random)],
  }
}

function insert(random: Random, table: Table): Draft {
  const members = Object.entries(itemOf(random, table))
  const text = members.map(([attribute]) => `'${attribute.replaceAll("'", "''")}': ?`).join(', ')
  return { text: `INSERT INTO ${quoted(table.name)} VALUE {${text}}`, values: members.map(([, value]) => value) }
}

function update(random: Random, table: Table): Draft {
  const [attribute, value] = random.pick(Object.entries(typedAttributes(random)))
  const clause = random.pick([
    `SET ${attribute} = ?`,
    `SET "odd name" = ? REMOVE other`,
    `SET number = number + 1 SET a = ?`,
    `SET list = list_append(list, [?])`,
    `SET b = ?, strings = set_add(strings, <<'x'>>)`,
  ])
  const where = whereKey(random, table.key)
  const returning = random.pick(['', '', ' RETURNING ALL OLD *', ' RETURNING MODIFIED NEW *'])
  const text = `UPDATE ${quoted(table.name)} ${clause} WHERE ${where.text}${returning}`
  return { text, values: [value, ...where.values] }
}

function remove(random: Random, table: Table): Draft {
  const { text, values } = whereKey(random, table.key)
  return { text: `DELETE FROM ${quoted(table.name)} WHERE ${text}`, values }
}

/** At the limit of 8,192 characters. */
function hostile(random: Random): JsonObject {
  const [start, open, middle, close] = random.pick(HOSTILE)
  const depth = Math.floor((8192 - start.length - middle.length) / (open.length + close.length))
  return {
    Statement: start + open.repeat(depth) + middle + close.repeat(random.chance(0.9) ? depth : random.below(depth)),
  }
}

const WHERE = 'SELECT * FROM "fuzz-hash" WHERE '
const VALUE = "INSERT INTO \"fuzz-hash\" VALUE {'pk': 'p0', 'a': "
const SET = 'UPDATE "fuzz-hash" SET a = '
const HOSTILE: [start: string, open: string, middle: string, close: string][] = [
  [WHERE, '(', 'a = 1', ')'],
  [WHERE, '(', '', ''],
  [WHERE, 'NOT ', 'a = 1', ''],
  [WHERE, 'a = 1 AND ', 'a = 1', ''],
  [WHERE, '(a = 1 OR ', 'a = 1', ')'],
  [WHERE, 'size(', 'a', ')'],
  [WHERE, '', "pk IN ['a'", ",'a'"],
  [WHERE, "pk = 'a' OR ", "pk = 'a'", ''],
  [WHERE, '', 'a', '.a'],
  [WHERE, '', 'a', '[0]'],
  [VALUE, '[', '', ']'],
  [VALUE, "{'a':", '1', '}'],
  [VALUE, '<<', "'a'", '>>'],
  [VALUE, '-', '1', ''],
  [VALUE, '', '1', '0'],
  [SET, '(', '1', ')'],
  [SET, '1 + ', '1', ''],
  [SET, 'list_append(', 'a', ', [1])'],
  ['UPDATE "fuzz-hash" ', 'SET a = 1 ', '', ''],
  ['', '/* ', '', ''],
  ['', '--', '', ''],
  ['', '"', '', ''],
  ['', "'", '', ''],
  ['SELECT ', 'a, ', 'a', ''],
]
