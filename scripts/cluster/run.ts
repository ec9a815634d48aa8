/** `npm run cluster`: a whole cluster on this machine, until Ctrl-C. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { type ProcessRecord, TavolaCluster } from './tavola.ts'

/** Under npm, one Ctrl-C comes twice. */
const SAME_SIGNAL_MS = 500
const LOOK_MS = 500

type Options = { port: string; dataDir: string; storage: string; partitions: string; log: 'jetstream' | 'etcd' }

const options = new Command('npm run cluster --')
  .description('3 etcd, 3 nats-server, 3 storage nodes in 3 zones and 2 servers, on this machine, until Ctrl-C.')
  .option('--port <port>', 'of the first server; the second has the next one, the others lie within the next hundred', '8000')
  .option('--data-dir <folder>', 'folder of all their files, and of cluster.json, which lists the processes', 'data/cluster')
  .option('--storage <n>', 'storage nodes', '3')
  .option('--partitions <n>', 'partitions per new table', '3')
  .addOption(new Option('--log <kind>', "where the partitions' logs are").choices(['jetstream', 'etcd']).default('jetstream'))
  .parse()
  .opts<Options>()

let cluster: TavolaCluster | undefined
let stopped: number | undefined

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (stopped !== undefined && performance.now() - stopped < SAME_SIGNAL_MS) return
    // What still runs is killed with this process.
    if (stopped !== undefined || !cluster) process.exit(signal === 'SIGINT' ? 130 : 143)
    stopped = performance.now()
    console.log('stopping all of it')
    cluster.stop().then(() => process.exit(0), fail)
  })

const folder = resolve(options.dataDir)
const file = join(folder, 'cluster.json')

try {
  const { port, storage, partitions, log } = options
  const numbers = { port: Number(port), storageNodes: Number(storage), partitions: Number(partitions) }
  cluster = await TavolaCluster.prepare({ ...numbers, folder, log }, line => console.log(line))
  await cluster.start()
  await record(cluster.processes())
  const [first, second] = cluster.endpoints
  console.log(`Tavola's cluster serves the DynamoDB API on ${first} and ${second}. Ctrl-C stops it.
Its processes are in ${file}. Try:

  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb list-tables --endpoint-url ${first} --region us-east-1
`)
  await watch(cluster)
} catch (error) {
  fail(error as Error)
}

function record(processes: ProcessRecord[]): Promise<void> {
  return writeFile(file, `${JSON.stringify({ processes }, undefined, 2)}\n`)
}

/** Says which of its processes have ended: somebody may be trying what becomes of the others. */
async function watch(cluster: TavolaCluster): Promise<void> {
  const ended = new Set<string>()
  while (stopped === undefined) {
    for (const { name, pid } of cluster.processes()) {
      if (pid !== undefined || ended.has(name)) continue
      ended.add(name)
      console.log(`${name} has ended; ${join(folder, `${name}.log`)} has what it said`)
    }
    await sleep(LOOK_MS)
  }
}

function fail(error: Error): void {
  if (stopped !== undefined) process.exit(1)
  console.error(`The cluster does not run: ${error.message}`)
  process.exit(1)
}
