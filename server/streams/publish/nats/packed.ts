/** Messages on their way to the thread: copying one by one costs more than publishing them, so they go as two pieces. */
import type { BusMessage } from '../bus.ts'

/** `heads`: ids and headers, as JSON; `ends`: where each text ends in `texts`, which are UTF-8. */
export type PackedMessages = { heads: string; ends: number[]; texts: Uint8Array<ArrayBuffer> }

/** A message whose text is bytes already. */
export type EncodedMessage = Omit<BusMessage, 'text'> & { text: string | Uint8Array }

/** `texts` has a buffer of its own, so that it can be handed over. */
export function packed(messages: BusMessage[]): PackedMessages {
  const heads = JSON.stringify(messages.map(({ id, headers }) => ({ id, headers })))
  const text = messages.map(message => message.text).join('')
  const texts = new TextEncoder().encode(text)
  const isAscii = texts.length === text.length
  let end = 0
  const ends = messages.map(message => (end += isAscii ? message.text.length : Buffer.byteLength(message.text)))
  return { heads, ends, texts }
}

export function unpacked({ heads, ends, texts }: PackedMessages): EncodedMessage[] {
  const messages = JSON.parse(heads) as Omit<BusMessage, 'text'>[]
  return messages.map((message, i) => ({ ...message, text: texts.subarray(i && ends[i - 1], ends[i]) }))
}
