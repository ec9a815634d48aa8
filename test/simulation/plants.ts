/** Bugs to be planted into the code that runs: a simulation that does not find them is too kind. */
import { Batches } from '../../server/replica/batches.ts'
import type { FeedRow } from '../../server/replica/feed.ts'
import { Feeders } from '../../server/replica/feeders.ts'
import { Intakes } from '../../server/replica/intake.ts'
import { Locks } from '../../server/replica/locks.ts'
import { Interrupted, Pipeline } from '../../server/replica/pipeline.ts'
import { Saving } from '../../server/replica/saving.ts'
import { Tenure } from '../../server/replica/tenure.ts'
import { Watches } from '../../server/replica/watches.ts'
import { ChangeWriter } from '../../server/store/changes.ts'
import { TransactionReader } from '../../server/store/transactions.ts'
import { StoreWriter } from '../../server/store/writer.ts'
import type { FaultKind } from './faults.ts'

/** `often`: the fault that shows it, which the runs that are to find it meet often. `plant` returns a function that takes it out again. */
type Plant = { does: string; often?: FaultKind; plant(): () => void }

/** Replaces a method by what `make` makes of it. */
function instead<C, N extends keyof C>(prototype: C, name: N, make: (original: C[N]) => C[N]): () => void {
  const original = prototype[name]
  prototype[name] = make(original)
  return () => {
    prototype[name] = original
  }
}

export const PLANTS: Record<string, Plant> = {
  'skip-the-fence': {
    does: 'a new leader serves without an entry of its own in the log (INV-L1)',
    often: 'deposed while appending',
    plant: () =>
      instead(
        Pipeline.prototype,
        'propose',
        original =>
          function (this: Pipeline, body, trace) {
            return body.kind === 'epoch' ? Promise.resolve(0) : original.call(this, body, trace)
          },
      ),
  },
  'answer-before-durable': {
    does: 'writes are answered when they are evaluated (INV-R2, INV-R3)',
    plant: () => instead(Batches.prototype, 'after', () => (_, answer) => Promise.resolve().then(answer)),
  },
  'skip-a-lock': {
    does: 'what a transaction holds may be changed (INV-T2)',
    plant: () => instead(Locks.prototype, 'holder', () => () => undefined),
  },
  'read-beyond-the-lease': {
    does: 'a leader reads for as long as it believes to lead (INV-R7)',
    often: 'deposed while asked',
    plant: () => instead(Tenure.prototype, 'holds', () => () => true),
  },
  'feed-twice': {
    does: 'an index partition takes in again what it was fed before (INV-R4)',
    plant() {
      const before = new WeakMap<Intakes, FeedRow[]>()
      return instead(
        Intakes.prototype,
        'feed',
        original =>
          async function (this: Intakes, source, position, rows) {
            await original.call(this, source, position, rows)
            const earlier = before.get(this)
            before.set(this, rows)
            if (earlier) await original.call(this, source, position + 0.5, earlier)
          },
      )
    },
  },
  'forget-a-decision': {
    does: 'a home does not remember what it has decided (INV-T1, INV-T3)',
    plant: () => instead(TransactionReader.prototype, 'decision', () => () => undefined),
  },
  'forget-a-token': {
    does: 'a home does not remember client tokens (INV-T4)',
    plant: () => instead(TransactionReader.prototype, 'token', () => () => undefined),
  },
  'ask-again': {
    does: 'a write of unknown outcome is asked again',
    plant() {
      Object.defineProperty(Interrupted, Symbol.hasInstance, { value: () => false, configurable: true })
      return () => void Reflect.deleteProperty(Interrupted, Symbol.hasInstance)
    },
  },
  'trim-unfed': {
    does: 'the log is trimmed before an index partition has what it needs of it (INV-R6)',
    often: 'log of an index stands still',
    plant: () =>
      instead(
        Feeders.prototype,
        'acknowledged',
        original =>
          function (this: Feeders, index) {
            return index === undefined ? Number.MAX_SAFE_INTEGER : original.call(this, index)
          },
      ),
  },
  'trim-undurable': {
    does: 'the log is trimmed before the files have it (INV-R6)',
    plant() {
      const { get } = Object.getOwnPropertyDescriptor(Saving.prototype, 'durable')!
      const durable = {
        configurable: true,
        get(this: Saving) {
          return (
            get!.call(this) + (Object.getOwnPropertyDescriptor(Saving.prototype, 'unsaved')!.get!.call(this) as number)
          )
        },
      }
      const unsaved = Object.getOwnPropertyDescriptor(Saving.prototype, 'unsaved')!
      Object.defineProperty(Saving.prototype, 'durable', durable)
      return () => {
        Object.defineProperty(Saving.prototype, 'durable', { configurable: true, get })
        Object.defineProperty(Saving.prototype, 'unsaved', unsaved)
      }
    },
  },
  'look-once': {
    does: 'a read of several partitions does not look whether anything has changed meanwhile',
    often: 'slow way',
    plant: () => instead(Watches.prototype, 'changed', () => () => []),
  },
  'lose-a-change': {
    does: 'a stream lacks the changes of one entry in fifty (INV-S1)',
    plant() {
      let number = 0
      return instead(
        ChangeWriter.prototype,
        'keep',
        original =>
          function (this: ChangeWriter, entry) {
            if (++number % 50 > 0) original.call(this, entry)
          },
      )
    },
  },
  'keep-a-local-row': {
    does: 'a local index keeps rows of items that have moved on',
    plant: () => instead(StoreWriter.prototype, 'deleteLocal', () => () => {}),
  },
}
