/**
 * Many Tables in one pool: how long they take, and what they cost the operator, per resource. What is measured is the operator;
 * the cluster behind it is as small as it can be. `npm run e2e:many` plays it; TAVOLA_TEST_TABLES says how many.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import type { Table } from '../../operator/resources/table.ts'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { type Installation, install } from './installation.ts'
import { Mortal } from './mortal.ts'
import { type RunningOperator, runOperator } from './running.ts'

const TABLES = '/apis/tavola.dev/v1alpha1/namespaces/default/tables'
const COUNT = Number(process.env.TAVOLA_TEST_TABLES ?? 1000)
/** After which no more are made: what was measured until then counts. */
const BUDGET_MS = Number(process.env.TAVOLA_TEST_MINUTES ?? 25) * 60_000
const PATIENCE_MS = 600_000
const REST_MS = 60_000
const POLL_MS = 4000
const isWhole = process.env.TAVOLA_TEST_E2E === '1'

/** Of a step: per Table that was made in it. */
type Mark = {
  tables: number
  seconds: number
  kubernetes: number
  dynamodb: number
  processorMs: number
  megabytes: number
}

if (isWhole)
  onKubernetes(() => {
    let kubernetes: Kubernetes
    let installation: Installation
    let operator: RunningOperator | undefined

    test.before(async t => {
      t.timeout(PATIENCE_MS)
      kubernetes = await startKubernetes()
      installation = await install(kubernetes)
    })

    test.after.always(async () => {
      await operator?.close()
      await kubernetes?.stop()
    })

    test(`${COUNT} Tables in one pool`, async t => {
      t.timeout(BUDGET_MS + 2 * PATIENCE_MS)
      const mortal = new Mortal()
      operator = await runOperator(kubernetes, installation, { mortal })
      const make = (i: number) =>
        kubernetes.client.create(TABLES, {
          ...{ apiVersion: 'tavola.dev/v1alpha1', kind: 'Table', metadata: { name: `many-${i}` } },
          spec: {
            attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
            keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
            storage: { pool: 'many', nodes: 3, size: '1Gi' },
            replicas: 1,
          },
        })
      await make(0)
      await settled(1)
      const collect = collector()
      const end = performance.now() + BUDGET_MS
      const marks: Mark[] = []
      const steps = [100, 250, 500, 750, 1000].filter(step => step < COUNT)
      let made = 1
      for (const step of [...steps, COUNT]) {
        if (performance.now() > end) break
        const [before, began, processor] = [counts(), performance.now(), process.cpuUsage()]
        const fresh = step - made
        for (; made < step; made++) await make(made)
        await settled(made)
        const { user, system } = process.cpuUsage(processor)
        collect()
        marks.push({
          tables: made,
          seconds: (performance.now() - began) / 1000 / fresh,
          kubernetes: (counts().kubernetes - before.kubernetes) / fresh,
          dynamodb: (counts().dynamodb - before.dynamodb) / fresh,
          processorMs: (user + system) / 1000 / fresh,
          megabytes: process.memoryUsage().heapUsed / 2 ** 20,
        })
        t.log(
          JSON.stringify(marks.at(-1), (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)),
        )
      }
      const [atRest, processor] = [counts(), process.cpuUsage()]
      await sleep(REST_MS)
      const perSecond = (n: number) => (n / (REST_MS / 1000)).toFixed(2)
      const { user, system } = process.cpuUsage(processor)
      t.log(
        `${made} at rest, a second: ${perSecond(counts().kubernetes - atRest.kubernetes)} requests to Kubernetes, ` +
          `${perSecond(counts().dynamodb - atRest.dynamodb)} to the DynamoDB API, ${perSecond((user + system) / 1000)} ms of a processor`,
      )
      const [first, last] = [marks[0]!, marks.at(-1)!]
      t.true(last.kubernetes < first.kubernetes * 1.5 + 1, 'as many requests for each of many as for each of few')
      t.true(last.dynamodb < first.dynamodb * 1.5 + 1, 'to the DynamoDB API, too')
      const perTable = (last.megabytes - first.megabytes) / Math.max(1, last.tables - first.tables)
      t.true(perTable < 0.2, `${(perTable * 1024).toFixed(0)} KB of memory for each`)

      function counts() {
        const kubernetes = [...mortal.requests.values()].reduce((sum, n) => sum + n, 0)
        return { kubernetes, dynamodb: mortal.calls }
      }

      async function settled(wanted: number): Promise<void> {
        const isReady = ({ status }: Table) =>
          status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
        // As long as there is one more now and then, it gets on, however slow the machine is.
        let [most, end] = [0, performance.now() + PATIENCE_MS]
        while (most < wanted) {
          await sleep(POLL_MS)
          const ready = (await kubernetes.client.list<Table>(TABLES)).filter(isReady).length
          if (ready > most) end = performance.now() + PATIENCE_MS
          most = Math.max(most, ready)
          if (performance.now() > end) throw new Error(`${ready} of ${wanted} are ready`)
        }
      }
    })
  })
else test.skip('npm run e2e:many makes a thousand Tables', t => t.pass())

/** What runs the collector of garbage, which V8 gives to those who ask for it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
