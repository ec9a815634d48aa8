/** Capacity units by size: what a request costs (facts, section 4.4). Sizes are DynamoDB item sizes in bytes. */

const READ_UNIT = 4096
const WRITE_UNIT = 1024

/**
 * Read units of one item, or of one page of a Query or Scan (the sum of its items' sizes): at least one, halved when
 * the read is eventually consistent. A missing item counts as 0 bytes.
 */
export function readUnits(bytes: number, consistent: boolean): number {
  const units = bytes <= READ_UNIT ? 1 : Math.ceil(bytes / READ_UNIT)
  return consistent ? units : units / 2
}

/** Write units of a put, an update or a delete on the table itself. A missing item, before or after, is undefined. */
export function writeUnits(oldSize: number | undefined, newSize: number | undefined): number {
  return sizeUnits(Math.max(oldSize ?? 0, newSize ?? 0))
}

/**
 * Write units of one index, by the sizes of the index's entry before and after the write; undefined where the item is
 * not in the index. `sameKey`: the entry keeps its place in the index. `samePersisted`: nothing in it changed.
 */
export function indexWriteUnits(
  oldSize: number | undefined,
  newSize: number | undefined,
  sameKey: boolean,
  samePersisted: boolean,
): number {
  if (oldSize === undefined) return newSize === undefined ? 0 : sizeUnits(newSize)
  if (newSize === undefined) return sizeUnits(oldSize)
  if (!sameKey) return sizeUnits(oldSize) + sizeUnits(newSize)
  return samePersisted ? 0 : sizeUnits(Math.max(oldSize, newSize))
}

function sizeUnits(bytes: number): number {
  return bytes <= WRITE_UNIT ? 1 : Math.ceil(bytes / WRITE_UNIT)
}
