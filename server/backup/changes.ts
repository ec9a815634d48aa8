/** What happened to a table's items between two moments: for each, its image before and after, and when it last changed. */
import { rowKey } from '../codec/key.ts'
import type { Item } from '../model/item.ts'
import type { KeySchema } from '../model/schema.ts'
import { Scratch } from '../store/scratch.ts'
import type { SnapshotPart } from './snapshot.ts'
import { effectsOf, type Moment, rowsOf } from './state.ts'

/** JSON texts; undefined for no item. Never both. `time`: epoch milliseconds. */
export type Change = { before: string | undefined; after: string | undefined; time: number }

/** Changes at `from` or later, and before `moment.time`, whose snapshot is no later than `from`. Errors: Damaged. */
export async function* changesOfPart(
  moment: Moment,
  part: SnapshotPart,
  key: KeySchema,
  from: number,
): AsyncGenerator<Change> {
  const earlier = new Scratch()
  const changed = new Scratch()
  try {
    await collect(moment, part, from, earlier, changed)
    for (const row of earlier.rows()) changed.remember(row.key, row.json ?? undefined)
    for await (const json of rowsOf(moment.objects, part)) {
      const at = rowKey(key, JSON.parse(json) as Item)
      if (changed.has(at) && !earlier.has(at)) changed.remember(at, json)
    }
    for (const { json, before, time } of changed.rows()) {
      if (json !== null || before !== null) yield { before: before ?? undefined, after: json ?? undefined, time }
    }
  } finally {
    earlier.close()
    changed.close()
  }
}

async function collect(
  moment: Moment,
  part: SnapshotPart,
  from: number,
  earlier: Scratch,
  changed: Scratch,
): Promise<void> {
  const { time: to } = moment
  for await (const { key, image, time, isShown } of effectsOf(moment, part, to)) {
    if (isShown || time < from) earlier.put(key, image?.json, time)
    else if (time < to) changed.put(key, image?.json, time)
  }
}
