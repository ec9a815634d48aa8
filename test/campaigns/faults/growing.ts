/** Partitions that are split, merged and moved while storage nodes die, leave and stand still. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../../scripts/cluster/process.ts'
import type { Random } from '../random.ts'
import type { Fault } from './fault.ts'
import { frozen, killed, terminated } from './nodes.ts'
import type { Site } from './site.ts'

/** Of the nodes that then lead most, one after the other. */
const DISTURBANCES = 2
/** Before each. */
const LEAD_MS = 1500
const ENDED = 'splits and merges come to their end'

export const GROWTH_FAULTS: Record<string, Fault> = {
  'reshard-kill': { expects: ENDED, play: (site, random) => whileResharding(site, random, killed) },
  'reshard-freeze': { expects: ENDED, play: (site, random) => whileResharding(site, random, node => frozen([node])) },
  'reshard-terminate': { expects: ENDED, play: (site, random) => whileResharding(site, random, terminated) },
  'drain-kill': {
    expects: 'the drained node ends up empty, whoever dies meanwhile; so does the one that stood in for it',
    async play(site, random) {
      const [node, other] = await site.byLeaderships()
      const { spare } = site.cluster
      await spare.start()
      await site.drain(node!)
      await sleep(random.between(0, LEAD_MS))
      await killed(other!)
      await site.emptied(node!)
      await site.undrain(node!)
      await site.drain(spare)
      await site.emptied(spare)
      await spare.stop('SIGTERM')
      await site.undrain(spare)
      return `${node!.name}, to ${spare.name} and back, while ${other!.name} was killed`
    },
  },
}

/** Whatever splits and merges are at, just then. */
async function whileResharding(
  site: Site,
  random: Random,
  disturb: (node: Server) => Promise<string>,
): Promise<string> {
  const resharder = await site.resharder()
  let isOver = false
  const resharding = resharder.play(() => isOver)
  resharding.catch(() => {})
  try {
    const names: string[] = []
    for (let i = 0; i < DISTURBANCES; i++) {
      await sleep(random.between(0, LEAD_MS))
      names.push(await disturb((await site.byLeaderships())[0]!))
    }
    isOver = true
    return `${names.join(', then ')}, during ${await resharding} splits and merges`
  } finally {
    isOver = true
    resharder.close()
  }
}
