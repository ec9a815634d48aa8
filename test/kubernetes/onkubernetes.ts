/** Tests that need a real Kubernetes. */
import { spawnSync } from 'node:child_process'
import test from 'ava'
import { kubernetesBinariesHere } from '../../scripts/kubernetes/binaries.ts'

/** Declares tests that need Kubernetes; where it can't run, one that is skipped and says why. */
export function onKubernetes(declare: () => void): void {
  const reason = whyNot()
  if (reason === undefined) declare()
  else test.skip(reason, t => t.pass())
}

function whyNot(): string | undefined {
  try {
    kubernetesBinariesHere()
  } catch (error) {
    return (error as Error).message
  }
  const { status } = spawnSync('unshare', [
    '--map-root-user',
    '--net',
    '--mount',
    '--pid',
    '--fork',
    'ip',
    'link',
    'show',
  ])
  return status === 0 ? undefined : 'Kubernetes needs Linux with user namespaces, util-linux and iproute2'
}
