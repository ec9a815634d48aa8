/** The custom resources as the API server keeps them: every rule, default and column. */
import test from 'ava'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { installCrds } from './installation.ts'
import { changeable, fixed, PLAIN, refused, taken } from './rules.ts'
import { fixedTriggers, PLAIN_TRIGGER, refusedTriggers, takenTriggers } from './triggerrules.ts'

/** A busy machine takes minutes for what is done in seconds. */
const PATIENCE_MS = 300_000
const TABLES = '/apis/tavola.dev/v1alpha1/namespaces/default/tables'
const SCHEDULES = '/apis/tavola.dev/v1alpha1/namespaces/default/scheduledbackups'
const TRIGGERS = '/apis/tavola.dev/v1alpha1/namespaces/default/streamtriggers'
const BACKUPS = '/apis/tavola.dev/v1alpha1/namespaces/default/backups'

onKubernetes(() => {
  let kubernetes: Kubernetes
  let count = 0

  test.before(async t => {
    t.timeout(PATIENCE_MS)
    kubernetes = await startKubernetes({ zones: 1 })
    await installCrds(kubernetes)
  })

  test.after.always(() => kubernetes?.stop())

  type Made = { metadata: { name: string }; spec: { [field: string]: unknown } }

  const make = (spec: object, name = `table-${++count}`, path = TABLES, kind = 'Table') =>
    kubernetes.client.create<Made>(path, { apiVersion: 'tavola.dev/v1alpha1', kind, metadata: { name }, spec })
  const change = (name: string, spec: object) =>
    kubernetes.client.patch<Made>(`${TABLES}/${name}`, { spec: JSON.parse(JSON.stringify(spec, (_, v) => v ?? null)) })

  for (const [what, spec] of taken)
    test(`taken: ${what}`, async t => {
      await t.notThrowsAsync(make({ ...PLAIN, ...spec }))
    })

  for (const [what, spec, message] of refused)
    test(`refused: ${what}`, async t => {
      const { message: said } = (await t.throwsAsync(make({ ...PLAIN, ...spec })))!
      t.regex(said, message)
    })

  for (const [what, before, after, message] of fixed)
    test(`fixed: ${what}`, async t => {
      const { metadata } = await make({ ...PLAIN, ...before })
      const { message: said } = (await t.throwsAsync(change(metadata.name, after)))!
      t.regex(said, message)
    })

  for (const [what, before, after] of changeable)
    test(`changeable: ${what}`, async t => {
      const { metadata } = await make({ ...PLAIN, ...before })
      await t.notThrowsAsync(change(metadata.name, after))
    })

  test('what is left out is filled in', async t => {
    const { spec } = await make(PLAIN)
    t.like(spec, {
      storage: { nodes: 3, size: '10Gi' },
      replicas: 3,
      deletionPolicy: 'Retain',
      paused: false,
    })
    const sized = await make({ ...PLAIN, storage: { size: '1Gi' }, tags: [{ key: 'a' }] })
    t.like(sized.spec, { storage: { nodes: 3, size: '1Gi' }, tags: [{ key: 'a', value: '' }] })
    const restored = await make({ restoreFrom: { export: { bucket: 'b' } } })
    t.like(restored.spec, { restoreFrom: { export: { format: 'DYNAMODB_JSON', compression: 'GZIP' } } })
  })

  test('a short name needs a longer tableName', async t => {
    const { message } = (await t.throwsAsync(make(PLAIN, 'ab')))!
    t.regex(message, /a table's name has at least 3 characters/)
    await t.notThrowsAsync(make({ ...PLAIN, tableName: 'abc' }, 'ab'))
  })

  test('backups', async t => {
    const backup = (name: string, spec: object) => make(spec, name, BACKUPS, 'Backup')
    const made = await backup('one', { table: 'orders' })
    t.is(made.spec.deletionPolicy, 'Retain')
    await t.throwsAsync(backup('two', {}), { message: /spec.table: Required/ })
    await t.throwsAsync(backup('two', { table: 'a', backupName: 'a b' }), { message: /should match/ })
    for (const spec of [{ table: 'other' }, { backupName: 'other' }])
      await t.throwsAsync(kubernetes.client.patch(`${BACKUPS}/one`, { spec }), { message: /make another Backup/ })
    await kubernetes.client.patch(`${BACKUPS}/one`, { spec: { deletionPolicy: 'Delete' } })
  })

  test('scheduled backups', async t => {
    const schedule = (spec: object, name = `schedule-${++count}`) =>
      make({ table: 'a', ...spec }, name, SCHEDULES, 'ScheduledBackup')
    const made = await schedule({ schedule: '30 2 * * *' }, 'nightly')
    t.like(made.spec, { timeZone: 'UTC', suspend: false })
    for (const good of ['@daily', '*/5 0-6,20 1 JAN mon']) await t.notThrowsAsync(schedule({ schedule: good }))
    for (const bad of ['', 'daily', '* * * *', '* * * * * *', '30  2 * * *', '@often'])
      await t.throwsAsync(schedule({ schedule: bad }), { message: /a schedule has five fields of cron/ }, bad)
    await t.throwsAsync(schedule({ schedule: '@daily', retention: {} }), { message: /at least 1 propert/ })
    await t.throwsAsync(schedule({ schedule: '@daily', retention: { count: 0 } }), {
      message: /greater than or equal to 1/,
    })
    await t.throwsAsync(schedule({ schedule: '@daily' }, 'a'.repeat(53)), { message: /at most 52 characters/ })
    const patch = kubernetes.client.patch(`${SCHEDULES}/nightly`, { spec: { table: 'b' } })
    await t.throwsAsync(patch, { message: /table cannot be changed/ })
  })

  const trigger = (spec: object, name = `trigger-${++count}`) => make(spec, name, TRIGGERS, 'StreamTrigger')

  for (const [what, spec] of takenTriggers)
    test(`a trigger is taken: ${what}`, async t => {
      await t.notThrowsAsync(trigger({ ...PLAIN_TRIGGER, ...spec }))
    })

  for (const [what, spec, message] of refusedTriggers)
    test(`a trigger is refused: ${what}`, async t => {
      const { message: said } = (await t.throwsAsync(trigger({ ...PLAIN_TRIGGER, ...spec })))!
      t.regex(said, message)
    })

  for (const [what, after, message] of fixedTriggers)
    test(`of a trigger is fixed: ${what}`, async t => {
      const { metadata } = await trigger(PLAIN_TRIGGER)
      const patch = kubernetes.client.patch(`${TRIGGERS}/${metadata.name}`, { spec: after })
      t.regex((await t.throwsAsync(patch))!.message, message)
    })

  test('what a trigger leaves out is filled in as the Lambda API would, and its columns', async t => {
    const { spec } = await trigger(PLAIN_TRIGGER, 'filled')
    t.deepEqual(spec, {
      ...PLAIN_TRIGGER,
      ...{ enabled: true, startingPosition: 'LATEST', batchSize: 100, batchingWindowSeconds: 0 },
      ...{ parallelizationFactor: 1, maximumRecordAgeSeconds: -1, maximumRetryAttempts: -1 },
      ...{ bisectBatchOnFunctionError: false, tumblingWindowSeconds: 0, reportBatchItemFailures: false },
    })
    await kubernetes.client.patch(`${TRIGGERS}/filled`, { spec: { target: 'resize', enabled: false } })
    const ready = { type: 'Ready', status: 'True', reason: 'Enabled', message: '' }
    const conditions = [{ ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }]
    const status = { state: 'Enabled', lag: '3m', lastResult: 'OK', uuid: 'u', streamArn: 'a', conditions }
    await kubernetes.client.patch(`${TRIGGERS}/filled/status`, { status })
    const { stdout } = await kubernetes.kubectl(['get', 'trigger', 'filled'])
    t.regex(stdout, /NAME +TABLE +TARGET +STATE +READY +LAG +LAST RESULT +AGE/)
    t.regex(stdout, /filled +Orders +resize +Enabled +True +3m +OK /)
  })

  test('columns, short names, the category and scale', async t => {
    const { kubectl, client } = kubernetes
    await make({ ...PLAIN, billingMode: 'PAY_PER_REQUEST' }, 'shown')
    const status = {
      ...{ tableStatus: 'ACTIVE', billingMode: 'PAY_PER_REQUEST', itemCount: 7, tableSizeBytes: 99, partitions: 3 },
      replicas: { wanted: 3, healthy: 2, summary: '2/3' },
      ...{ zones: ['a', 'b'], zoneSummary: 'a,b', storage: { nodes: 4, selector: 'a=b' }, tableName: 'shown' },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'AsWished', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    }
    await client.patch(`${TABLES}/shown/status`, { status })
    const { stdout } = await kubectl(['get', 'tbl', 'shown'])
    t.regex(stdout, /NAME +STATUS +READY +BILLING +ITEMS +SIZE +PARTITIONS +REPLICAS +ZONES +AGE/)
    t.regex(stdout, /shown +ACTIVE +True +PAY_PER_REQUEST +7 +99 +3 +2\/3 +a,b /)
    await kubectl(['scale', 'table', 'shown', '--replicas=5'])
    const scale = await client.get<{ spec: object; status: object }>(`${TABLES}/shown/scale`)
    t.deepEqual([scale.spec, scale.status], [{ replicas: 5 }, { replicas: 4, selector: 'a=b' }])
    await make({ table: 'a', schedule: '@daily' }, 'listed', SCHEDULES, 'ScheduledBackup')
    await make({ table: 'a' }, 'listed', BACKUPS, 'Backup')
    const all = await kubectl(['get', 'tavola', '-o', 'name'])
    for (const kind of ['table', 'backup', 'scheduledbackup']) t.regex(all.stdout, new RegExp(`${kind}.tavola.dev/`))
    t.regex((await kubectl(['get', 'tsb', 'listed'])).stdout, /NAME +SCHEDULE +TABLE +SUSPENDED +KEPT +LAST +AGE/)
    t.regex((await kubectl(['get', 'tbk', 'listed'])).stdout, /NAME +STATUS +TABLE +SIZE +AGE/)
  })
})
