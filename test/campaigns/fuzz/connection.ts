/** HTTP/1.1 as bytes over one connection that is kept: a client that sends anything, and reads strictly. */
import { connect, type Socket } from 'node:net'
import type { Expected, Sent } from './wire.ts'

export type Reply = {
  status: number
  /** By lower-case name. */
  headers: Map<string, string>
  /** As sent. */
  body: Buffer
  head: boolean
}

export type Connection = {
  /**
   * Sends, and waits for as many replies as are expected; for those of `http` that is at most.
   * Errors: no reply in time, a reply that is no HTTP, or a connection that ends too soon.
   */
  exchange(sent: Sent, patience: number): Promise<Reply[]>
  close(): void
}

export function openConnection(host: string, port: number): Connection {
  let socket: Socket | undefined
  const close = () => {
    socket?.destroy()
    socket = undefined
  }
  return {
    close,
    async exchange(sent, patience) {
      if (socket === undefined || socket.destroyed || !socket.writable) socket = await dial(host, port)
      const used = socket
      // What has arrived while this process itself was busy is looked at first.
      const late = () => setImmediate(() => timely || used.destroy(new Error(`no answer within ${patience} ms`)))
      const timer = setTimeout(late, patience)
      let timely = false
      try {
        if (sent.kind === 'abandoned') return await abandon(used, sent.bytes)
        const replies = await converse(used, sent)
        timely = true
        if (replies.some(reply => reply.headers.get('connection') === 'close')) close()
        return replies
      } catch (error) {
        close()
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => {
      socket.off('error', reject)
      // Whoever converses looks at `close`; an end between two exchanges is no error.
      socket.on('error', () => {})
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** Leaves once the bytes are out. */
async function abandon(socket: Socket, bytes: Buffer): Promise<Reply[]> {
  await new Promise<void>(resolve => {
    socket.write(bytes, () => resolve())
    socket.once('close', () => resolve())
  })
  socket.destroy()
  return []
}

function converse(socket: Socket, sent: Sent): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    const read = newReader(sent.expected)
    const replies: Reply[] = []
    const done = (error?: Error) => {
      socket.off('data', take).off('close', ended).off('error', failed)
      if (error === undefined) resolve(replies)
      else reject(error)
    }
    const take = (chunk: Buffer) => {
      try {
        replies.push(...read(chunk))
        if (!sent.ends && replies.length === sent.expected.length) done()
      } catch (error) {
        done(error as Error)
      }
    }
    let failure: Error | undefined
    const failed = (error: Error) => (failure = error)
    const ended = () => {
      // A refusal of what came before may end the connection.
      const excused = sent.kind === 'http' || replies.at(-1)?.headers.get('connection') === 'close'
      const late = failure !== undefined && !('code' in failure)
      done(excused && !late ? undefined : (failure ?? new Error('the connection ended without an answer')))
    }
    socket.on('data', take).on('close', ended).on('error', failed)
    if (sent.ends) socket.end(sent.bytes)
    else socket.write(sent.bytes)
  })
}

type Reader = (chunk: Buffer) => Reply[]

/** Takes bytes as they come, and gives the replies that they complete. Errors: they are no replies. */
function newReader(expected: Expected[]): Reader {
  let chunks: Buffer[] = []
  let length = 0
  let needed = 0
  let finished = 0
  return chunk => {
    chunks.push(chunk)
    length += chunk.length
    if (length < needed) return []
    let rest = Buffer.concat(chunks)
    const replies: Reply[] = []
    while (true) {
      const { reply, end } = parseReply(rest, expected[finished]?.head ?? false)
      needed = end
      if (reply === undefined) break
      rest = rest.subarray(end)
      if (reply.status < 200) continue
      finished++
      replies.push(reply)
    }
    chunks = [rest]
    length = rest.length
    return replies
  }
}

/** Node's own refusals are in chunks, of which there are none; all other answers tell their length. */
const NO_CHUNKS = '0\r\n\r\n'

/** @returns the reply at the start, if it is whole, and how many bytes it has or, at least, needs */
function parseReply(bytes: Buffer, head: boolean): { reply?: Reply; end: number } {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return { end: bytes.length + 1 }
  const [line, ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(line!)?.[1]
  if (status === undefined) throw new Error(`not an HTTP answer: ${line}`)
  const headers = new Map(
    lines.map(text => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 2)]),
  )
  const chunked = headers.has('transfer-encoding')
  const bodyLength = head ? 0 : chunked ? NO_CHUNKS.length : Number(headers.get('content-length') ?? 0)
  const end = headEnd + 4 + bodyLength
  if (bytes.length < end) return { end }
  const body = bytes.subarray(headEnd + 4, end)
  if (!chunked) return { reply: { status: Number(status), headers, body, head }, end }
  if (body.toString() !== NO_CHUNKS) throw new Error('an answer in chunks')
  return { reply: { status: Number(status), headers, body: Buffer.alloc(0), head }, end }
}
