/** Shapes that the operations of event source mappings share (facts, section 5.4). */
import { boolean, double, enumeration, type Infer, integer, list, string, structure } from '../shape/shape.ts'

export const functionName = string({ min: 1, max: 2048 })
export const uuid = string({ min: 1, max: 64 })

const destination = structure({ Destination: string({ max: 2048 }) }, { name: 'OnFailure' })

/** What can be said at creation and later. `Limits` and `Signing` are Tavola's own. */
export const settings = {
  Enabled: boolean(),
  BatchSize: integer({ min: 1, max: 10_000 }),
  MaximumBatchingWindowInSeconds: integer({ min: 0, max: 300 }),
  ParallelizationFactor: integer({ min: 1, max: 10 }),
  MaximumRecordAgeInSeconds: integer({ min: -1, max: 604_800 }),
  MaximumRetryAttempts: integer({ min: -1, max: 10_000 }),
  BisectBatchOnFunctionError: boolean(),
  TumblingWindowInSeconds: integer({ min: 0, max: 900 }),
  FunctionResponseTypes: list(enumeration(['ReportBatchItemFailures']), { max: 1 }),
  FilterCriteria: structure(
    { Filters: list(structure({ Pattern: string({ min: 0, max: 4096 }) }, { name: 'Filter' })) },
    { name: 'FilterCriteria' },
  ),
  DestinationConfig: structure({ OnFailure: destination, OnSuccess: destination }, { name: 'DestinationConfig' }),
  Limits: structure(
    {
      MaximumConcurrency: integer({ min: 1, max: 1000 }),
      InvocationsPerSecond: double({ min: 0.01, max: 100_000 }),
      TimeoutInSeconds: integer({ min: 1, max: 290 }),
    },
    { name: 'Limits' },
  ),
  Signing: structure(
    { KeyId: string({ min: 1, max: 128 }), Secret: string({ min: 1, max: 1024 }) },
    { name: 'Signing' },
  ),
} as const

const shape = structure(settings)
export type SettingsInput = Infer<typeof shape>
