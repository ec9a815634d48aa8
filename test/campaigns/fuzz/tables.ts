/** The tables of a campaign: a few, ever the same, so that requests meet one another's items. */
import type { Random } from '../random.ts'
import { name, ordinaryNumber, ordinaryValue, type Value } from './values.ts'

type ScalarType = 'S' | 'N' | 'B'

export type KeyAttribute = { name: string; type: ScalarType; role: 'HASH' | 'RANGE' }
export type Index = { name: string; key: KeyAttribute[]; projection: object }

export type Table = {
  name: string
  key: KeyAttribute[]
  local: Index[]
  /** Made with the table. */
  global: Index[]
  /** Made and removed while the table lives. */
  passing: Index[]
  provisioned: boolean
}

const ALL = Object.freeze({ ProjectionType: 'ALL' })
const KEYS_ONLY = Object.freeze({ ProjectionType: 'KEYS_ONLY' })
const INCLUDE = Object.freeze({ ProjectionType: 'INCLUDE', NonKeyAttributes: Object.freeze(['a', '__proto__', 's']) })

export const TABLES: Table[] = [
  table('fuzz-hash', 'pk:S', {
    global: [index('by-n', 'n:N', ALL)],
    passing: [index('by-s', 's:S', KEYS_ONLY)],
  }),
  table('fuzz-range', 'pk:S | sk:S', {
    local: [index('local-n', 'pk:S | n:N', ALL), index('local-s', 'pk:S | s:S', INCLUDE)],
    global: [index('global-n', 'n:N | pk:S', INCLUDE)],
    passing: [index('global-s', 's:S | n:N', ALL), index('global-o', '__proto__:S', KEYS_ONLY)],
  }),
  table('fuzz-numbers', 'pk:N | sk:N', {
    local: [index('local-b', 'pk:N | bin:B', KEYS_ONLY)],
    global: [index('reverse', 'sk:N | pk:N', KEYS_ONLY), index('wide', 's:S n:N | bin:B sk:N', ALL)],
    passing: [index('wider', 's:S bin:B | n:N', INCLUDE)],
  }),
  table('fuzz-bytes', 'pk:B | sk:B', {
    local: [index('toString', 'pk:B | n:N', ALL)],
    global: [index('constructor', 'bin:B', INCLUDE)],
    provisioned: true,
  }),
  table('__proto__', '__proto__:S | constructor:N', {
    local: [index('valueOf', '__proto__:S | toString:S', ALL)],
    global: [index('__proto__', 'toString:S | __proto__:S', ALL)],
    passing: [index('hasOwnProperty', 'hasOwnProperty:N', INCLUDE)],
  }),
  table('constructor', 'toString:S', { provisioned: true, passing: [index('by-bin', 'bin:B | n:N', ALL)] }),
]

const VALUES: Record<ScalarType, string[]> = {
  S: ['p0', 'p1', 'p2', 'p3', 'p4', '__proto__', '\ud83d\ude00', '\u2028', 'a\0b', '\uffff', 'ü', 'x'.repeat(1000)],
  N: [
    '0',
    '1',
    '2',
    '3',
    '-1',
    '-2.5',
    '10',
    '1e125',
    '-1e125',
    '1e-130',
    '9'.repeat(38),
    '0.30000000000000001',
    '1e2',
  ],
  B: ['AA==', 'AQ==', '/w==', 'AAA=', 'AAEC', '////', Buffer.alloc(1024, 7).toString('base64')],
}

/** The items of a table, or of an index, live under few keys. */
export function keyValue(random: Random, { type }: KeyAttribute): Value {
  return { [type]: random.pick(VALUES[type]) }
}

export function keyOf(random: Random, key: KeyAttribute[]): { [name: string]: Value } {
  return Object.fromEntries(key.map(attribute => [attribute.name, keyValue(random, attribute)]))
}

/** The key attributes of a table's indexes that are not the table's own. */
export function indexedAttributes(table: Table): KeyAttribute[] {
  const own = new Set(table.key.map(attribute => attribute.name))
  const indexed = indexesOf(table).flatMap(({ key }) => key.filter(attribute => !own.has(attribute.name)))
  return [...new Map(indexed.map(attribute => [attribute.name, attribute])).values()]
}

export function indexesOf({ local, global, passing }: Table): Index[] {
  return [...local, ...global, ...passing]
}

/** A whole item: its key, most of what its indexes want, and attributes that updates and conditions know the types of. */
export function itemOf(random: Random, table: Table): { [name: string]: Value } {
  const indexed = indexedAttributes(table).filter(() => random.chance(0.8))
  const free = Object.entries(typedAttributes(random)).filter(() => random.chance(0.5))
  const odd = random.some(0, 3, () => [name(random), ordinaryValue(random)] as const)
  return { ...Object.fromEntries([...odd, ...free]), ...keyOf(random, [...indexed, ...table.key]) }
}

/** Attributes whose names tell their types; no key has them. */
export function typedAttributes(random: Random): { [name: string]: Value } {
  return {
    number: { N: ordinaryNumber(random) },
    text: { S: `text ${random.below(100)}` },
    list: { L: random.some(0, 3, () => ordinaryValue(random, 2)) },
    map: { M: Object.fromEntries(random.some(0, 3, () => [name(random), ordinaryValue(random, 2)])) },
    strings: { SS: ['a', 'b', `${random.below(9)}`] },
    numbers: { NS: ['100', '1e3', `${random.below(9)}`] },
  }
}

type Indexes = Partial<Pick<Table, 'local' | 'global' | 'passing' | 'provisioned'>>

function table(name: string, key: string, indexes: Indexes): Table {
  return { name, key: parseKey(key), local: [], global: [], passing: [], provisioned: false, ...indexes }
}

function index(name: string, key: string, projection: object): Index {
  return { name, key: parseKey(key), projection }
}

/** `'a:S b:N | c:B'`: hash attributes, then range attributes, and their types. */
function parseKey(spec: string): KeyAttribute[] {
  const [hash, range = ''] = spec.split('|')
  return [...attributes(hash!, 'HASH'), ...attributes(range, 'RANGE')]
}

function attributes(list: string, role: KeyAttribute['role']): KeyAttribute[] {
  return list
    .split(' ')
    .filter(text => text !== '')
    .map(text => ({ name: text.split(':')[0]!, type: text.split(':')[1] as ScalarType, role }))
}
