/** Answers put together from JSON texts: stored items go out as they are stored, neither parsed nor printed again. */
import { JsonText } from '../operation.ts'

/** An object of the given members, each a JSON text; members that are undefined are left out. */
export function spliceObject(members: Record<string, string | undefined>): JsonText {
  let text = ''
  for (const name in members) {
    const member = members[name]
    if (member !== undefined) text += `${text === '' ? '{' : ','}"${name}":${member}`
  }
  return new JsonText(text === '' ? '{}' : `${text}}`)
}

/** An object whose member names users chose, such as table names. */
export function spliceMap(members: Iterable<[name: string, text: string]>): string {
  const parts: string[] = []
  for (const [name, text] of members) parts.push(`${JSON.stringify(name)}:${text}`)
  return `{${parts.join(',')}}`
}

export function spliceList(texts: readonly string[]): string {
  return `[${texts.join(',')}]`
}
