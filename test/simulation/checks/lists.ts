/**
 * Lists that transactions append to: whether some order of all that was done, one after the other, explains what every list
 * holds and everybody saw, with nothing before what had ended when it began (strict serializability). After Elle: a list tells
 * the order of its appends, so dependencies are known, and a circle of them is what no order explains.
 */
import type { History, ListEvent } from '../history.ts'
import { listIn, readOne } from '../requests.ts'
import type { Looking } from './checks.ts'

/** Errors: the first thing that no order explains. */
export function checkLists({ lists }: History, { ask }: Looking): void {
  const keys = new Set(lists.flatMap(({ keys, seen }) => [...keys, ...seen.keys()]))
  const last = new Map([...keys].map(key => [key, listIn(ask('GetItem', readOne(key).input).Item)]))
  checkOutcomes(lists, last)
  const happened = lists.filter(event => hasHappened(event, last))
  for (const { seen } of happened) for (const [key, list] of seen) checkPrefix(key, list, last.get(key)!)
  const circle = findCircle(edgesOf(happened, last))
  if (circle) throw new Error(`no order explains these: ${circle.map(place => say(happened[place]!)).join('; then ')}`)
}

function hasHappened({ id, keys, outcome }: ListEvent, last: Map<string, string[]>): boolean {
  if (outcome !== 'unknown') return outcome === 'done'
  return id !== undefined && last.get(keys[0]!)!.includes(id)
}

/** What was done is there, once, everywhere; what was refused nowhere; what nobody knows everywhere or nowhere. */
function checkOutcomes(lists: ListEvent[], last: Map<string, string[]>): void {
  const known = new Set(lists.map(({ id }) => id))
  for (const [key, list] of last) {
    const twice = list.find((id, i) => list.indexOf(id) !== i)
    if (twice) throw new Error(`${twice} is twice in ${key}`)
    const strange = list.find(id => !known.has(id))
    if (strange) throw new Error(`nobody appended ${strange}, which is in ${key}`)
  }
  for (const { id, keys, outcome } of lists) {
    if (id === undefined) continue
    const there = keys.filter(key => last.get(key)!.includes(id))
    const isRight =
      outcome === 'done'
        ? there.length === keys.length
        : there.length === 0 || (outcome === 'unknown' && there.length === keys.length)
    if (!isRight)
      throw new Error(`${id}, appended to ${keys.join()}, outcome ${outcome}: it is in ${there.join() || 'none'}`)
  }
}

function checkPrefix(key: string, list: string[], last: string[]): void {
  if (list.some((id, i) => last[i] !== id))
    throw new Error(`${key} was seen as [${list.join()}], and is [${last.join()}] in the end`)
}

/** By event: those that must come after it. */
function edgesOf(events: ListEvent[], last: Map<string, string[]>): number[][] {
  const edges: number[][] = events.map(() => [])
  const byId = new Map(events.map(({ id }, place) => [id, place]))
  const link = (from: number, to: number) => from !== to && edges[from]!.push(to)
  for (const list of last.values())
    for (let i = 1; i < list.length; i++) link(byId.get(list[i - 1]!)!, byId.get(list[i]!)!)
  for (const [place, { seen }] of events.entries()) {
    for (const [key, list] of seen) {
      const whole = last.get(key)!
      if (list.length > 0) link(byId.get(list.at(-1)!)!, place)
      if (list.length < whole.length) link(place, byId.get(whole[list.length]!)!)
    }
  }
  for (const [a, { returned }] of events.entries())
    for (const [b, { called }] of events.entries()) if (returned !== undefined && returned < called) link(a, b)
  return edges
}

/** Depth first, without recursion. */
function findCircle(edges: number[][]): number[] | undefined {
  const state = new Uint8Array(edges.length)
  for (let start = 0; start < edges.length; start++) {
    if (state[start] !== 0) continue
    const path: { node: number; next: number }[] = [{ node: start, next: 0 }]
    state[start] = 1
    while (path.length > 0) {
      const top = path.at(-1)!
      const next = edges[top.node]![top.next++]
      if (next === undefined) {
        state[top.node] = 2
        path.pop()
      } else if (state[next] === 1) {
        return path.slice(path.findIndex(({ node }) => node === next)).map(({ node }) => node)
      } else if (state[next] === 0) {
        state[next] = 1
        path.push({ node: next, next: 0 })
      }
    }
  }
  return undefined
}

function say({ id, keys, called, returned, seen }: ListEvent): string {
  const saw = [...seen].map(([key, list]) => `${key}=[${list.join()}]`).join(' ')
  return `${id ? `append ${id} to ${keys.join()}` : 'a look'} ${saw} (${called} to ${returned ?? 'nobody knows'})`
}
