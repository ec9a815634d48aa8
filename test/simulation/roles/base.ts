/** What every process of the simulated cluster has. */
import { type Logger, silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { Leasing } from '../../../server/cluster/leasing.ts'
import { ACCOUNT, type Base } from '../../../server/node/base.ts'
import type { Line } from '../ground/line.ts'
import { SimMetadata } from '../ground/metadata.ts'
import type { Process } from '../ground/process.ts'
import type { World } from '../world.ts'

export const REALM = { account: ACCOUNT, region: 'test' }

/** The process's way to what is shared at `place`. */
export function lineOf(process: Process, world: World, place: 'metadata' | 'log'): Line {
  const { network, time, options } = world
  return {
    from: process.name,
    timer: time,
    choices: process.choices,
    delay: () => (network.isCut(process.name, place) ? undefined : (options.ways?.[place] ?? network.delay())),
    arrive: task => process.event(task),
  }
}

export function baseOf(process: Process, world: World): Base {
  const { clock } = process
  const line = lineOf(process, world, 'metadata')
  const metadata = new SimMetadata({ ground: world.metadata, line, clock, leaseMs: world.options.leaseMs })
  const logger = world.options.loud ? loud(process.name, world) : silent
  const leasing = new Leasing(metadata, clock, logger)
  return { metadata, leasing, realm: REALM, clock, tracer: untraced, requests: undefined, logger }
}

/** For a person who looks into one run. */
function loud(name: string, world: World): Logger {
  const say = (level: string) => (fields: object, message: string) => {
    const { err, ...rest } = fields as { err?: Error }
    console.log(
      `${world.time.now.toFixed(1).padStart(9)} ${name} ${level}: ${message} ${JSON.stringify(rest)} ${err?.message ?? ''}`,
    )
  }
  return { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error'), isLevelEnabled: () => false }
}
