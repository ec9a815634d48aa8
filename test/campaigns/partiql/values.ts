/** Values, paths and items from a small world, so that they meet. */
import type { AttributeValue, Item, ScalarType } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import type { Path } from './text.ts'

const TEXTS = ['', 'a', 'ab', 'abc', 'b', "it's", 'ü']
const NUMBERS = ['-10', '-1', '0', '1', '1.5', '2', '10', '100']
const BLOBS = ['', 'AA==', 'AAE=', '/w==']
/** Few, so that keys are often those of items. */
const KEYS: Record<ScalarType, string[]> = {
  S: ['a', 'ab', "it's", 'ü'],
  N: ['-1', '0', '1.5', '10'],
  B: BLOBS.slice(1),
}

export const ATTRIBUTES = ['a', 'b', 'c', 'm', 'l', 'odd name', 'date', 'g', 'h']

/** A value for a key attribute. */
export function keyValue(random: Random, type: ScalarType): AttributeValue {
  return { [type]: random.pick(KEYS[type]) }
}

export function anyValue(random: Random, depth = 0): AttributeValue {
  return random.weighted<() => AttributeValue>([
    [5, () => ({ S: random.pick(TEXTS) })],
    [5, () => ({ N: random.pick(NUMBERS) })],
    [1, () => ({ B: random.pick(BLOBS) })],
    [1, () => ({ BOOL: random.chance(0.5) })],
    [1, () => ({ NULL: true })],
    [1, () => ({ SS: someOf(random, TEXTS) })],
    [1, () => ({ NS: someOf(random, NUMBERS) })],
    [0.5, () => ({ BS: someOf(random, BLOBS) })],
    [depth > 2 ? 0 : 1, () => ({ L: random.some(0, 3, () => anyValue(random, depth + 1)) })],
    [depth > 2 ? 0 : 1, () => ({ M: documentOf(random, depth) })],
  ])()
}

function documentOf(random: Random, depth: number): Item {
  return Object.fromEntries(random.some(0, 3, () => [random.pick(['a', 'b', 'x']), anyValue(random, depth + 1)]))
}

export function someSet(random: Random): AttributeValue {
  const list = random.pick([
    ['SS', TEXTS],
    ['NS', NUMBERS],
    ['BS', BLOBS],
  ] as const)
  return { [list[0]]: someOf(random, list[1]) }
}

function someOf(random: Random, list: readonly string[]): string[] {
  const chosen = list.filter(() => random.chance(0.3))
  return chosen.length > 0 ? chosen : [random.pick(list)]
}

/** The attributes beside the key. `m` and `l` are mostly documents, so that paths lead somewhere. */
export function otherAttributes(random: Random): Item {
  const item: Item = {}
  for (const name of ATTRIBUTES) {
    if (random.chance(0.35)) continue
    if (name === 'm' && random.chance(0.9)) item.m = { M: documentOf(random, 0) }
    else if (name === 'l' && random.chance(0.9)) item.l = { L: random.some(0, 3, () => anyValue(random, 1)) }
    // Of index keys: fit, as a rule.
    else if (name === 'g' || name === 'h') item[name] = keyValue(random, name === 'g' ? 'S' : 'N')
    else item[name] = anyValue(random)
  }
  return item
}

export function anyPath(random: Random): Path {
  return random.weighted<() => Path>([
    [8, () => [random.pick(ATTRIBUTES)]],
    [3, () => ['m', random.pick(['a', 'b', 'x'])]],
    [2, () => ['l', random.below(3)]],
    [1, () => ['m', random.pick(['a', 'b']), random.pick(['a', 'b', 0])]],
    [1, () => ['l', random.below(2), random.pick(['a', 'b', 0])]],
    [0.3, () => ['a', 'b']],
  ])()
}
