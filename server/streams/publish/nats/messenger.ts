/** Questions over plain NATS: whoever listens on the subject answers, a stream of JetStream with where it keeps the message. */
import { headers } from '@nats-io/transport-node'
import type { NatsLink } from './link.ts'

export class NatsMessenger {
  readonly #link: NatsLink

  constructor(link: NatsLink) {
    this.#link = link
  }

  /** Errors: any; TimeoutError by name if somebody listens, and does not answer. */
  async ask(subject: string, body: string, fields: Record<string, string>, timeout: number): Promise<string> {
    const nats = this.#link.connection
    if (!nats) throw new Error('NATS has not been reached yet')
    const header = headers()
    for (const [name, value] of Object.entries(fields)) header.set(name, value)
    return (await nats.request(subject, body, { headers: header, timeout })).string()
  }
}
