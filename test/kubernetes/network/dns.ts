/** The cluster's names, over UDP as the C library and Go ask: services, and the pods behind headless ones. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Endpoints } from './endpoints.ts'

const [A, IN] = [1, 1]
const TTL_SECONDS = 2
/** Authoritative answer, recursion desired and available: what resolvers expect of a cluster's. */
const [ANSWER, NO_SUCH_NAME] = [0x8580, 0x8583]

/** Answers on port 53 of the address. */
export async function serveNames(address: string, endpoints: Endpoints): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('message', (question, { address, port }) => {
    const reply = replyTo(question, name => resolve(name, endpoints))
    if (reply) socket.send(reply, port, address)
  })
  socket.bind(53, address)
  await once(socket, 'listening')
}

/** Addresses of `service.namespace.svc.cluster.local` and `pod.service.namespace.svc.cluster.local`; undefined: no such name. */
function resolve(name: string, endpoints: Endpoints): string[] | undefined {
  const [, host, service, namespace] = /^(?:([^.]+)\.)?([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(name) ?? []
  if (service === undefined) return undefined
  const { clusterIP } = endpoints.service(namespace!, service)?.spec ?? {}
  if (clusterIP === undefined) return undefined
  if (host === undefined && clusterIP !== 'None') return [clusterIP]
  const ready = endpoints.ready(namespace!, service).filter(({ hostname }) => host === undefined || host === hostname)
  const addresses = [...new Set(ready.map(({ address }) => address))]
  return host !== undefined && addresses.length === 0 ? undefined : addresses
}

/** The message of RFC 1035; undefined if it is none. */
function replyTo(message: Buffer, resolve: (name: string) => string[] | undefined): Buffer | undefined {
  if (message.length < 17) return undefined
  const labels: string[] = []
  let at = 12
  for (let length = message[at++]; length; length = message[at++]) {
    labels.push(message.toString('latin1', at, at + length))
    at += length
  }
  if (at + 4 > message.length) return undefined
  const addresses = resolve(labels.join('.').toLowerCase())
  const answers = message.readUInt16BE(at) === A ? (addresses ?? []) : []
  const header = Buffer.alloc(12)
  header.set(message.subarray(0, 2))
  header.writeUInt16BE(addresses ? ANSWER : NO_SUCH_NAME, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(answers.length, 6)
  return Buffer.concat([header, message.subarray(12, at + 4), ...answers.map(record)])
}

/** An address of the name that was asked for, which is at byte 12. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16BE(0xc00c, 0)
  bytes.writeUInt16BE(A, 2)
  bytes.writeUInt16BE(IN, 4)
  bytes.writeUInt32BE(TTL_SECONDS, 6)
  bytes.writeUInt16BE(4, 10)
  bytes.set(address.split('.').map(Number), 12)
  return bytes
}
