/**
 * The keys under which rows are stored. Each begins with four bytes, big-endian: the hash of its encoded hash attributes,
 * by which the row belongs to a partition. The encoded attributes follow (`order.ts`), so byte order is DynamoDB's order.
 */
import { getOwn, type Item } from '../model/item.ts'
import type { IndexSchema, KeyAttribute, KeySchema } from '../model/schema.ts'
import { hashKey } from './hash.ts'
import { finishKey, type KeyWriter, startKey, writeValue } from './order.ts'

/** Bytes of the hash. */
export const HASH_SIZE = 4

/** Key of an item in its table: hash and range attributes. The item has them all, and valid; so for all keys here. */
export function rowKey(table: KeySchema, item: Item): Buffer {
  const writer = startKey()
  writeHashed(writer, table.hash, item)
  writeAttributes(writer, table.range, item)
  return finishKey(writer)
}

/** Key of an item's entry in a local index: in the item's own partition, by the index's range, then the table's. */
export function localIndexKey(table: KeySchema, index: IndexSchema, item: Item): Buffer {
  const writer = startKey()
  writeHashed(writer, table.hash, item)
  writeAttributes(writer, index.key.range, item)
  writeAttributes(writer, table.range, item)
  return finishKey(writer)
}

/** Key of an item's entry in a global index: the index's hash and range, then the whole of the table's key. */
export function globalIndexKey(table: KeySchema, index: IndexSchema, item: Item): Buffer {
  const writer = startKey()
  writeHashed(writer, index.key.hash, item)
  writeAttributes(writer, index.key.range, item)
  writeAttributes(writer, table.hash, item)
  writeAttributes(writer, table.range, item)
  return finishKey(writer)
}

/** The hash, 0 .. 2^32 - 2, that a row's key begins with. */
export function hashOfRow(key: Buffer): number {
  return key.readUInt32BE(0)
}

/** Leaves room for the hash of what is appended until `endHashed`. */
export function startHashed(writer: KeyWriter): void {
  writer.length = HASH_SIZE
}

/** Fills in the hash of all that follows its four bytes. */
export function endHashed(writer: KeyWriter): void {
  writer.bytes.writeUInt32BE(hashKey(writer.bytes, HASH_SIZE, writer.length), 0)
}

function writeHashed(writer: KeyWriter, attributes: KeyAttribute[], item: Item): void {
  startHashed(writer)
  writeAttributes(writer, attributes, item)
  endHashed(writer)
}

function writeAttributes(writer: KeyWriter, attributes: KeyAttribute[], item: Item): void {
  for (const { name } of attributes) writeValue(writer, getOwn(item, name)!)
}
