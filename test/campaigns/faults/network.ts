/** Zones as networks of their own on one bridge, with this process beside them: what one sends to another can be made to vanish. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Zone } from '../../../scripts/cluster/zone.ts'

const BRIDGE = 'tavola'
const NOBODY = '02:00:00:00:ff:ff'

const ip = (...args: string[]) => execFileSync('ip', args)
const hostOf = (zone: number) => `10.77.0.${zone + 1}`
const wireOf = (zone: number) => `zone-${zone + 1}`
const cardOf = (zone: number) => `02:00:00:00:00:0${zone + 1}`

export class Network {
  readonly zones: Zone[]
  /** Each keeps its zone's network there. */
  readonly #holders: ChildProcess[]

  /** In the box alone (box.ts): it is gone with it. */
  static async open(count: number): Promise<Network> {
    ip('link', 'add', BRIDGE, 'type', 'bridge')
    ip('addr', 'add', '10.77.0.254/24', 'dev', BRIDGE)
    ip('link', 'set', BRIDGE, 'up')
    const holders = Array.from({ length: count }, () => spawn('unshare', ['--net', 'sleep', 'infinity']))
    const network = new Network(holders)
    for (const [zone, { pid }] of holders.entries()) {
      while (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) await sleep(5)
      network.#wire(zone, pid!)
    }
    network.heal()
    return network
  }

  private constructor(holders: ChildProcess[]) {
    this.#holders = holders
    this.zones = holders.map(({ pid }, zone) => ({
      host: hostOf(zone),
      enter: ['nsenter', `--net=/proc/${pid}/ns/net`],
    }))
  }

  /** What `from` sends to `to` vanishes; what comes the other way does not. This process reaches both. */
  cut(from: number, to: number): void {
    this.#teach(from, to, NOBODY)
  }

  /** Between the zone and all others, in both directions. */
  isolate(zone: number): void {
    for (const other of this.#others(zone)) {
      this.cut(zone, other)
      this.cut(other, zone)
    }
  }

  heal(): void {
    for (const zone of this.zones.keys())
      for (const other of this.#others(zone)) this.#teach(zone, other, cardOf(other))
  }

  close(): void {
    for (const zone of this.zones.keys()) ip('link', 'del', wireOf(zone))
    ip('link', 'del', BRIDGE)
    for (const holder of this.#holders) holder.kill('SIGKILL')
  }

  #others(zone: number): number[] {
    return [...this.zones.keys()].filter(other => other !== zone)
  }

  #wire(zone: number, pid: number): void {
    const wire = wireOf(zone)
    ip('link', 'add', wire, 'type', 'veth', 'peer', 'name', 'eth0', 'address', cardOf(zone), 'netns', `${pid}`)
    ip('link', 'set', wire, 'master', BRIDGE)
    ip('link', 'set', wire, 'up')
    this.#inside(zone, 'addr', 'add', `${hostOf(zone)}/24`, 'dev', 'eth0')
    for (const device of ['lo', 'eth0']) this.#inside(zone, 'link', 'set', device, 'up')
  }

  /** Which card of the network it takes for the other zone's. */
  #teach(zone: number, other: number, card: string): void {
    this.#inside(zone, 'neigh', 'replace', hostOf(other), 'lladdr', card, 'dev', 'eth0', 'nud', 'permanent')
  }

  #inside(zone: number, ...args: string[]): void {
    const [file, ...rest] = [...this.zones[zone]!.enter, 'ip', ...args]
    execFileSync(file!, rest)
  }
}
