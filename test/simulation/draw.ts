/** From a seed to a run: each draws its own mix of requests and of trouble, so that rare mixes come up. */
import { type Random, randomOf } from '../campaigns/random.ts'
import type { FaultStep } from './fault.ts'
import { FAULT_KINDS, type FaultKind, faultOf, WITH_A_LOSS } from './faults.ts'
import { drawMix } from './mix.ts'
import { MOMENT_KINDS } from './moments.ts'
import type { Request, Script, Setup, Step } from './script.ts'

type Chances = readonly (readonly [weight: number, value: number])[]

/** What is drawn of a run's size. */
type Size = {
  requests: readonly [least: number, most: number]
  nodes: Chances
  partitions: Chances
  faults: Chances
  /** Milliseconds. */
  leases: number[]
  pauses: number[]
}

const SIZES = {
  /** Much is going on, and everything meets everything. */
  long: {
    requests: [200, 200],
    nodes: [
      [1, 1],
      [3, 2],
      [5, 3],
      [2, 4],
    ],
    partitions: [
      [2, 1],
      [3, 2],
      [1, 3],
    ],
    faults: [
      [1, 0],
      [2, 3],
      [4, 7],
      [3, 14],
    ],
    leases: [600, 1500, 3000],
    pauses: [2, 10, 50, 150],
  },
  /** Many of them are played in the time of a long one. */
  short: {
    requests: [10, 60],
    nodes: [
      [1, 1],
      [5, 2],
      [4, 3],
    ],
    partitions: [
      [3, 1],
      [3, 2],
    ],
    faults: [
      [1, 0],
      [3, 1],
      [4, 2],
      [2, 4],
    ],
    leases: [600, 1500],
    pauses: [2, 10, 50],
  },
} satisfies Record<string, Size>

export type SizeName = keyof typeof SIZES

/** `often`: a fault that the run is to meet more than others, if it can be at all. */
export type DrawOptions = { size?: SizeName; requests?: number; often?: FaultKind }

export function drawScript(seed: number, { size: name = 'long', requests, often }: DrawOptions = {}): Script {
  const choices = randomOf(seed, 0)
  const size: Size = SIZES[name]
  const more = randomOf(seed, 1)
  const setup = { ...drawSetup(choices, size), uneven: more.pick([0, 0, 30, 150]) }
  const drawn = drawSteps(choices, setup, size, requests ?? choices.between(...size.requests))
  const steps = more.chance(0.4) ? drawn.map(looksOnly) : drawn
  return { seed, setup, steps, faults: drawFaults(choices, setup, size, spanOf(steps), often) }
}

function drawSetup(choices: Random, size: Size): Setup {
  const nodes = choices.weighted(size.nodes)
  return {
    nodes,
    servers: choices.between(1, 2),
    partitions: choices.weighted(size.partitions),
    replicas: Math.min(nodes, 3),
    depth: choices.pick([1, 4]),
    leaseMs: choices.pick(size.leases),
    pace: { usual: choices.pick([0.3, 2, 10]), slow: choices.pick([0, 0.01, 0.1]), slowMs: choices.pick([20, 200]) },
    skew: choices.pick([0, 50, 2000]),
    localIndex: choices.chance(0.4),
    globalIndex: choices.chance(0.5),
    stream: choices.chance(0.5),
    timeToLive: choices.chance(0.4),
    graceMs: choices.pick([500, 3000, 3600_000]),
    checkpointMs: choices.pick([0, 0, 100, 700]),
    repairAfterMs: choices.pick([2000, 3600_000]),
  }
}

function drawSteps(choices: Random, setup: Setup, size: Size, requests: number): Step[] {
  const clients = choices.between(2, 6)
  const pause = choices.pick(size.pauses)
  const mix = drawMix(choices, setup)
  const looks = choices.pick([0, 0.3, 0.6])
  const isFaithful = choices.chance(0.5)
  const last: Request[] = []
  return Array.from({ length: requests }, (_, i) => {
    const client = i % clients
    const server = isFaithful ? client % setup.servers : choices.below(setup.servers)
    const step = { client, server, pause: choices.below(2 * pause) }
    const look = choices.chance(looks) ? lookAt(last[client]) : undefined
    last[client] = look ?? choices.weighted(mix)()
    return { ...step, ...last[client] }
  })
}

/** One of the servers is asked by those who read. */
function looksOnly(step: Step): Step {
  const { client, server, pause } = step
  const look = server === 1 ? lookAt(step) : undefined
  return look ? { client, server, pause, ...look } : step
}

/** What shows whether the request has come to something. */
function lookAt(request: Request | undefined): Request | undefined {
  switch (request?.op) {
    case 'put':
    case 'putIf':
    case 'delete':
    case 'add':
      return { op: 'get', key: request.key }
    case 'append':
      return { op: 'readLists', keys: request.keys }
    case 'transfer':
      return { op: 'readAccounts' }
    default:
      return undefined
  }
}

/** About how long the clients will take, without any trouble. */
function spanOf(steps: Step[]): number {
  const byClient = new Map<number, number>()
  for (const { client, pause } of steps) byClient.set(client, (byClient.get(client) ?? 0) + pause + 5)
  return Math.max(0, ...byClient.values())
}

function drawFaults(
  choices: Random,
  setup: Setup,
  size: Size,
  span: number,
  wished: FaultKind | undefined,
): FaultStep[] {
  const possible = FAULT_KINDS.filter(kind => faultOf(kind).bearable?.(setup) ?? true)
  const likely = choices.pick([0.1, 0.1, 0.3, 0.6])
  const drawn = possible.filter(() => choices.chance(likely))
  const loses = wished === undefined && drawn.includes('log loses its end')
  const kinds = loses ? drawn.filter(kind => WITH_A_LOSS.has(kind)) : drawn
  const moments: FaultKind[] = MOMENT_KINDS.filter(kind => possible.includes(kind))
  const drawnOften = !loses && moments.length > 0 && choices.chance(0.5) ? [choices.pick(moments)] : kinds
  const often = wished === undefined || !possible.includes(wished) ? drawnOften : [wished]
  const count = kinds.length + often.length === 0 ? 0 : choices.weighted(size.faults)
  const used = new Map<FaultKind, number>()
  const faults: FaultStep[] = []
  for (let i = 0; i < count; i++) {
    const kind = choices.pick(kinds.length === 0 || choices.chance(0.5) ? often : kinds)
    const times = (used.get(kind) ?? 0) + 1
    if (times > (faultOf(kind).atMost ?? Number.POSITIVE_INFINITY)) continue
    used.set(kind, times)
    faults.push(drawFault(choices, setup, kind, span))
  }
  return faults.sort((a, b) => a.at - b.at)
}

function drawFault(choices: Random, setup: Setup, kind: FaultKind, span: number): FaultStep {
  const place = choices.below(setup.nodes)
  const other = `n${(place + choices.between(1, Math.max(1, setup.nodes - 1))) % setup.nodes}`
  const params = { choices, setup, node: `n${place}`, other, server: `s${choices.below(setup.servers)}` }
  const latest = (MOMENT_KINDS as FaultKind[]).includes(kind) ? 0.7 : 1.5
  return { at: choices.below(Math.max(1, Math.round(span * latest))), ms: 0, kind, ...faultOf(kind).draw(params) }
}
