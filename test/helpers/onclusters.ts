/** Tests that need real clusters. */
import test from 'ava'
import { binariesHere } from '../../scripts/cluster/binaries.ts'

/** Declares tests that need the clusters' programs; where these are not, one that is skipped and says so. */
export function onClusters(declare: () => void): void {
  try {
    binariesHere()
  } catch (error) {
    test.skip((error as Error).message, t => t.pass())
    return
  }
  declare()
}
