/** The headers of a message as NATS wants them, written in one piece: the client's own cost four times as much. */
import type { MsgHdrs } from '@nats-io/transport-node'
import type { BusMessage } from '../bus.ts'

/** Lines of headers; in Latin-1. */
export type Head = string

/** Of a message: its headers, and its id. Errors: a header's value that can't be one. */
export function headOf({ id, headers }: BusMessage): Head {
  let head = ''
  for (const name in headers) head += line(name, headers[name]!)
  return head + line('Nats-Msg-Id', id)
}

/** A line of a head. Errors: `value` has an end of a line in it. */
export function line(name: string, value: string): Head {
  if (value.includes('\r') || value.includes('\n')) throw new Error(`no header can have this value: ${value}`)
  return `${name}: ${value}\r\n`
}

/** For a message that is sent, all that the client wants of its headers is their bytes. */
export function written(head: Head): MsgHdrs {
  return { encode: () => Buffer.from(`NATS/1.0\r\n${head}\r\n`, 'latin1') } as unknown as MsgHdrs
}
