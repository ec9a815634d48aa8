/** Tests that need real clusters. */
import test from 'ava'
import { binaries } from '../../scripts/cluster/binaries.ts'

/**
 * Declares tests that need the clusters' programs. Where these can't be had, declares one test that says why, which fails in CI
 * and is skipped elsewhere.
 */
export async function onClusters(declare: () => void): Promise<void> {
  const missing = await binaries().then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (missing === undefined) declare()
  else if (process.env.CI) test('etcd and nats-server are here', t => t.fail(missing))
  else test.skip(missing, t => t.pass())
}
