/** Bound conditions to functions that test an item. */
import { compareScalars, equalValues } from '../model/compare.ts'
import { type AttributeValue, getOwn, type Item, typeOf } from '../model/item.ts'
import type { Comparator, Condition, Operand, Path } from './bound.ts'
import { valueAt } from './paths.ts'
import { includesBytes, includesText } from './search.ts'

/** A missing item has no attributes. */
type Test = (item: Item | undefined) => boolean
type Read = (item: Item | undefined) => AttributeValue | undefined

/** The condition as a function, which never throws; worth keeping for many items (facts, section 3.3). */
export function compileCondition(condition: Condition): Test {
  switch (condition.kind) {
    case 'and':
      return compileAnd(condition.terms.map(compileCondition))
    case 'or':
      return compileOr(condition.terms.map(compileCondition))
    case 'not': {
      const test = compileCondition(condition.term)
      return item => !test(item)
    }
    case 'compare':
      return compileComparison(condition.comparator, condition.left, condition.right)
    case 'between':
      return compileBetween(condition.operand, condition.low, condition.high)
    case 'in':
      return compileIn(condition.operand, condition.choices)
    case 'exists':
      return compileExists(condition.path)
    case 'notExists': {
      const exists = compileExists(condition.path)
      return item => !exists(item)
    }
    case 'type': {
      const read = compileOperand(condition.operand)
      const { type } = condition
      return item => {
        const value = read(item)
        return value !== undefined && typeOf(value) === type
      }
    }
    case 'beginsWith':
      return compileBoth(condition.operand, condition.prefix, beginsWith)
    case 'contains':
      return compileBoth(condition.operand, condition.needle, contains)
  }
}

function compileAnd(tests: Test[]): Test {
  return item => {
    for (const test of tests) if (!test(item)) return false
    return true
  }
}

function compileOr(tests: Test[]): Test {
  return item => {
    for (const test of tests) if (test(item)) return true
    return false
  }
}

function compileOperand(operand: Operand): Read {
  if ('path' in operand) return compilePath(operand.path)
  if ('value' in operand) return () => operand.value
  if ('value' in operand.size) {
    const count = countElements(operand.size.value)
    return () => count
  }
  const read = compileOperand(operand.size)
  return item => {
    const value = read(item)
    return value === undefined ? undefined : countElements(value)
  }
}

function compilePath(path: Path): Read {
  if (path.length > 1) return item => (item === undefined ? undefined : valueAt(item, path))
  const name = path[0] as string
  return item => (item === undefined ? undefined : getOwn(item, name))
}

function compileExists(path: Path): Test {
  const read = compilePath(path)
  return item => read(item) !== undefined
}

/** A test of two operands that fails if either is missing. */
function compileBoth(a: Operand, b: Operand, test: (a: AttributeValue, b: AttributeValue) => boolean): Test {
  const readA = compileOperand(a)
  const readB = compileOperand(b)
  return item => {
    const valueA = readA(item)
    const valueB = readB(item)
    return valueA !== undefined && valueB !== undefined && test(valueA, valueB)
  }
}

const COMPARISONS: Record<Comparator, (a: AttributeValue, b: AttributeValue) => boolean> = {
  '=': equalValues,
  '<>': (a, b) => !equalValues(a, b),
  // Values without a common order yield NaN, with which every comparison is false.
  '<': (a, b) => order(a, b) < 0,
  '<=': (a, b) => order(a, b) <= 0,
  '>': (a, b) => order(a, b) > 0,
  '>=': (a, b) => order(a, b) >= 0,
}

function order(a: AttributeValue, b: AttributeValue): number {
  return compareScalars(a, b) ?? Number.NaN
}

function compileComparison(comparator: Comparator, left: Operand, right: Operand): Test {
  // What is missing differs from everything, but a size that does not exist compares with nothing.
  if (comparator === '<>' && !('size' in left) && !('size' in right)) {
    const equal = compileBoth(left, right, equalValues)
    return item => !equal(item)
  }
  return compileBoth(left, right, COMPARISONS[comparator])
}

function compileBetween(operand: Operand, low: Operand, high: Operand): Test {
  const read = compileOperand(operand)
  const readLow = compileOperand(low)
  const readHigh = compileOperand(high)
  return item => {
    const value = read(item)
    const from = readLow(item)
    const to = readHigh(item)
    if (value === undefined || from === undefined || to === undefined) return false
    return order(value, from) >= 0 && order(value, to) <= 0
  }
}

function compileIn(operand: Operand, choices: Operand[]): Test {
  const read = compileOperand(operand)
  if (choices.length > FEW_CHOICES && choices.every(isScalarConstant)) {
    const texts = new Set(choices.map(choice => scalarText(choice.value)))
    return item => {
      const value = read(item)
      return value !== undefined && texts.has(scalarText(value))
    }
  }
  const reads = choices.map(compileOperand)
  return item => {
    const value = read(item)
    if (value === undefined) return false
    for (const readChoice of reads) {
      const choice = readChoice(item)
      if (choice !== undefined && equalValues(value, choice)) return true
    }
    return false
  }
}

/** The legacy IN may have hundreds of thousands. */
const FEW_CHOICES = 8

function isScalarConstant(choice: Operand): choice is { value: AttributeValue } {
  return 'value' in choice && scalarText(choice.value) !== undefined
}

/** Equal scalars have equal texts; other values have none. */
function scalarText({ S, N, B }: AttributeValue): string | undefined {
  if (S !== undefined) return `S${S}`
  if (N !== undefined) return `N${N}`
  return B === undefined ? undefined : `B${B}`
}

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (value.S !== undefined) return prefix.S !== undefined && value.S.startsWith(prefix.S)
  if (value.B === undefined || prefix.B === undefined || prefix.B.length > value.B.length) return false
  const start = bytes(prefix.B)
  return bytes(value.B).subarray(0, start.length).equals(start)
}

function contains(value: AttributeValue, needle: AttributeValue): boolean {
  if (value.S !== undefined) return needle.S !== undefined && includesText(value.S, needle.S)
  if (value.B !== undefined) {
    if (needle.B === undefined || needle.B.length > value.B.length) return false
    return includesBytes(bytes(value.B), bytes(needle.B))
  }
  if (value.SS !== undefined) return needle.S !== undefined && value.SS.includes(needle.S)
  if (value.NS !== undefined) return needle.N !== undefined && value.NS.includes(needle.N)
  if (value.BS !== undefined) return needle.B !== undefined && value.BS.includes(needle.B)
  return value.L?.some(element => equalValues(element, needle)) ?? false
}

/** The function `size`: UTF-16 units, bytes or elements; numbers, booleans and nulls have none. */
function countElements(value: AttributeValue): AttributeValue | undefined {
  const count =
    value.S?.length ??
    (value.B === undefined ? undefined : bytes(value.B).length) ??
    (value.SS ?? value.NS ?? value.BS ?? value.L)?.length ??
    (value.M === undefined ? undefined : Object.keys(value.M).length)
  return count === undefined ? undefined : { N: String(count) }
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
