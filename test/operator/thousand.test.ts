/** Many Tables: how long they take, and what they cost, per resource. `npm run e2e` plays it. */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { Table } from '../../operator/resources/table.ts'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { type Installation, install } from './installation.ts'
import { Mortal } from './mortal.ts'
import { runOperator } from './running.ts'

const TABLES = '/apis/tavola.dev/v1alpha1/namespaces/default/tables'
const COUNT = Number(process.env.TAVOLA_TEST_TABLES ?? 1000)
const PATIENCE_MS = 3_000_000
const isWhole = process.env.TAVOLA_TEST_E2E === '1'

if (isWhole)
  onKubernetes(() => {
    let kubernetes: Kubernetes
    let installation: Installation

    test.before(async t => {
      t.timeout(PATIENCE_MS)
      kubernetes = await startKubernetes()
      installation = await install(kubernetes)
    })

    test.after.always(() => kubernetes?.stop())

    test(`${COUNT} Tables in one pool`, async t => {
      t.timeout(PATIENCE_MS)
      const mortal = new Mortal()
      const operator = await runOperator(kubernetes, installation, { mortal })
      const isReady = ({ status }: Table) =>
        status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
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
      const count = async () => (await kubernetes.client.list<Table>(TABLES)).filter(isReady).length
      const settled = async (wanted: number) => {
        while ((await count()) < wanted) await sleep(1000)
      }
      await make(0)
      await settled(1)
      const total = () => [...mortal.requests.values()].reduce((sum, n) => sum + n, 0)
      const marks: { tables: number; seconds: number; requests: number; megabytes: number }[] = []
      const step = Math.max(1, Math.floor(COUNT / 4))
      for (let made = 1; made < COUNT; ) {
        const [began, requests, end] = [performance.now(), total(), Math.min(COUNT, made + step)]
        const before = made
        for (; made < end; made++) await make(made)
        await settled(made)
        const seconds = (performance.now() - began) / 1000
        const megabytes = process.memoryUsage().heapUsed / 2 ** 20
        marks.push({ tables: made, seconds, requests: (total() - requests) / (made - before), megabytes })
      }
      t.log(JSON.stringify(marks))
      const [idleFrom, idleRequests] = [performance.now(), total()]
      await sleep(20_000)
      t.log(
        `at rest: ${((total() - idleRequests) / ((performance.now() - idleFrom) / 1000)).toFixed(2)} requests a second`,
      )
      const [first, last] = [marks[0]!, marks.at(-1)!]
      t.true(last.requests < first.requests * 1.5 + 1, 'as many requests for each of many as for each of few')
      await operator.close()
    })
  })
else test.skip('npm run e2e makes a thousand Tables', t => t.pass())
