/** What a kubelet says of a pod. */
import type { Container } from '../objects.ts'

export type Ended = { exitCode: number; reason: string; startedAt: string; finishedAt: string }

/** A container as it is now. */
export type ContainerState = {
  container: Container
  restarts: number
  /** While it runs. */
  process?: { pid: number; startedAt: string }
  /** Its startup probe, if it has one, has succeeded. */
  started: boolean
  ready: boolean
  /** How it ended, if it is not to run again. */
  ended?: Ended
  /** How it ended before. */
  last?: Ended
  /** Why it does not run. */
  waiting?: string
}

export type PodState = {
  ip: string
  hostIP: string
  startedAt: string
  initialized: boolean
  init: ContainerState[]
  containers: ContainerState[]
  /** All containers have ended, and stay so. */
  finished: boolean
}

export type Condition = { type: string; status: 'True' | 'False'; lastTransitionTime: string }

/** The pod's `status`. `before` are its last conditions, `now` the time for those that have changed. */
export function statusOf(state: PodState, before: Condition[], now: string) {
  const { ip, hostIP, startedAt, initialized, init, containers } = state
  const ready = containers.length > 0 && containers.every(({ process, ready }) => process && ready)
  const conditions = { Initialized: initialized, ContainersReady: ready, Ready: ready }
  return {
    phase: phaseOf(state),
    podIP: ip,
    podIPs: [{ ip }],
    hostIP,
    startTime: startedAt,
    initContainerStatuses: init.map(containerStatus),
    containerStatuses: containers.map(containerStatus),
    conditions: Object.entries(conditions).map(([type, holds]): Condition => {
      const status = holds ? 'True' : 'False'
      const old = before.find(condition => condition.type === type)
      return old?.status === status ? old : { type, status, lastTransitionTime: now }
    }),
  }
}

function phaseOf({ finished, containers, init }: PodState): string {
  const ended = [...init, ...containers].flatMap(({ ended }) => ended ?? [])
  if (finished) return ended.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed'
  return containers.some(({ process, last, ended }) => process || last || ended) ? 'Running' : 'Pending'
}

function containerStatus({ container, restarts, process, started, ready, ended, last, waiting }: ContainerState) {
  const { name, image } = container
  const running = process && { running: { startedAt: process.startedAt } }
  const terminated = ended && { terminated: ended }
  return {
    ...{ name, image, imageID: image, restartCount: restarts },
    containerID: process && `process://${process.pid}`,
    started: process !== undefined && started,
    ready: process === undefined ? ended?.exitCode === 0 : ready,
    state: running ?? terminated ?? { waiting: { reason: waiting ?? 'ContainerCreating' } },
    lastState: last ? { terminated: last } : {},
  }
}
