/** Zones that do not hear of each other. Clients reach all of them: those of a zone that is cut off are refused, and no more. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './fault.ts'
import type { Network } from './network.ts'
import type { Site } from './site.ts'

const CUT_MS = 20_000
const REFUSED = 'the others go on; what is asked in it is refused, never wrong'

export const WIRE_FAULTS: Record<string, Fault> = {
  'zone-cut': {
    expects: REFUSED,
    boxed: true,
    play: site => cut(site, 'from all others', (network, zone) => network.isolate(zone)),
  },
  'zone-mute': {
    expects: REFUSED,
    boxed: true,
    play: site =>
      cut(site, 'hears, and is not heard', (network, zone) => {
        for (const other of network.zones.keys()) if (other !== zone) network.cut(zone, other)
      }),
  },
  'zone-deaf': {
    expects: REFUSED,
    boxed: true,
    play: site =>
      cut(site, 'is heard, and hears nothing', (network, zone) => {
        for (const other of network.zones.keys()) if (other !== zone) network.cut(other, zone)
      }),
  },
  'zones-apart': {
    expects: 'both see the third zone: all goes on, or is refused',
    boxed: true,
    play: site =>
      cut(site, 'and the next one', (network, zone) => {
        const other = (zone + 1) % network.zones.length
        network.cut(zone, other)
        network.cut(other, zone)
      }),
  },
}

/** The zone of the node that leads most among those with a server. */
async function cut(site: Site, how: string, cut: (network: Network, zone: number) => void): Promise<string> {
  const { storage, servers } = site.cluster
  const zones = (await site.byLeaderships()).map(node => storage.indexOf(node))
  const zone = zones.find(zone => zone < servers.length)!
  cut(site.network!, zone)
  await sleep(CUT_MS)
  site.network!.heal()
  return `zone-${zone + 1} (${how})`
}
