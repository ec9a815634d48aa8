/** Questions over plain NATS: whoever listens on the subject answers, a stream of JetStream with where it keeps the message. */
import { headers, type NatsConnection } from '@nats-io/transport-node'

export class NatsMessenger {
  readonly #nats: Promise<NatsConnection>

  constructor(nats: Promise<NatsConnection>) {
    this.#nats = nats
  }

  /** Errors: any; TimeoutError by name if somebody listens, and does not answer. */
  async ask(subject: string, body: string, fields: Record<string, string>, timeout: number): Promise<string> {
    const nats = await this.#nats
    const header = headers()
    for (const [name, value] of Object.entries(fields)) header.set(name, value)
    return (await nats.request(subject, body, { headers: header, timeout })).string()
  }

  async close(): Promise<void> {
    // One that was never reached is given up with the process.
    await Promise.race([this.#nats.then(nats => nats.close()).catch(() => {}), Promise.resolve()])
  }
}
