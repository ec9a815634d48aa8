/** What an operation is: its wire name, the shape of its input, and the handler that answers. One file per operation. */
import type { BackupServices } from '../backup/services.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Streams } from '../streams/streams.ts'
import type { RequestMeter } from '../telemetry/request.ts'
import type { Infer, Structure } from './shape/shape.ts'

/** An answer whose JSON is already text, with stored items spliced in. */
export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Members that are undefined are left out; `undefined` as a whole answers an empty body. */
export type Answer = object | JsonText | undefined

/** Who calls, and the world the handler may touch. */
export type Call = {
  cluster: Cluster
  streams: Streams
  backup: BackupServices
  region: string
  account: string
  requestId: string
  meter: RequestMeter
}

export type Operation<S extends Structure = Structure> = {
  /** As in `X-Amz-Target`, after the dot. */
  name: string
  input: S
  handle(input: Infer<S>, call: Call): Answer | Promise<Answer>
}

/** Ties the handler's types to the shape. */
export function operation<S extends Structure>(definition: Operation<S>): Operation<S> {
  return definition
}
