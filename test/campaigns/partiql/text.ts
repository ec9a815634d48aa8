/** The same thing said twice: in the words of PartiQL, and in those of expressions. */
import type { AttributeValue } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'

export type Path = [string, ...(string | number)[]]

/** A statement's text under way; its values go in as literals or as parameters. */
export type Writer = { random: Random; parameters: AttributeValue[] }

export function writer(random: Random): Writer {
  return { random, parameters: [] }
}

/** Words that need quotes in a statement, beside those that no bare name can be. */
const QUOTED = new Set(['all', 'date', 'some'])

export function statementName(w: Writer, name: string): string {
  const bare = /^[A-Za-z_]\w*$/.test(name) && !QUOTED.has(name)
  return bare && w.random.chance(0.6) ? name : `"${name.replaceAll('"', '""')}"`
}

export function statementPath(w: Writer, [first, ...rest]: Path): string {
  const steps = rest.map(step => (typeof step === 'number' ? `[${step}]` : `.${statementName(w, step)}`))
  return statementName(w, first) + steps.join('')
}

/** A keyword, in any case. */
export function word(w: Writer, text: string): string {
  return w.random.weighted([
    [6, text],
    [1, text.toLowerCase()],
    [1, text[0] + text.slice(1).toLowerCase()],
  ])
}

/** As a literal where there is one, or as a parameter; a document may have parameters inside. */
export function statementValue(w: Writer, value: AttributeValue): string {
  const literal = isPlain(value) && w.random.chance(0.6)
  if (!literal) {
    w.parameters.push(value)
    return '?'
  }
  const text = (string: string) => `'${string.replaceAll("'", "''")}'`
  if (value.S !== undefined) return text(value.S)
  if (value.N !== undefined) return w.random.chance(0.9) || /[.-]/.test(value.N) ? value.N : `${value.N}.0e0`
  if (value.BOOL !== undefined) return word(w, String(value.BOOL).toUpperCase())
  if (value.NULL !== undefined) return word(w, 'NULL')
  if (value.SS) return `<<${value.SS.map(text).join(', ')}>>`
  if (value.NS) return `<<${value.NS.join(',')}>>`
  if (value.L) return `[${value.L.map(element => statementValue(w, element)).join(', ')}]`
  const members = Object.entries(value.M!).map(([name, member]) => `${text(name)}: ${statementValue(w, member)}`)
  return `{${members.join(', ')}}`
}

/** Binary has no literals, and neither have empty sets. */
function isPlain({ B, BS, SS, NS }: AttributeValue): boolean {
  return B === undefined && BS === undefined && SS?.length !== 0 && NS?.length !== 0
}

/** `ExpressionAttributeNames` and `-Values` under way. */
export type Placeholders = { names: Record<string, string>; values: Record<string, AttributeValue> }

export function placeholders(): Placeholders {
  return { names: {}, values: {} }
}

export function expressionPath(p: Placeholders, path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      const name = Object.keys(p.names).find(key => p.names[key] === step) ?? `#n${Object.keys(p.names).length}`
      p.names[name] = step
      return i === 0 ? name : `.${name}`
    })
    .join('')
}

export function expressionValue(p: Placeholders, value: AttributeValue): string {
  const name = `:v${Object.keys(p.values).length}`
  p.values[name] = structuredClone(value)
  return name
}

/** The members that carry the placeholders; none may be empty. */
export function placeholderMembers({ names, values }: Placeholders): object {
  return {
    ExpressionAttributeNames: Object.keys(names).length > 0 ? names : undefined,
    ExpressionAttributeValues: Object.keys(values).length > 0 ? values : undefined,
  }
}
