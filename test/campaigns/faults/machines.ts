/** Disks that are full, and a power cut. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './fault.ts'
import type { Site } from './site.ts'

const FULL_MS = 8000
/** Between the last moment at which anything was synced and the end: whoever does not wait for that shows it. */
const OFF_MS = 200

export const MACHINE_FAULTS: Record<string, Fault> = {
  'disk-full': {
    expects: 'what it leads moves, or is refused; it recovers when there is space',
    boxed: true,
    async play(site) {
      const node = await leading(site)
      site.disks!.small.fill()
      await sleep(FULL_MS)
      site.disks!.small.free()
      return node
    },
  },
  'power-cut': {
    expects: 'all is back, with all that was acknowledged',
    boxed: true,
    async play(site) {
      const { all, small } = site.disks!
      // A request that rests on a write after this moment is not answered: nothing can be synced any more.
      for (const disk of [small, all]) disk.powerOff()
      await sleep(OFF_MS)
      await Promise.all(site.servers.map(server => server.kill()))
      for (const disk of [small, all]) await disk.unmount()
      for (const disk of [all, small]) disk.mount()
      await site.cluster.start()
      return 'all machines at once'
    },
  },
}

/** Has the node with the small disk lead something. @returns its name */
async function leading(site: Site): Promise<string> {
  const node = site.cluster.storage.at(-1)!
  for (const other of site.cluster.storage) {
    if ((await site.byLeaderships())[0] === node) break
    if (other === node) continue
    await other.stop('SIGTERM')
    await sleep(1000)
    await other.start()
  }
  return node.name
}
