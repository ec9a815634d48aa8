/** Resource-based policies as text (facts, section 7.3). */
import { validation } from '../../model/errors.ts'

const MAX_BYTES = 20_480

/** Errors: ValidationException if the policy is too long or no JSON object. */
export function checkPolicy(text: string): void {
  if (Buffer.byteLength(text) > MAX_BYTES) throw validation(`Maximum policy size of ${MAX_BYTES} bytes exceeded`)
  if (!isObject(text)) throw validation('Invalid policy document: the policy is not a JSON object')
}

function isObject(text: string): boolean {
  try {
    const policy: unknown = JSON.parse(text)
    return typeof policy === 'object' && policy !== null && !Array.isArray(policy)
  } catch {
    return false
  }
}
