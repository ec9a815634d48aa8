/** What the API server refuses of StreamTriggers, and in which words; what may not be changed. */
type Spec = { [field: string]: unknown }

export const PLAIN_TRIGGER = { tableName: 'Orders', target: 'https://shop.example/hook' }

export const takenTriggers: [what: string, spec: Spec][] = [
  [
    'everything there is',
    {
      ...{ enabled: false, startingPosition: 'TRIM_HORIZON', batchSize: 10_000, batchingWindowSeconds: 300 },
      ...{ parallelizationFactor: 10, maximumRecordAgeSeconds: 604_800, maximumRetryAttempts: 10_000 },
      ...{ bisectBatchOnFunctionError: true, tumblingWindowSeconds: 900, reportBatchItemFailures: true },
      filters: Array.from({ length: 10 }, () => '{"eventName":["INSERT"]}'),
      onFailure: 'nats:failed.orders',
      limits: { maximumConcurrency: 1000, invocationsPerSecond: 0.01, timeoutSeconds: 290 },
      signing: { secretRef: { name: 'key' } },
    },
  ],
  ['the youngest age', { maximumRecordAgeSeconds: 60 }],
  ['a target on NATS', { target: 'nats:orders.changed' }],
]

export const refusedTriggers: [what: string, spec: Spec, message: RegExp][] = [
  ['no table', { tableName: undefined }, /spec.tableName: Required/],
  ['no target', { target: undefined }, /spec.target: Required/],
  ['a name that no table has', { tableName: 'my table' }, /should match/],
  ['a short name', { tableName: 'ab' }, /at least 3 chars/],
  ['another position', { startingPosition: 'AT_TIMESTAMP' }, /Unsupported value: "AT_TIMESTAMP"/],
  ['an empty batch', { batchSize: 0 }, /greater than or equal to 1/],
  ['a batch that is too large', { batchSize: 10_001 }, /less than or equal to 10000/],
  ['a window that is too long', { batchingWindowSeconds: 301 }, /less than or equal to 300/],
  ['eleven lanes', { parallelizationFactor: 11 }, /less than or equal to 10/],
  ['an age that is too young', { maximumRecordAgeSeconds: 59 }, /-1, for no limit, or at least 60/],
  ['retries below none', { maximumRetryAttempts: -2 }, /greater than or equal to -1/],
  ['a tumbling window that is too long', { tumblingWindowSeconds: 901 }, /less than or equal to 900/],
  ['eleven filters', { filters: Array.from({ length: 11 }, () => '{}') }, /at most 10 items/],
  ['no time at all', { limits: { timeoutSeconds: 0 } }, /greater than or equal to 1/],
  ['a signature without a Secret', { signing: {} }, /secretRef: Required/],
  ['a Secret without a name', { signing: { secretRef: {} } }, /name: Required/],
]

export const fixedTriggers: [what: string, after: Spec, message: RegExp][] = [
  ['the table', { tableName: 'Others' }, /the table of a trigger can not be changed/],
  ['where it began', { startingPosition: 'TRIM_HORIZON' }, /the starting position of a trigger can not be changed/],
]
