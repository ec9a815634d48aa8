/** Values as they are written in statements, with or without parameters in them. */
import { invalidParameter } from '../model/errors.ts'
import { type AttributeValue, type Item, setOwn } from '../model/item.ts'
import { normalizeNumber } from '../model/number.ts'
import { validateValue } from '../model/value.ts'
import { atSymbol, type Cursor, expectSymbol, malformed, nested, peek, takeSymbol, unexpected } from './cursor.ts'
import type { Template } from './syntax.ts'

const OPENERS = new Set(['[', '{', '<<', '?', '-', '+'])
const WORDS: Record<string, AttributeValue> = { TRUE: { BOOL: true }, FALSE: { BOOL: false }, NULL: { NULL: true } }

/** Whether the next token begins a value. */
export function atLiteral(cursor: Cursor): boolean {
  const { kind, text } = peek(cursor)
  if (kind === 'symbol') return OPENERS.has(text)
  return kind === 'string' || kind === 'number' || (kind === 'name' && Object.hasOwn(WORDS, text.toUpperCase()))
}

/** Reads a value. What parameters do not complete is checked here, once. @throws ValidationException */
export function readLiteral(cursor: Cursor): Template {
  const template = readTemplate(cursor)
  if (template.kind === 'constant') validateValue(template.value)
  return template
}

function readTemplate(cursor: Cursor): Template {
  const token = peek(cursor)
  if (!atLiteral(cursor)) throw unexpected(token)
  cursor.at++
  if (token.kind === 'string') return { kind: 'constant', value: { S: token.text } }
  if (token.kind === 'number') return number(token.text)
  if (token.kind === 'name') return { kind: 'constant', value: WORDS[token.text.toUpperCase()]! }
  switch (token.text) {
    case '?':
      return { kind: 'parameter', number: cursor.parameters++ }
    case '[':
      return folded({ kind: 'list', elements: nested(cursor, () => readElements(cursor, ']')) })
    case '<<':
      return folded({ kind: 'set', elements: nested(cursor, () => readElements(cursor, '>>')) })
    case '{':
      return folded({ kind: 'map', members: nested(cursor, readMembers) })
    default:
      return readSigned(cursor, token.text)
  }
}

function readSigned(cursor: Cursor, sign: string): Template {
  const token = peek(cursor)
  if (token.kind !== 'number') throw unexpected(token)
  cursor.at++
  return number(sign + token.text)
}

function number(text: string): Template {
  return { kind: 'constant', value: { N: normalizeNumber(text) } }
}

function readElements(cursor: Cursor, end: string): Template[] {
  const elements: Template[] = []
  if (takeSymbol(cursor, end)) return elements
  do elements.push(readTemplate(cursor))
  while (takeSymbol(cursor, ','))
  expectSymbol(cursor, end)
  return elements
}

function readMembers(cursor: Cursor): [name: string, value: Template][] {
  const members: [string, Template][] = []
  if (takeSymbol(cursor, '}')) return members
  do {
    const name = peek(cursor)
    if (name.kind !== 'string') throw unexpected(name)
    cursor.at++
    expectSymbol(cursor, ':')
    members.push([name.text, readTemplate(cursor)])
  } while (takeSymbol(cursor, ','))
  expectSymbol(cursor, '}')
  return members
}

/** The template, as a constant if nothing in it is left open. */
function folded(template: Template): Template {
  if (template.kind === 'list' || template.kind === 'set') {
    if (template.elements.some(({ kind }) => kind !== 'constant')) return template
  } else if (template.kind === 'map' && template.members.some(([, { kind }]) => kind !== 'constant')) return template
  return { kind: 'constant', value: instantiate(template, []) }
}

/** The value with all parameters in place. Recursion is as deep as statements nest. */
export function instantiate(template: Template, parameters: AttributeValue[]): AttributeValue {
  switch (template.kind) {
    case 'constant':
      return template.value
    case 'parameter':
      return parameters[template.number]!
    case 'list':
      return { L: template.elements.map(element => instantiate(element, parameters)) }
    case 'set':
      return setOf(template.elements.map(element => instantiate(element, parameters)))
    case 'map': {
      const map: Item = {}
      for (const [name, value] of template.members) setOwn(map, name, instantiate(value, parameters))
      return { M: map }
    }
  }
}

function setOf(elements: AttributeValue[]): AttributeValue {
  if (elements.length === 0) throw invalidParameter('An string set  may not be empty')
  for (const type of ['S', 'N', 'B'] as const) {
    const members = elements.flatMap(element => element[type] ?? [])
    if (members.length === elements.length) return { [`${type}S`]: members }
  }
  throw malformed('Unexpected term')
}

/** Whether the next token begins a list of values or operands in brackets. */
export function atList(cursor: Cursor): boolean {
  return atSymbol(cursor, '[') || atSymbol(cursor, '(')
}
