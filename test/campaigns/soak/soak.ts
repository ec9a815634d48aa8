/** One soak: fill, find the capacity, half of that for a long time, and look whether all that was acknowledged is there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnTavola, type TavolaProcess } from '../../helpers/process.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { randomOf } from '../random.ts'
import { checkContents } from './check.ts'
import type { Window } from './judge.ts'
import { askOf, CREATE_TABLES, fillOf, type Size } from './mix.ts'
import { openDriver } from './pace.ts'
import { taken } from './watch.ts'

export type SoakOptions = Size & {
  /** Of paced load, all in all and in a window. */
  seconds: number
  windowSeconds: number
  /** Of finding the capacity. */
  capacitySeconds: number
  seed: number
  /** Asked often; true ends the paced load early. */
  stopped?(): boolean
  progress(line: string): void
}

export type Soak = {
  /** Requests a second: what the server can do, and what it was given. */
  capacity: number
  wanted: number
  windows: Window[]
}

const CONNECTIONS = 64
/** Share of the capacity. */
const LOAD = 0.5

/** Errors: a request failed, the server fell behind or ended, or something acknowledged is missing. */
export async function runSoak(options: SoakOptions): Promise<Soak> {
  const folder = await makeTempFolder()
  try {
    const server = await spawnTavola(['--data-dir', folder.path], { detached: true })
    try {
      return await soak(server, folder.path, options)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${server.stderr().slice(-5000)}`, { cause: error })
    } finally {
      await server.kill()
    }
  } finally {
    await folder.remove()
  }
}

async function soak(server: TavolaProcess, dataDir: string, options: SoakOptions): Promise<Soak> {
  const { seconds, windowSeconds, capacitySeconds, seed, stopped = () => false, progress } = options
  const random = randomOf(seed, 0)
  const driver = await openDriver(Number(new URL(server.endpoint).port), CONNECTIONS, () => askOf(options, random))
  const windows: Window[] = []
  try {
    for (const body of CREATE_TABLES) await driver.sendAll([{ operation: 'CreateTable', body }])
    await driver.sendAll(fillOf(options, random))
    const capacity = await driver.saturate(capacitySeconds)
    driver.take()
    const wanted = capacity * LOAD
    progress(`capacity ${capacity.toFixed(0)} requests/s; half of it for ${seconds} s; seed ${seed}`)

    const begin = performance.now()
    const look = async () => {
      const at = (performance.now() - begin) / 1000
      const window = { at, ...summary(driver.take()), ...(await taken(server.pid, server.endpoint, dataDir)) }
      windows.push(window)
      progress(lineOf(window))
    }
    const paced = driver.pace(wanted, seconds, stopped)
    for (let number = 1; number <= seconds / windowSeconds; number++) {
      const left = begin + number * windowSeconds * 1000 - performance.now()
      // A window that was broken off is not looked at.
      if (await Promise.race([paced.then(() => number * windowSeconds < seconds), sleep(left, false)])) break
      await look()
    }
    await paced
    await checkContents(server.endpoint, driver.counted())
    return { capacity, wanted, windows }
  } finally {
    driver.close()
  }
}

function summary({ latencies, throttled }: { latencies: number[]; throttled: number }) {
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  return { requests: latencies.length, throttled, p50: at(0.5), p99: at(0.99) }
}

function lineOf({ at, requests, p50, p99, rssMb, heapMb, logMb, dataMb }: Window): string {
  const heap = heapMb === undefined ? '' : `, heap ${heapMb.toFixed(0)}`
  const memory = `${rssMb.toFixed(0)} MB resident${heap}`
  const disk = `log ${logMb.toFixed(0)} MB, data ${dataMb.toFixed(0)} MB`
  return `${at.toFixed(0)} s: ${requests} requests, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ${memory}; ${disk}`
}
