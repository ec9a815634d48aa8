/** Waiting for what somebody else will write. */
import type { Clock } from '../base/clock.ts'
import type { Metadata } from '../metadata/metadata.ts'

/** Resolves when the value at `key` (undefined: none) is as wished, or after `ms`. */
export async function until(
  metadata: Metadata,
  clock: Clock,
  key: string,
  isThere: (value: string | undefined) => boolean,
  ms: number,
): Promise<void> {
  let unwatch = () => {}
  let cancel = () => {}
  await new Promise<void>(resolve => {
    let isKnown = false
    cancel = clock.after(ms, resolve)
    const watching = metadata.watch(key, changes => {
      const change = changes.findLast(change => change.key === key)
      if (change || !isKnown) if (isThere(change?.entry?.value)) resolve()
      isKnown = true
    })
    watching.then(end => (unwatch = end), resolve)
  })
  cancel()
  unwatch()
}
