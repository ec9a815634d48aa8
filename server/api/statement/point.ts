/** A SELECT of one item by its whole key, as batches and transactions ask for it. */
import { rowKey } from '../../codec/key.ts'
import { validation } from '../../model/errors.ts'
import { validateKeyItem } from '../../model/key.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Select } from '../../partiql/bind.ts'
import { planItem } from '../../partiql/plan.ts'
import type { Image } from '../../partition/command.ts'
import { type RowView, viewedTexts } from '../item/page.ts'
import { tableSchema } from '../item/schema.ts'
import type { Call } from '../operation.ts'
import { findForData } from '../table/find.ts'
import { selectedSource, viewOf } from './source.ts'

export type PointRead = { table: TableRecord; key: Buffer; view: RowView }

/**
 * @param otherwise the message, should the statement not be one
 * @throws ResourceNotFoundException, ValidationException
 */
export function pointReadOf(call: Call, select: Select, consistent: boolean, otherwise: string): PointRead {
  const table = findForData(call, select.target.table)
  const schema = tableSchema(table)
  const item = select.target.index === undefined ? planItem(select.where, schema.key) : undefined
  if (item === undefined) throw validation(otherwise)
  validateKeyItem(schema.key, item.key)
  const view = viewOf(selectedSource(table, undefined, consistent), select, item.rest, consistent)
  return { table, key: rowKey(schema.key, item.key), view }
}

/** The item as the statement wants it; undefined if there is none, or not such a one. */
export function viewedItem(view: RowView, image: Image | undefined): string | undefined {
  return image && viewedTexts([image], view)[0]
}
