/** Background work that one process does at a time, and another one when that is gone. */
import test, { type ExecutionContext } from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { Elected, type Holds } from '../../../server/cluster/elected.ts'
import { Leasing } from '../../../server/cluster/leasing.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { Fate, FatedMetadata, fatedClock } from '../../helpers/faults.ts'
import { clock, until } from '../replica/fakes.ts'

const LEASE_MS = 300
/** Whatever else the machine does. */
const PATIENCE_MS = 20_000

type Process = { fate: Fate; works: boolean; holds: Holds; stop(): Promise<void> }

function processes(t: ExecutionContext) {
  const shared = new LocalMetadata(':memory:', systemRandom)
  const all: Process[] = []
  t.teardown(async () => {
    for (const process of all) process.fate.kill()
    await shared.close()
  })
  return async (): Promise<Process> => {
    const fate = new Fate()
    const own = fatedClock(clock, fate)
    const metadata = new FatedMetadata(shared, fate, clock, { down: false }, LEASE_MS)
    const leasing = new Leasing(metadata, own, silent)
    const work = {
      start(holds: Holds) {
        process.works = true
        process.holds = holds
      },
      stop() {
        process.works = false
      },
    }
    const elected = new Elected({ metadata, leasing, clock: own, logger: silent }, 'duty/test', [work])
    const stop = async () => {
      elected.stop()
      await leasing.stop()
    }
    const process: Process = { fate, works: false, holds: () => false, stop }
    all.push(process)
    await leasing.start()
    await elected.start()
    return process
  }
}

test('one of several works; when it ends, or dies, another one does', async t => {
  const start = processes(t)
  const [a, b, c] = [await start(), await start(), await start()]
  t.deepEqual([a.works, b.works, c.works], [true, false, false])
  t.true(a.holds())
  await a.stop()
  t.false(a.works)
  await until(() => b.works || c.works, PATIENCE_MS)
  t.not(b.works, c.works)
  const [worker, idle] = b.works ? [b, c] : [c, b]
  worker.fate.kill()
  await until(() => idle.works, PATIENCE_MS)
  t.true(idle.holds())
})

test('one that stood still knows that it is over before it is told, and works again only if elected', async t => {
  const start = processes(t)
  const [a, b] = [await start(), await start()]
  const { holds } = a
  a.fate.freeze()
  await until(() => b.works, PATIENCE_MS)
  t.true(a.works, 'it was not told')
  t.false(holds())
  a.fate.thaw()
  await until(() => !a.works, PATIENCE_MS)
  t.true(b.works)
  await b.stop()
  await until(() => a.works, PATIENCE_MS)
  t.true(a.holds())
  t.false(holds(), 'what was begun then is over')
})
