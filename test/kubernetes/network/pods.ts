/** A network of its own for each pod, all of them on one bridge. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const BRIDGE = 'pods'
const GATEWAY = '10.244.0.1'
const BITS = 16

const ip = async (...args: string[]) => void (await promisify(execFile)('ip', args))

/** `addresses`: of this process, among the pods. `local`: networks whose addresses are all its own. */
export async function openNetwork(addresses: string[], local: string[]): Promise<void> {
  // Where names of networks are kept; this process's mounts are its own.
  await promisify(execFile)('mount', ['-t', 'tmpfs', 'none', '/run'])
  await ip('link', 'add', BRIDGE, 'type', 'bridge')
  for (const address of [GATEWAY, ...addresses]) await ip('address', 'add', `${address}/${BITS}`, 'dev', BRIDGE)
  await ip('link', 'set', BRIDGE, 'up')
  for (const network of local) await ip('route', 'add', 'local', network, 'dev', 'lo')
}

/** The command's beginning that has it run in the network of a pod. */
export function insideNetwork(address: string): string[] {
  return ['nsenter', `--net=/run/netns/${address}`]
}

/** Makes the network of a pod with that address. */
export async function addPod(address: string): Promise<void> {
  const end = `v${address.split('.').slice(2).join('-')}`
  await ip('netns', 'add', address)
  await ip('link', 'add', end, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', address)
  await ip('link', 'set', end, 'master', BRIDGE, 'up')
  await ip('-n', address, 'link', 'set', 'lo', 'up')
  await ip('-n', address, 'address', 'add', `${address}/${BITS}`, 'dev', 'eth0')
  await ip('-n', address, 'link', 'set', 'eth0', 'up')
  await ip('-n', address, 'route', 'add', 'default', 'via', GATEWAY)
}

/** Cuts it off: who speaks with it hears nothing more. */
export async function removePod(address: string): Promise<void> {
  await ip('netns', 'delete', address).catch(() => {})
}
