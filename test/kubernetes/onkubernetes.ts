/** Tests that need a real Kubernetes. */
import { spawnSync } from 'node:child_process'
import test from 'ava'
import { helmBinaryHere, kubernetesBinariesHere } from '../../scripts/kubernetes/binaries.ts'

/** Declares tests that need Kubernetes, and helm if `withHelm`; where these can't run, one that is skipped and says why. */
export function onKubernetes(declare: () => void, { withHelm = false } = {}): void {
  const reason = whyNot(withHelm)
  if (reason === undefined) declare()
  else test.skip(reason, t => t.pass())
}

function whyNot(withHelm: boolean): string | undefined {
  try {
    kubernetesBinariesHere()
    if (withHelm) helmBinaryHere()
  } catch (error) {
    return (error as Error).message
  }
  const tries =
    'ip link add one type bridge && ip link add two type veth && mount -t tmpfs none /run && ip netns add three'
  const namespaces = ['--map-root-user', '--net', '--mount', '--pid', '--fork']
  const { status } = spawnSync('unshare', [...namespaces, 'sh', '-c', tries])
  return status === 0 ? undefined : 'Kubernetes needs Linux with user namespaces and bridges, util-linux and iproute2'
}
