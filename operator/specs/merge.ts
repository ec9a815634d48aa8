/**
 * Who wins when resource and table differ: whoever was changed since the two last agreed. If both were, the resource, for that
 * is what people keep in their repositories. Pure.
 */
import { isSame, type Normal, type Setting } from './settings.ts'

export type Merged = {
  /** To be told to the table. */
  push: Setting[]
  /** To be written to the resource. */
  mirror: Setting[]
  /** Of `push`: changed in the table as well, which is lost. */
  overruled: Setting[]
  /** What they agree on now; of the rest, what they last agreed on. */
  synced: Partial<Normal>
}

/** `base`: what they last agreed on; undefined if they never have. `given`: what the resource says, rather than leaves out. */
export function mergeSettings(
  wished: Normal,
  given: Set<Setting>,
  actual: Normal,
  base: Partial<Normal> | undefined,
): Merged {
  const merged: Merged = { push: [], mirror: [], overruled: [], synced: {} }
  const settings = new Set([...keysOf(wished), ...keysOf(actual)])
  for (const setting of settings) {
    const [mine, theirs] = [wished[setting], actual[setting]]
    const last = base && (Object.hasOwn(base, setting) ? base[setting] : undefined)
    if (isSame(setting, mine, theirs)) {
      if (mine !== undefined) Object.assign(merged.synced, { [setting]: theirs })
      continue
    }
    if (last !== undefined) Object.assign(merged.synced, { [setting]: last })
    // Where they never agreed, what is left out is left to the table.
    const isMine = base === undefined ? given.has(setting) : !isSame(setting, mine, last)
    if (isMine) merged.push.push(setting)
    else merged.mirror.push(setting)
    if (isMine && base !== undefined && !isSame(setting, theirs, last)) merged.overruled.push(setting)
  }
  return merged
}

function keysOf(normal: Normal): Setting[] {
  return Object.keys(normal) as Setting[]
}
