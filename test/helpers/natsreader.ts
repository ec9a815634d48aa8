/** What is on a subject of JetStream, read by a client of its own. */
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'

export type StoredMessage = {
  subject: string
  id: string
  event: string
  number: string
  time: number
  text: string
  images: string
}

export class NatsReader {
  readonly nats: NatsConnection

  static async connect(servers: string[]): Promise<NatsReader> {
    return new NatsReader(await connect({ servers, maxReconnectAttempts: -1, waitOnFirstConnect: true }))
  }

  private constructor(nats: NatsConnection) {
    this.nats = nats
  }

  /** Names of the streams. */
  async streams(): Promise<string[]> {
    const names: string[] = []
    const manager = await jetstreamManager(this.nats)
    for await (const name of manager.streams.names()) names.push(name)
    return names
  }

  /** All messages of the stream, the oldest first. */
  async all(stream: string): Promise<StoredMessage[]> {
    const manager = await jetstreamManager(this.nats, { timeout: 10_000 })
    const { state } = await manager.streams.info(stream)
    const messages: StoredMessage[] = []
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; ) {
      const batch = await manager.direct.getBatch(stream, { seq, batch: 500 })
      let last = seq
      for await (const { seq: at, subject, header, data } of batch) {
        const [id, event, number, time, images] = [
          'Nats-Msg-Id',
          'Tavola-Event-Name',
          'Tavola-Sequence-Number',
          'Tavola-Time',
          'Tavola-Images',
        ].map(name => header.get(name))
        messages.push({
          subject,
          id: id!,
          event: event!,
          number: number!,
          time: Number(time),
          text: new TextDecoder().decode(data),
          images: images!,
        })
        last = at + 1
      }
      if (last === seq) throw new Error(`nothing at ${seq}`)
      seq = last
    }
    return messages
  }

  close(): Promise<void> {
    return this.nats.close()
  }
}
