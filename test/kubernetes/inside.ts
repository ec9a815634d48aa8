/**
 * The process that holds a cluster: the first of a process namespace, so that all ends with it, in a network of its own. It does
 * what its parent asks (`Asked`), and ends when the parent has gone, however that ended.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { kubernetesBinariesHere } from '../../scripts/kubernetes/binaries.ts'
import { Client } from './client.ts'
import { API_SERVER, SERVICE_NETWORK, startControlPlane } from './controlplane.ts'
import { provideDisks } from './kubelet/disks.ts'
import { imagesOf } from './kubelet/images.ts'
import { Node } from './kubelet/node.ts'
import { serveNames } from './network/dns.ts'
import { followEndpoints } from './network/endpoints.ts'
import { openGateway } from './network/gateway.ts'
import { openNetwork } from './network/pods.ts'
import { Services } from './network/services.ts'
import { type Asked, GATEWAY, type InsideOptions } from './protocol.ts'

const NAME_SERVER = '10.96.0.10'

async function main(options: InsideOptions): Promise<void> {
  const { folder, zones, nodesPerZone } = options
  process.on('disconnect', () => process.exit(0))
  await openNetwork([API_SERVER.split(':')[0]!], [SERVICE_NETWORK])
  const binaries = kubernetesBinariesHere()
  const control = join(folder, 'control')
  await mkdir(control)
  const { access, programs } = await startControlPlane({ ...options, binaries, folder: control })
  const client = new Client(access)
  const services = new Services()
  services.endpoints = await followEndpoints(client, services)
  await Promise.all([serveNames(NAME_SERVER, services.endpoints), openGateway(join(folder, GATEWAY))])
  const nodes = Array.from({ length: zones * nodesPerZone }, (_, i) => {
    const names = { name: `node-${i + 1}`, zone: `zone-${(i % zones) + 1}`, network: `10.244.${i + 1}` }
    const shared = { client, images: imagesOf(binaries), folder: join(folder, 'pods'), nameServer: NAME_SERVER }
    return new Node({ ...names, ...shared })
  })
  await provideDisks(client, join(folder, 'disks'), name => nodes.find(node => node.name === name)!.zone)
  await Promise.all(nodes.map(node => node.start()))
  const find = (name: string) => nodes.find(node => node.name === name)!
  const program = (name: string) => programs[name as keyof typeof programs]
  const actions: Record<Asked['ask'], (of: string) => unknown> = {
    crashNode: name => find(name).crash(),
    startNode: name => find(name).start(),
    crashPod: uid => nodes.some(node => node.crashPod(uid)),
    stop: name => program(name).stop('SIGKILL'),
    start: name => program(name).start(),
    freeze: name => program(name).freeze(),
    resume: name => program(name).resume(),
  }
  process.on('message', async ({ id, ask, of }: Asked) => {
    try {
      process.send!({ id, result: await actions[ask](of) })
    } catch (error) {
      process.send!({ id, error: (error as Error).message })
    }
  })
  process.send!({ access, nodes: nodes.map(({ name, zone }) => ({ name, zone })) })
}

await main(JSON.parse(process.argv[2]!) as InsideOptions)
