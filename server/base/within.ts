import type { Clock } from './clock.ts'

/** What `promise` becomes, but not later than after `ms`. Errors: those of `promise`; that it took too long. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new Error(`no answer within ${ms} ms`)))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
  }
}
