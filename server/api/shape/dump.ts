/** Values as Java prints them, for error texts: `[KeySchemaElement(attributeName=a, keyType=HASH)]`. */
import { decodedLength } from './base64.ts'
import type { Member, Shape } from './shape.ts'

/** Megabytes of input need not come back in an error; what is longer ends in `...`. */
const MAX_LENGTH = 1_000_000

export function dump(shape: Shape, value: unknown): string {
  const text = print(shape, value, MAX_LENGTH)
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}...`
}

/** Stops soon after `room` characters. Values nest no deeper than the first stage of decoding allows. */
function print(shape: Shape, value: unknown, room: number): string {
  if (value === undefined || value === null) return 'null'
  switch (shape.kind) {
    case 'string':
    case 'enumeration':
      return value as string
    case 'blob': {
      const bytes = decodedLength(value as string)
      return `java.nio.HeapByteBuffer[pos=0 lim=${bytes} cap=${bytes}]`
    }
    case 'list':
      return `[${join(value as unknown[], room, (element, left) => print(shape.of, element, left))}]`
    case 'map':
      return printMap(shape.of, value, room)
    case 'item':
      return printMap({ kind: 'attributeValue' }, value, room)
    case 'attributeValue':
      return printMembers('AttributeValue', ATTRIBUTE_VALUE, value, room)
    case 'structure':
      return printMembers(shape.name, shape.members, value, room)
    default:
      return String(value)
  }
}

/** Looks at no more members than there is room for. */
function printMap(of: Shape, map: object, room: number): string {
  const values = map as { [key: string]: unknown }
  let text = ''
  for (const key in values) {
    if (text.length > room) break
    if (text !== '') text += ', '
    text += `${key}=${print(of, values[key], room - text.length)}`
  }
  return `{${text}}`
}

function printMembers(name: string, members: Pick<Member, 'name' | 'camel' | 'shape'>[], value: object, room: number) {
  const values = value as { [name: string]: unknown }
  const text = join(
    members,
    room,
    (member, left) => `${member.camel}=${print(member.shape, values[member.name], left)}`,
  )
  return `${name}(${text})`
}

function join<T>(elements: T[], room: number, printElement: (element: T, room: number) => string): string {
  let text = ''
  for (const element of elements) {
    if (text.length > room) break
    if (text !== '') text += ', '
    text += printElement(element, room - text.length)
  }
  return text
}

const STRING: Shape = { kind: 'string' }
const BLOB: Shape = { kind: 'blob' }
const BOOLEAN: Shape = { kind: 'boolean' }

const ATTRIBUTE_VALUE: Pick<Member, 'name' | 'camel' | 'shape'>[] = [
  { name: 'S', camel: 's', shape: STRING },
  { name: 'N', camel: 'n', shape: STRING },
  { name: 'B', camel: 'b', shape: BLOB },
  { name: 'SS', camel: 'sS', shape: { kind: 'list', of: STRING } },
  { name: 'NS', camel: 'nS', shape: { kind: 'list', of: STRING } },
  { name: 'BS', camel: 'bS', shape: { kind: 'list', of: BLOB } },
  { name: 'M', camel: 'm', shape: { kind: 'item' } },
  { name: 'L', camel: 'l', shape: { kind: 'list', of: { kind: 'attributeValue' } } },
  { name: 'NULL', camel: 'nULL', shape: BOOLEAN },
  { name: 'BOOL', camel: 'bOOL', shape: BOOLEAN },
]
