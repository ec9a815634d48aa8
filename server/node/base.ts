/** What every process of a cluster has, whatever its role. */
import { type Clock, systemClock } from '../base/clock.ts'
import { OperatorError } from '../base/failure.ts'
import type { Logger } from '../base/logger.ts'
import { type Tracer, untraced } from '../base/tracer.ts'
import { Leasing } from '../cluster/leasing.ts'
import { type Metadata, MetadataUnavailable } from '../metadata/metadata.ts'
import { type RequestTracer, startTracing } from '../telemetry/tracing.ts'
import type { Ending } from './ending.ts'

/** The account of AWS's own examples: there is only one here, whatever the access key. */
export const ACCOUNT = '123456789012'

export type BaseOptions = {
  region: string
  /** Send traces, as the OTEL_* variables say. */
  traces?: boolean
  logger: Logger
}

export type RunningNode = {
  /** `http://127.0.0.1:8000` */
  endpoint: string
  /** Ends requests under way, makes everything durable, and lets go of the data folder. */
  close(): Promise<void>
}

export type Base = {
  metadata: Metadata
  leasing: Leasing
  realm: { account: string; region: string }
  clock: Clock
  tracer: Tracer
  /** The same, if requests are traced. */
  requests: RequestTracer | undefined
  logger: Logger
}

/** `ending` closes the metadata, too. Errors: OperatorError, if it can't be reached. */
export async function openBase(options: BaseOptions, metadata: Metadata, ending: Ending): Promise<Base> {
  const { region, logger } = options
  const clock = systemClock
  const requests = options.traces ? await startTracing(logger) : undefined
  ending.add(() => requests?.close())
  ending.add(() => metadata.close())
  const leasing = new Leasing(metadata, clock, logger)
  ending.add(() => leasing.stop())
  await leasing.start().catch((error: Error) => {
    if (!(error instanceof MetadataUnavailable)) throw error
    throw new OperatorError(`The metadata cannot be reached: ${error.message}.`)
  })
  const realm = { account: ACCOUNT, region }
  return { metadata, leasing, realm, clock, tracer: requests ?? untraced, requests, logger }
}
