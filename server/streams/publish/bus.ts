/** Where changes are published: a port, with a channel for each shard, which keeps their order and tells what it has. */

/** `stream`: what a table's shards have in common. Names are those of subjects.ts. */
export type Channel = { stream: string; subject: string; subjects: string }

/** `id`: no two messages of a channel have the same. */
export type BusMessage = { id: string; headers: Record<string, string>; text: string }

/** The last message of a channel: where it is on the bus, and its id. */
export type LastMessage = { place: number; id: string }

export interface ChangeBus {
  /** Of a text, in bytes; undefined while it is not known. */
  readonly maxBytes: number | undefined
  /** Undefined if the channel has none, or none any more. Errors: any, if the bus can't tell now. */
  last(channel: Channel): Promise<LastMessage | undefined>
  /**
   * Appends all of the messages, or none, if the channel's last one is still that at `after` (0 for none). Resolves, when
   * they are durable, with the place of the last. Errors: any; then nobody knows whether they were appended, or may yet be.
   */
  append(channel: Channel, messages: BusMessage[], after: number): Promise<number>
  /** Names of streams that have nothing (any more), of those that begin so. Errors: as of `last`. */
  empty(channels: { streams: string; subjects: string }): Promise<string[]>
  /** Removes a stream, and whoever reads it; nothing happens if there is none. Errors: as of `last`. */
  remove(stream: string): Promise<void>
  close(): Promise<void>
}
