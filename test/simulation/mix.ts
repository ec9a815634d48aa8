/** What clients ask for in one run: a few kinds of requests much, and some not at all. */
import type { Random } from '../campaigns/random.ts'
import { ACCOUNTS, type Request, type Setup } from './script.ts'

const KEYS = ['a', 'b', 'c', 'd', 'e']
const COUNTERS = ['n', 'm']
const LISTS = ['L0', 'L1', 'L2', 'L3']
const OWNERS = ['ann', 'bob', undefined]
const SIDES = ['side0', 'side1']

/** How often, and what makes the next one. */
export type Mix = (readonly [weight: number, make: () => Request])[]

/** The fewer things a run is about, the more often they meet. */
export function drawMix(choices: Random, { timeToLive }: Setup): Mix {
  let number = 0
  const next = (prefix: string) => `${prefix}${++number}`
  const items = itemsMix(choices, next)
  const transactions = transactionsMix(choices, next)
  const everything = [...items, ...transactions, ...(timeToLive ? expiringMix(choices, next) : []), ...rareMix(choices)]
  const likely = choices.pick([0.3, 0.75])
  const some = everything.filter(() => choices.chance(likely))
  const mix = choices.weighted([
    [2, some.length > 0 ? some : everything],
    [1, items],
    [1, transactions],
  ])
  return mix.map(([weight, make]) => [weight * choices.pick([0.3, 1, 3]), make] as const)
}

type Next = (prefix: string) => string

function itemsMix(choices: Random, next: Next): Mix {
  const keys = KEYS.slice(0, choices.pick([1, 2, 5]))
  const shape = () => ({ owner: choices.pick(OWNERS), rank: choices.chance(0.7) ? choices.below(5) : undefined })
  return [
    [4, () => ({ op: 'get', key: choices.pick([...keys, ...COUNTERS]) })],
    [3, () => ({ op: 'put', key: choices.pick(keys), value: next('v'), ...shape() })],
    [2, () => ({ op: 'putIf', key: choices.pick(keys), value: next('v'), ...shape() })],
    [1, () => ({ op: 'delete', key: choices.pick([...keys, ...COUNTERS]) })],
    [2, () => ({ op: 'add', key: choices.pick(COUNTERS), by: choices.between(1, 3) })],
  ]
}

function transactionsMix(choices: Random, next: Next): Mix {
  const lists = LISTS.slice(0, choices.pick([2, 4]))
  const some = () => shuffled(choices, lists).slice(0, choices.between(1, lists.length))
  const token = () => (choices.chance(0.4) ? { token: next('token-of-some-length-'), again: choices.chance(0.3) } : {})
  return [
    [3, () => ({ op: 'append', keys: some(), id: next('i'), ...token() })],
    [2, () => ({ op: 'readLists', keys: some() })],
    [2, () => ({ op: 'transfer', ...pair(choices), amount: choices.between(1, 60), ...token() })],
    [1, () => ({ op: 'readAccounts' })],
  ]
}

function expiringMix(choices: Random, next: Next): Mix {
  const put: string[] = []
  const putExpiring = (): Request => {
    const key = next('T')
    put.push(key)
    return { op: 'putExpiring', key, ms: choices.pick([0, 1000, 3000, 3600_000]) }
  }
  return [
    [1.5, putExpiring],
    [1, () => ({ op: 'getExpiring', key: put.length ? choices.pick(put) : 'T0' })],
  ]
}

function rareMix(choices: Random): Mix {
  return [
    [0.15, () => ({ op: choices.chance(0.7) ? 'addIndex' : 'removeIndex' })],
    [0.15, () => ({ op: choices.pick(['streamOn', 'streamOff']) })],
    [0.25, () => ({ op: choices.pick(['createTable', 'deleteTable', 'putElsewhere']), name: choices.pick(SIDES) })],
  ]
}

function pair(choices: Random): { from: string; to: string } {
  const [from, to] = shuffled(choices, ACCOUNTS)
  return { from: from!, to: to! }
}

function shuffled<T>(choices: Random, list: readonly T[]): T[] {
  return list
    .map(each => [choices.next(), each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each)
}
