/** SELECT: as a GetItem, one or several Queries, or a Scan, whichever the WHERE clause asks for. */
import { readUnits } from '../../capacity/units.ts'
import { hashRange, queryRange } from '../../codec/range.ts'
import type { Item } from '../../model/item.ts'
import type { Select } from '../../partiql/bind.ts'
import { type Plan, planSelect } from '../../partiql/plan.ts'
import { type CapacityReport, consumedCapacity, noUnits } from '../item/consumed.ts'
import { keyText, type RowView, viewedTexts } from '../item/page.ts'
import { type Source, sourceKey } from '../item/source.ts'
import { spliceList, spliceObject } from '../item/splice.ts'
import type { Call, JsonText } from '../operation.ts'
import { findForData } from '../table/find.ts'
import { walkMerged } from './merge.ts'
import { selectedSource, viewOf } from './source.ts'
import { openToken, type StatementInput, sealToken } from './token.ts'
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
  const plan = planSelect(select, source.key)
  const view = viewOf(source, select, plan.filter, consistent)
  const key = after === undefined ? soleKey(source, plan) : undefined
  const { texts, last, units } =
    key === undefined ? await walkPlan(call, view, plan, input.Limit, after) : await readItem(call, view, key)
  return spliceObject({
    Items: spliceList(texts),
    NextToken: last && JSON.stringify(sealToken(input, sourceKey(source, JSON.parse(last.json) as Item))),
    LastEvaluatedKey: last && keyText(source, last),
    ConsumedCapacity: consumedCapacity(input.ReturnConsumedCapacity, select.target.table, table, units),
  })
}

/** The encoded key, if the plan leads to one item of the table. */
function soleKey({ index, key }: Source, plan: Plan): Buffer | undefined {
  if (index !== undefined || plan.kind === 'scan' || plan.lookups.length > 1) return undefined
  const { hash, range } = plan.lookups[0]!
  if (range.length < key.range.length || range.some(({ operator }) => operator !== '=')) return undefined
  return queryRange(hash, range).from
}

async function readItem(call: Call, view: RowView, key: Buffer): Promise<Walked> {
  const image = await call.cluster.items.get(view.source.table, key, view.consistent)
  const units = { ...noUnits(), table: readUnits(image?.size ?? 0, view.consistent) }
  return { texts: image === undefined ? [] : viewedTexts([image], view), last: undefined, units }
}

function walkPlan(
  call: Call,
  view: RowView,
  plan: Plan,
  limit: number | undefined,
  after: Buffer | undefined,
): Promise<Walked> {
  if (plan.kind === 'scan') {
    return walk(call.cluster, view, { ranges: [hashRange(0, 2 ** 32)], reverse: false, limit, after })
  }
  const { lookups, reverse, merged } = plan
  const ranges = lookups.map(({ hash, range }) => queryRange(hash, range))
  if (!merged) return walk(call.cluster, view, { ranges, reverse, limit, after })
  const starts = lookups.map(({ hash }) => queryRange(hash, []).from)
  return walkMerged(call.cluster, view, { ranges, reverse, limit, after }, starts)
}
