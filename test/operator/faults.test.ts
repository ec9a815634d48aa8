/**
 * What goes wrong with an operator, and with what it talks to: it converges all the same, makes nothing twice, and loses nothing. Real
 * Kubernetes, real pods; `npm run e2e` plays it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { KubeError } from '../../operator/kube/errors.ts'
import type { Request, Transport } from '../../operator/kube/transport.ts'
import type { Table } from '../../operator/resources/table.ts'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { type Installation, install, NAMESPACE } from './installation.ts'
import { Mortal } from './mortal.ts'
import { type OperatorSettings, type RunningOperator, runOperator } from './running.ts'

const TABLES = '/apis/tavola.dev/v1alpha1/namespaces/default/tables'
const PATIENCE_MS = 300_000
/** In which an operator that has something to do comes to its last step. */
const DYING_MS = 10_000
const isWhole = process.env.TAVOLA_TEST_E2E === '1'

const SPEC = {
  attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
  keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
  timeToLive: { attributeName: 'ttl', enabled: true },
  storage: { pool: 'small', size: '1Gi' },
  deletionPolicy: 'Delete',
}

if (isWhole)
  onKubernetes(() => {
    let kubernetes: Kubernetes
    let installation: Installation
    const running = new Set<RunningOperator>()

    test.before(async t => {
      t.timeout(PATIENCE_MS)
      kubernetes = await startKubernetes()
      installation = await install(kubernetes)
      // The pool is there before anything goes wrong.
      const operator = await run()
      await make('first')
      await ready('first')
      await end(operator)
    })

    test.after.always(async () => {
      for (const operator of running) await operator.close()
      await kubernetes?.stop()
    })

    const run = async (settings: OperatorSettings = {}) => {
      const operator = await runOperator(kubernetes, installation, settings)
      running.add(operator)
      return operator
    }
    const end = async (operator: RunningOperator) => {
      running.delete(operator)
      await operator.close()
      // One that was killed gave nothing back: nobody is to wait for it here.
      await kubernetes.kubectl(['delete', 'lease', 'tavola-operator', '-n', NAMESPACE, '--ignore-not-found'])
    }
    const make = (name: string) =>
      kubernetes.client.create(TABLES, {
        apiVersion: 'tavola.dev/v1alpha1',
        kind: 'Table',
        metadata: { name },
        spec: SPEC,
      })
    const isReady = ({ status, metadata }: Table) =>
      status?.conditions?.some(
        ({ type, status, observedGeneration }) =>
          type === 'Ready' && status === 'True' && observedGeneration === metadata.generation,
      ) ?? false
    const until = async (what: string, isSo: () => Promise<boolean>) => {
      const end = performance.now() + PATIENCE_MS
      while (!(await isSo().catch(() => false))) {
        if (performance.now() > end) throw new Error(`not ${what}`)
        await sleep(200)
      }
    }
    const ready = (name: string) =>
      until(`${name} ready`, async () => isReady(await kubernetes.client.get<Table>(`${TABLES}/${name}`)))
    const gone = (name: string) =>
      until(
        `${name} gone`,
        async () => !(await kubernetes.kubectl(['get', 'tables', '-o', 'name'])).stdout.includes(`/${name}\n`),
      )
    const remove = (name: string) => kubernetes.kubectl(['delete', 'table', name, '--wait=false'])

    for (const isAfter of [false, true])
      test.serial(`killed at every step, ${isAfter ? 'after it was done' : 'before it is done'}`, async t => {
        const prefix = isAfter ? 'after' : 'before'
        let steps = 0
        for (let last = 1; ; last++) {
          const name = `${prefix}-${last}`
          const mortal = new Mortal(last, isAfter)
          await make(name)
          const operator = await run({ mortal })
          await until(
            'dead, or done',
            async () => mortal.isDead || isReady(await kubernetes.client.get<Table>(`${TABLES}/${name}`)),
          )
          const isOver = !mortal.isDead
          steps = last
          await end(operator)
          if (isOver || last >= 20) break
        }
        t.true(steps > 4, `${steps} steps`)
        const operator = await run()
        for (let last = 1; last <= steps; last++) await ready(`${prefix}-${last}`)
        for (let last = 1; last <= steps; last++) await remove(`${prefix}-${last}`)
        await end(operator)
        for (let last = 1; last <= 6; last++) {
          const mortal = new Mortal(last, isAfter)
          const dying = await run({ mortal })
          for (const end = performance.now() + DYING_MS; !mortal.isDead && performance.now() < end; ) await sleep(200)
          await end(dying)
        }
        const survivor = await run()
        for (let last = 1; last <= steps; last++) await gone(`${prefix}-${last}`)
        await end(survivor)
      })

    test.serial('of two operators one works, and the other one takes over', async t => {
      const [first, second] = [new Mortal(), new Mortal()]
      const operators = [await run({ mortal: first }), await run({ mortal: second })]
      await make('two')
      await ready('two')
      const [working, waiting] = first.effects > 0 ? [first, second] : [second, first]
      t.is(waiting.effects, 0)
      working.kill()
      await make('two-more')
      await ready('two-more')
      t.true(waiting.effects > 0)
      for (const operator of operators) await end(operator)
    })

    test.serial('the API server is away for a while; watches are cut', async t => {
      // The API server's own start takes a while on a busy machine.
      const electionSeconds = 60
      let operator = await run({ electionSeconds })
      await make('cut-1')
      await ready('cut-1')
      await kubernetes.control('stop', 'apiserver')
      await sleep(5000)
      t.false(operator.isLost(), 'its lease is longer than that')
      await kubernetes.control('start', 'apiserver')
      await until('there', async () => {
        // The answer to an attempt that took may have been lost.
        await make('cut-2').catch(() => undefined)
        return Boolean(await kubernetes.client.get(`${TABLES}/cut-2`))
      })
      if (operator.isLost()) {
        // Its process ends then, and Kubernetes starts another one.
        t.log('the lease was lost meanwhile')
        await end(operator)
        operator = await run({ electionSeconds })
      }
      await ready('cut-2')
      await end(operator)
    })

    test.serial('storms of conflicts, of refusals to take more, of lost answers', async t => {
      const storm = new Storm()
      const operator = await run({ through: storm.through })
      for (const kind of ['409', '429', 'lost'] as const) {
        storm.kind = kind
        storm.struck = 0
        const names = Array.from({ length: 4 }, (_, i) => `storm-${kind}-${i}`)
        for (const name of names) await make(name)
        for (const name of names) await ready(name)
        t.true(storm.struck > 0, kind)
      }
      storm.kind = undefined
      await end(operator)
    })
  })
else test.skip('npm run e2e plays the operator’s faults', t => t.pass())

/** Every other write fails, but those of Leases; of lost answers, the write was done. */
class Storm {
  kind: '409' | '429' | 'lost' | undefined
  struck = 0
  #count = 0

  readonly through = (real: Transport): Transport => ({
    send: async (request: Request) => {
      const strikes =
        this.kind && request.method !== 'GET' && !request.path.includes('/leases') && this.#count++ % 2 === 0
      if (!strikes) return real.send(request)
      this.struck += 1
      if (this.kind === '409') throw new KubeError(409, 'Conflict', 'the object has been modified')
      if (this.kind === '429') throw new KubeError(429, 'TooManyRequests', 'too many requests', 300)
      await real.send(request)
      throw new KubeError(0, 'NoAnswer', 'the answer was lost')
    },
    lines: (path, query, signal) => real.lines(path, query, signal),
  })
}
