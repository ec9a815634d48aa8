/** The hash of a request that comes with a client token: whether a later request with the token is the same. */
import { hash } from 'node:crypto'

/** SHA-256 of a JSON value, whatever the order of the members in its objects. */
export function fingerprint(value: unknown): string {
  return hash('sha256', canonical(value), 'base64')
}

/** Values have been validated: they are not nested deeply. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}
