/** Whether a record matches a filter pattern. Pure. */
import type { Bound, Field, Pattern, Test } from './pattern.ts'

const NOTHING = {}

/** `value`: parsed JSON; what is no object has no fields. */
export function matches({ fields, either }: Pattern, value: unknown): boolean {
  return (
    fields.every(field => fieldMatches(field, value)) && either.every(list => list.some(one => matches(one, value)))
  )
}

function fieldMatches(field: Field, parent: unknown): boolean {
  const value = memberOf(parent, field.name)
  if ('tests' in field) return leafMatches(field.tests, value)
  // What is absent has absent fields.
  return Array.isArray(value)
    ? value.some(one => matches(field.pattern, one))
    : matches(field.pattern, value ?? NOTHING)
}

function memberOf(parent: unknown, name: string): unknown {
  const isObject = typeof parent === 'object' && parent !== null
  return isObject && Object.hasOwn(parent, name) ? (parent as { [name: string]: unknown })[name] : undefined
}

/** One of the tests must hold, of a list for one of its elements. */
function leafMatches(tests: Test[], value: unknown): boolean {
  const leaves = (Array.isArray(value) ? value : [value]).filter(isLeaf)
  if (leaves.length === 0) return tests.some(test => test.kind === 'exists' && !test.exists)
  return leaves.some(leaf => tests.some(test => passes(test, leaf)))
}

function isLeaf(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function passes(test: Test, value: unknown): boolean {
  switch (test.kind) {
    case 'text':
      return value === test.text
    case 'number':
      return typeof value === 'number' && String(value) === test.text
    case 'constant':
      return value === test.value
    case 'prefix':
      return typeof value === 'string' && value.startsWith(test.text)
    case 'suffix':
      return typeof value === 'string' && value.endsWith(test.text)
    case 'equalsIgnoringCase':
      return typeof value === 'string' && value.toLowerCase() === test.text.toLowerCase()
    case 'anythingBut':
      return !test.tests.some(refused => passes(refused, value))
    case 'numeric':
      return typeof value === 'number' && test.bounds.every(bound => isWithin(bound, value))
    case 'exists':
      return test.exists
  }
}

function isWithin({ operator, value: limit }: Bound, value: number): boolean {
  switch (operator) {
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '=':
      return value === limit
    case '>':
      return value > limit
    case '>=':
      return value >= limit
  }
}
