/** Blobs on the wire: standard base64 with padding, checked without decoding. */
import { service } from '../../model/errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const WELL_FORMED = /^[A-Za-z0-9+/]*={0,2}$/
const FOREIGN = /[^A-Za-z0-9+/]/

/** Errors: SerializationException with the reason. */
export function checkBase64(text: string): void {
  if (text.length % 4 !== 0)
    throw refused(`Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`)
  if (!WELL_FORMED.test(text)) throw refused(`Invalid Base64 character: '${FOREIGN.exec(text)![0]}'`)
  if (hasStrayBits(text)) throw refused('Invalid last non-pad Base64 character dectected')
}

/** The number of bytes that well-formed base64 stands for. */
export function decodedLength(text: string): number {
  return (text.length / 4) * 3 - padding(text)
}

function padding(text: string): number {
  if (text.endsWith('==')) return 2
  return text.endsWith('=') ? 1 : 0
}

/** Whether the last character carries bits beyond the last whole byte. */
function hasStrayBits(text: string): boolean {
  const pads = padding(text)
  if (pads === 0) return false
  const last = ALPHABET.indexOf(text[text.length - 1 - pads]!)
  return (last & (pads === 1 ? 0b11 : 0b1111)) !== 0
}

function refused(message: string) {
  return service('SerializationException', message)
}
