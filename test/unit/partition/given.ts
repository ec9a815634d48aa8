/** A table with indexes of all kinds, and commands on its items. */
import { rowKey } from '../../../server/codec/key.ts'
import { bindExpressions, type ExpressionInput } from '../../../server/expression/bind.ts'
import type { AttributeValue, Item, ScalarType } from '../../../server/model/item.ts'
import type { IndexSchema, KeySchema, Projection, TableSchema } from '../../../server/model/schema.ts'
import { itemSize } from '../../../server/model/size.ts'
import type { PartitionSlice } from '../../../server/model/table.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import type { PartitionSchema } from '../../../server/partition/schema.ts'

const KEY: KeySchema = split(['p:S'], ['s:N'])

export const BY_DATE = index('LOCAL', 'byDate', ['p:S'], ['date:S'], { type: 'ALL' })
export const BY_SIZE = index('LOCAL', 'bySize', ['p:S'], ['size:N'], { type: 'KEYS_ONLY' })
export const BY_OWNER = index('GLOBAL', 'byOwner', ['owner:S'], ['date:S'], { type: 'INCLUDE', attributes: ['x'] })
export const BY_PHASE = index('GLOBAL', 'byPhase', ['phase:S'], [], { type: 'ALL' })

export const PLAIN: TableSchema = { tableId: 'plain', key: KEY, indexes: [] }
export const INDEXED: TableSchema = { tableId: 'indexed', key: KEY, indexes: [BY_DATE, BY_OWNER, BY_SIZE, BY_PHASE] }

/** The whole hash space, in one partition. */
export const ALL_HASHES = { from: 0, to: 2 ** 32 }

export function index(
  kind: 'LOCAL' | 'GLOBAL',
  name: string,
  hash: string[],
  range: string[],
  projection: Projection,
): IndexSchema {
  return { id: `id of ${name}`, name, kind, key: split(hash, range), projection }
}

function split(hash: string[], range: string[]): KeySchema {
  return { hash: hash.map(attribute), range: range.map(attribute) }
}

function attribute(text: string) {
  const [name, type] = text.split(':') as [string, ScalarType]
  return { name, type }
}

export function partitionSchema(
  table: TableSchema,
  routes: Record<string, PartitionSlice[]> = {},
  more: Partial<PartitionSchema> = {},
): PartitionSchema {
  return { version: 1, table, routes, backfill: [], ...more }
}

export function key(p: string, s: number): Item {
  return { p: { S: p }, s: { N: String(s) } }
}

export function item(p: string, s: number, attributes: Item = {}): Item {
  return { ...key(p, s), ...attributes }
}

export const S = (text: string): AttributeValue => ({ S: text })
export const N = (number: number): AttributeValue => ({ N: String(number) })

type More = Partial<Pick<WriteCommand, 'returnValues' | 'returnOnFailure'>> & ExpressionInput

export function put(item: Item, more: More = {}): WriteCommand {
  return { kind: 'put', key: rowKey(KEY, item), item, size: itemSize(item), ...bound(more) }
}

export function remove(keyItem: Item, more: More = {}): WriteCommand {
  return { kind: 'delete', key: rowKey(KEY, keyItem), keyItem, ...bound(more) }
}

export function update(keyItem: Item, more: More = {}): WriteCommand {
  return { kind: 'update', key: rowKey(KEY, keyItem), keyItem, ...bound(more) }
}

function bound({ returnValues, returnOnFailure, ...expressions }: More) {
  const { condition, update } = bindExpressions(expressions)
  return { condition, update, returnValues, returnOnFailure }
}
