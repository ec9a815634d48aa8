/** Filter patterns (facts, section 5.4): JSON that says which records a function is to see. Parsing; match.ts does the rest. Pure. */

/** What a value may be. Numbers are compared by their text, and ordered by their value. */
export type Test =
  | { kind: 'text'; text: string }
  | { kind: 'number'; text: string }
  | { kind: 'constant'; value: null | boolean }
  | { kind: 'prefix' | 'suffix' | 'equalsIgnoringCase'; text: string }
  | { kind: 'anythingBut'; tests: Test[] }
  | { kind: 'numeric'; bounds: Bound[] }
  | { kind: 'exists'; exists: boolean }

export type Bound = { operator: '<' | '<=' | '=' | '>' | '>='; value: number }

/** All of `fields` must match, and of each list in `either` at least one pattern. */
export type Pattern = { fields: Field[]; either: Pattern[][] }
export type Field = { name: string } & ({ tests: Test[] } | { pattern: Pattern })

/** The text is no pattern. */
export class InvalidPattern extends Error {
  override name = 'InvalidPattern'
}

/** As it is written: `1.0` is another number than `1`. */
class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Json = string | boolean | null | NumberText | Json[] | { [name: string]: Json }

/** Errors: InvalidPattern. */
export function parsePattern(text: string): Pattern {
  return patternOf(parse(text))
}

function parse(text: string): Json {
  const keep = (_key: string, value: unknown, context?: { source: string }) =>
    typeof value === 'number' ? new NumberText(context!.source) : value
  try {
    return JSON.parse(text, keep) as Json
  } catch {
    throw new InvalidPattern('a pattern is JSON')
  }
}

function patternOf(json: Json): Pattern {
  if (!isObject(json)) throw new InvalidPattern('a pattern is an object')
  const pattern: Pattern = { fields: [], either: [] }
  for (const [name, value] of Object.entries(json)) {
    if (name === '$or') pattern.either.push(alternativesOf(value))
    else if (Array.isArray(value)) pattern.fields.push({ name, tests: testsOf(value) })
    else pattern.fields.push({ name, pattern: patternOf(value) })
  }
  return pattern
}

function alternativesOf(json: Json): Pattern[] {
  if (!Array.isArray(json) || json.length === 0) throw new InvalidPattern('$or takes a list of patterns')
  return json.map(patternOf)
}

function testsOf(list: Json[]): Test[] {
  if (list.length === 0) throw new InvalidPattern('a list of values is not empty')
  return list.map(json => literalOf(json) ?? operatorOf(json))
}

function literalOf(json: Json): Test | undefined {
  if (typeof json === 'string') return { kind: 'text', text: json }
  if (json instanceof NumberText) return { kind: 'number', text: json.text }
  if (json === null || typeof json === 'boolean') return { kind: 'constant', value: json }
  return undefined
}

function operatorOf(json: Json): Test {
  const [entry, ...more] = isObject(json) ? Object.entries(json) : []
  if (!entry || more.length > 0) throw new InvalidPattern('an operator is an object of one member')
  const [name, operand] = entry
  switch (name) {
    case 'prefix':
      return { kind: 'prefix', text: textOf(operand) }
    case 'suffix':
      return { kind: 'suffix', text: textOf(operand) }
    case 'equals-ignore-case':
      return { kind: 'equalsIgnoringCase', text: textOf(operand) }
    case 'exists':
      if (typeof operand !== 'boolean') throw new InvalidPattern('exists takes true or false')
      return { kind: 'exists', exists: operand }
    case 'anything-but':
      return { kind: 'anythingBut', tests: refusedOf(operand) }
    case 'numeric':
      return { kind: 'numeric', bounds: boundsOf(operand) }
    default:
      throw new InvalidPattern(`there is no operator ${name}`)
  }
}

function refusedOf(operand: Json): Test[] {
  const list = Array.isArray(operand) ? operand : [operand]
  const tests = list.map(json => (isObject(json) ? affixOf(json) : literalOf(json)))
  if (tests.length === 0 || tests.some(test => test === undefined))
    throw new InvalidPattern('anything-but takes values')
  return tests as Test[]
}

/** `{"anything-but": {"prefix": ...}}` */
function affixOf(json: Json): Test {
  const test = operatorOf(json)
  if (test.kind === 'prefix' || test.kind === 'suffix' || test.kind === 'equalsIgnoringCase') return test
  throw new InvalidPattern('anything-but takes values')
}

function boundsOf(operand: Json): Bound[] {
  const list = Array.isArray(operand) ? operand : []
  if (list.length !== 2 && list.length !== 4) throw new InvalidPattern('numeric takes one or two bounds')
  const bounds: Bound[] = []
  for (let i = 0; i < list.length; i += 2) bounds.push(boundOf(list[i]!, list[i + 1]!))
  const isRange = /^>/.test(bounds[0]!.operator) && /^</.test(bounds[1]?.operator ?? '<')
  if (bounds.length === 2 && !isRange) throw new InvalidPattern('a range has a lower bound, then an upper one')
  return bounds
}

function boundOf(operator: Json, value: Json): Bound {
  if (!(value instanceof NumberText) || !isComparison(operator))
    throw new InvalidPattern('a bound is a comparison and a number')
  return { operator, value: Number(value.text) }
}

function isComparison(json: Json): json is Bound['operator'] {
  return typeof json === 'string' && ['<', '<=', '=', '>', '>='].includes(json)
}

function textOf(operand: Json): string {
  if (typeof operand !== 'string') throw new InvalidPattern('the operator takes a text')
  return operand
}

function isObject(json: Json): json is { [name: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof NumberText)
}
