/** SELECT: as a GetItem, one or several Queries, or a Scan, whichever the WHERE clause asks for. */
import { readUnits } from '../../capacity/units.ts'
import { rowKey } from '../../codec/key.ts'
import { hashRange, queryRange } from '../../codec/range.ts'
import { getOwn, type Item } from '../../model/item.ts'
import { keyAttributes } from '../../model/schema.ts'
import type { Select } from '../../partiql/bind.ts'
import { checkOrder, type ItemPlan, planItem, planSelect } from '../../partiql/plan.ts'
import type { Image } from '../../partition/command.ts'
import { type CapacityReport, consumedCapacity, noUnits } from '../item/consumed.ts'
import { keyText, type RowView, viewedTexts } from '../item/page.ts'
import { type Source, sourceKey } from '../item/source.ts'
import { spliceList, spliceObject } from '../item/splice.ts'
import type { Call, JsonText } from '../operation.ts'
import { findForData } from '../table/find.ts'
import { walkMerged } from './merge.ts'
import { selectedSource, viewOf } from './source.ts'
import { openToken, type Place, type StatementInput, sealToken } from './token.ts'
import { type Walked, walk } from './walk.ts'

export type SelectInput = StatementInput & {
  ConsistentRead?: boolean
  NextToken?: string
  Limit?: number
  ReturnConsumedCapacity?: CapacityReport
}

export async function answerSelect(call: Call, select: Select, input: SelectInput): Promise<JsonText> {
  const consistent = input.ConsistentRead === true
  const after = input.NextToken === undefined ? undefined : openToken(input, input.NextToken)
  const table = findForData(call, select.target.table)
  const source = selectedSource(table, select.target.index, consistent)
  const item = after === undefined ? wantedItem(source, select) : undefined
  const { texts, last, units } =
    item === undefined
      ? await walkPlan(call, source, select, consistent, input.Limit, after)
      : await readItem(call, viewOf(source, select, item.rest, consistent), rowKey(source.key, item.key))
  call.meter.consumedRead(table, units)
  call.meter.returned(table, texts.length)
  return spliceObject({
    Items: spliceList(texts),
    NextToken: last && JSON.stringify(sealToken(input, placeOf(source, last))),
    LastEvaluatedKey: last && keyText(source, last),
    ConsumedCapacity: consumedCapacity(input.ReturnConsumedCapacity, select.target.table, table, units),
  })
}

/** The item of the table that the statement names by its whole key, if it does. A key that cannot be is left to the plan. */
function wantedItem({ index, key }: Source, { where, order }: Select): ItemPlan | undefined {
  if (index !== undefined) return undefined
  checkOrder(order, where, key)
  const item = planItem(where, key)
  return item !== undefined && keyAttributes(key).every(({ name, type }) => getOwn(item.key, name)?.[type])
    ? item
    : undefined
}

function placeOf(source: Source, row: Image): Place {
  const item = JSON.parse(row.json) as Item
  return { key: sourceKey(source, item), stem: rowKey(source.key, item).length }
}

async function readItem(call: Call, view: RowView, key: Buffer): Promise<Walked> {
  const image = await call.cluster.items.get(view.source.table, key, view.consistent)
  const units = { ...noUnits(), table: readUnits(image?.size ?? 0, view.consistent) }
  return { texts: image === undefined ? [] : viewedTexts([image], view), last: undefined, units }
}

function walkPlan(
  call: Call,
  source: Source,
  select: Select,
  consistent: boolean,
  limit: number | undefined,
  after: Place | undefined,
): Promise<Walked> {
  const plan = planSelect(select, source.key)
  const view = viewOf(source, select, plan.filter, consistent)
  if (plan.kind === 'scan') {
    return walk(call.cluster, view, { ranges: [hashRange(0, 2 ** 32)], reverse: false, limit, after })
  }
  const { lookups, reverse, merged } = plan
  const ranges = lookups.map(({ hash, range }) => queryRange(hash, range))
  if (!merged) return walk(call.cluster, view, { ranges, reverse, limit, after })
  const starts = lookups.map(({ hash }) => queryRange(hash, []).from)
  return walkMerged(call.cluster, view, { ranges, reverse, limit, after }, starts)
}
