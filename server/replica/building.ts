/** What the leader makes from the rows that are there: new global indexes, the times at which they expire, those who will take over. */
import { type Clock, sleep } from '../base/clock.ts'
import { globalIndexes } from '../partition/schema.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Applier } from './applier.ts'
import { type Backfilled, backfill, indexBackfill, wholeBackfill } from './backfill.ts'
import type { Batches } from './batches.ts'
import type { Expiries } from './expiries.ts'
import type { Feeders } from './feeders.ts'
import type { Intakes } from './intake.ts'
import type { Pipeline } from './pipeline.ts'

export type BuildingPorts = {
  reader: StoreReader
  applier: Applier
  batches: Batches
  intakes: Intakes
  pipeline: Pipeline
  feeders: Feeders
  expiries: Expiries
  clock: Clock
  /** Undefined if feeds have room now. */
  room(): Promise<void> | undefined
  stopped(): boolean
}

const FED_CHECK_MS = 5

/** Does what the schema asks for. Resolves with the ids when all of their rows are where they go. */
export async function build(ports: BuildingPorts): Promise<string[]> {
  const { applier, batches, expiries } = ports
  const schema = applier.schema
  if (!schema) return []
  // Writes evaluated before the schema was applied feed the new index nothing: the backfill must find them in the store.
  await batches.drained()
  await expiries.build()
  const { table, handing, index } = schema
  const made = globalIndexes(table).map(index => indexBackfill(table, index))
  if (handing !== undefined) made.push(wholeBackfill(table, index, handing))
  for (const rows of made) if (schema.backfill.includes(rows.id)) await makeRows(rows, ports)
  return schema.backfill
}

async function makeRows(rows: Backfilled, ports: BuildingPorts): Promise<void> {
  const { reader, applier, batches, intakes, pipeline, clock } = ports
  // It may be gone by now.
  const isOver = () => ports.stopped() || !Object.hasOwn(applier.schema!.routes, rows.id)
  await backfill(rows, {
    reader,
    clock,
    proposeWrites: () => batches.proposeAll(),
    latest: (key, applied) => intakes.latest(key, batches.latest(key, applied)),
    propose: body => pipeline.propose(body),
    room: async () => ports.room(),
    stopped: isOver,
  })
  const { position } = applier.state
  while (ports.feeders.acknowledged(rows.id) < position && !ports.stopped()) await sleep(clock, FED_CHECK_MS)
}
