/** What has expired is gone some time later; nothing else is. */
import { EPOCH } from '../ground/process.ts'
import type { History } from '../history.ts'
import { readOne } from '../requests.ts'
import type { World } from '../world.ts'
import type { Looking } from './checks.ts'

/** Clocks jump by less than this, all in all. */
const DOUBT_MS = 400_000

/** Errors: that one stays, or is not there. */
export function checkExpiries(world: World, { expiring }: History, { ask, wait }: Looking): void {
  const isThere = (key: string) => ask('GetItem', readOne(key).input).Item !== undefined
  const now = EPOCH + world.time.now
  for (const { key, put, expires } of expiring.values()) {
    const left = expires * 1000 - now
    if (left > DOUBT_MS) {
      if (put === 'done' && !isThere(key)) throw new Error(`${key} is gone, and expires only in ${left} ms`)
    } else if (left < 20_000) {
      wait(`${key}, which has expired, is gone`, () => !isThere(key))
    }
  }
}
