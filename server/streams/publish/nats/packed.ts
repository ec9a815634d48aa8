/**
 * Messages on their way to the thread, as NATS will have them: copying objects one by one costs more than publishing them, and so
 * do the client's headers.
 */
import type { BusMessage } from '../bus.ts'

/** `heads`: the lines of the headers, in Latin-1, as `texts` is UTF-8; and where each message's end in these. */
export type PackedMessages = { heads: string; headEnds: number[]; texts: Buffer<ArrayBuffer>; textEnds: number[] }

/** Room for characters that are more than a byte. */
const SLACK = 8

/** `texts` has a buffer of its own, so that it can be handed over. Errors: a header's value that can't be one. */
export function packed(messages: BusMessage[]): PackedMessages {
  let heads = ''
  const headEnds: number[] = []
  const textEnds: number[] = []
  const characters = messages.reduce((sum, { text }) => sum + text.length, 0)
  let texts = Buffer.allocUnsafeSlow(characters + Math.ceil(characters / SLACK))
  let end = 0
  for (const { id, headers, text } of messages) {
    for (const name in headers) heads += line(name, headers[name]!)
    heads += line('Nats-Msg-Id', id)
    headEnds.push(heads.length)
    if (end + 3 * text.length > texts.length) texts = withRoom(texts, end, Buffer.byteLength(text))
    end += texts.write(text, end)
    textEnds.push(end)
  }
  return { heads, headEnds, texts: texts.subarray(0, end), textEnds }
}

export type PackedMessage = { head: string; text: Uint8Array }

export function unpacked({ heads, headEnds, texts, textEnds }: PackedMessages): PackedMessage[] {
  return textEnds.map((end, i) => ({
    head: heads.slice(i && headEnds[i - 1], headEnds[i]),
    text: texts.subarray(i && textEnds[i - 1], end),
  }))
}

/** A line of a message's headers. Errors: `value` has an end of a line in it. */
export function line(name: string, value: string): string {
  if (value.includes('\r') || value.includes('\n')) throw new Error(`no header can have this value: ${value}`)
  return `${name}: ${value}\r\n`
}

function withRoom(bytes: Buffer<ArrayBuffer>, used: number, needed: number): Buffer<ArrayBuffer> {
  if (used + needed <= bytes.length) return bytes
  const larger = Buffer.allocUnsafeSlow(2 * bytes.length + needed)
  bytes.copy(larger, 0, 0, used)
  return larger
}
