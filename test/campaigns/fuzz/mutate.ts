/** Mutations of a request's input, by its structure: what is JSON before is JSON after. */
import { setOwn } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import { garbleExpression, hostileExpression, soup } from './expressions.ts'
import { type ApiRequest, OPERATIONS, validRequest } from './requests.ts'
import { TABLES } from './tables.ts'
import {
  type Json,
  type JsonObject,
  ODD_NAMES,
  ODD_NUMBERS,
  ODD_STRINGS,
  oddJson,
  oddValue,
  ordinaryValue,
} from './values.ts'

/** A place in the input: an object's member or a list's element. */
type Slot = { parent: JsonObject; key: string }

const MAX_SLOTS = 1000
/** Of a list that has grown, about. */
const MAX_TEXT = 4_000_000
const EXPRESSIONS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
  'Statement',
]
const START_KEYS = ['ExclusiveStartKey', 'ExclusiveStartTableName', 'NextToken']

/** The request with one to three changes. */
export function mutate(random: Random, { operation, input }: ApiRequest): ApiRequest {
  const root = { input: copyOf(input) }
  const changes = random.weighted([
    [6, 1],
    [2, 2],
    [1, 3],
  ])
  for (let i = 0; i < changes; i++) changeSomething(random, operation, root)
  const otherTarget = random.chance(0.02)
  return { operation: otherTarget ? random.pick(Object.keys(OPERATIONS)) : operation, input: root.input }
}

/** Valid requests share parts, which must stay as they are. */
function copyOf<T>(json: T): T {
  return JSON.parse(JSON.stringify(json)) as T
}

function changeSomething(random: Random, operation: string, root: { input: JsonObject }): void {
  if (typeof root.input !== 'object' || root.input === null) return
  const expressions = EXPRESSIONS.filter(name => typeof root.input[name] === 'string')
  random.weighted<() => void>([
    [expressions.length > 0 ? 8 : 0.5, () => changeExpression(random, root.input, random.pick(expressions))],
    [10, () => changeSlot(random, random.pick(slotsOf(root)))],
    [operation === 'Query' || operation === 'Scan' ? 2 : 0.1, () => changeStart(random, root.input)],
    [1, () => changeTable(random, root.input)],
    [1, () => Object.assign(root.input, copyOf(validRequest(random).input))],
  ])()
}

function changeExpression(random: Random, input: JsonObject, name = random.pick(EXPRESSIONS)): void {
  const given = input[name]
  const text = typeof given === 'string' ? given : ''
  input[name] = random.weighted<() => string>([
    [5, () => garbleExpression(random, text)],
    [3, () => soup(random)],
    [2, () => hostileExpression(random)],
    [0.1, () => `${text} OR `.repeat(100_000 / (text.length + 4))],
  ])()
}

function changeStart(random: Random, input: JsonObject): void {
  const start = random.weighted<() => Json>([
    [3, () => ({ [random.pick(ODD_NAMES)]: oddValue(random) })],
    [3, () => Object.fromEntries(random.pick(TABLES).key.map(({ name }) => [name, oddValue(random)]))],
    [2, () => ({ ...(input.ExclusiveStartKey as JsonObject), [random.pick(ODD_NAMES)]: ordinaryValue(random) })],
    [1, () => ({})],
    [1, () => oddJson(random)],
  ])()
  input[random.chance(0.9) ? 'ExclusiveStartKey' : random.pick(START_KEYS)] = start
}

function changeTable(random: Random, input: JsonObject): void {
  const name = random.chance(0.5) ? random.pick(TABLES).name : random.pick(ODD_STRINGS)
  if ('RequestItems' in input) input.RequestItems = { [name]: Object.values(input.RequestItems ?? {})[0] ?? null }
  else input[random.pick(['TableName', 'IndexName', 'ResourceArn', 'ExclusiveStartTableName'])] = name
}

function changeSlot(random: Random, slot: Slot): void {
  const { parent, key } = slot
  const value = parent[key]
  const object = typeof value === 'object' && value !== null
  const isValue =
    object && Object.keys(value).length === 1 && /^(?:[SNBLM]|[SNB]S|NULL|BOOL)$/.test(Object.keys(value)[0]!)
  const set = (changed: Json) => setOwn(parent, key, changed)
  random.weighted<() => void>([
    [2, () => set(oddJson(random))],
    [isValue ? 20 : 1, () => set(oddValue(random))],
    [1, () => set(null)],
    [2, () => removeMember(slot)],
    [1, () => rename(slot, random.pick(ODD_NAMES))],
    [1, () => set([value])],
    [1, () => set({ [random.pick(ODD_NAMES)]: value })],
    [2, () => set(valueAt(random.pick(slotsOf({ input: copyOf(validRequest(random).input) }))))],
    [object && !Array.isArray(value) ? 3 : 0, () => addMember(random, value as JsonObject)],
    [Array.isArray(value) ? 4 : 0, () => set(resized(random, value as Json[]))],
    [typeof value === 'string' ? 4 : 0, () => set(garbleString(random, value as string))],
    [typeof value === 'number' ? 4 : 0, () => set(random.pick(LIMITS))],
  ])()
}

const LIMITS = [-1, 0, 0.5, 1, 25, 26, 100, 101, 1_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 63, 1e300, -1e300]

function removeMember({ parent, key }: Slot): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

function rename(slot: Slot, name: string): void {
  const value = slot.parent[slot.key]
  removeMember(slot)
  if (!Array.isArray(slot.parent)) setOwn(slot.parent, name, value)
}

function addMember(random: Random, object: JsonObject): void {
  const name = random.pick([...ODD_NAMES, 'S', 'N', 'M', 'L', 'NULL', 'Unknown'])
  setOwn(object, name, random.chance(0.5) ? oddValue(random) : oddJson(random))
}

function resized(random: Random, list: Json[]): Json[] {
  const most = Math.ceil(MAX_TEXT / JSON.stringify([list[0]]).length)
  const length = random.weighted([
    [3, 0],
    [3, 2],
    [3, 26],
    [3, 101],
    [0.3, 1001],
    [0.05, 100_000],
  ])
  return Array.from({ length: Math.min(length, most) }, (_, i) => list[i % Math.max(list.length, 1)] ?? null)
}

function garbleString(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  return random.pick([
    () => text.slice(0, at),
    () => text.slice(0, at) + random.pick(ODD_STRINGS) + text.slice(at),
    () => text.slice(0, at) + String.fromCharCode(random.below(65_536)) + text.slice(at + 1),
    () => text.toLowerCase(),
    () => text + text,
    () => random.pick(ODD_NUMBERS),
    () => random.pick(ODD_STRINGS),
  ])()
}

/** Every place, the outermost first, up to a number. */
function slotsOf(root: { input: Json }): Slot[] {
  const slots: Slot[] = [{ parent: root as JsonObject, key: 'input' }]
  for (let i = 0; i < slots.length && slots.length < MAX_SLOTS; i++) {
    const { parent, key } = slots[i]!
    const value = parent[key]
    if (typeof value !== 'object' || value === null) continue
    for (const name of Object.keys(value).slice(0, MAX_SLOTS)) slots.push({ parent: value as JsonObject, key: name })
  }
  return slots
}

function valueAt({ parent, key }: Slot): Json {
  return parent[key]
}
