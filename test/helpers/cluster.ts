/** Real clusters of etcd and NATS for a test file: started at its first need, gone with its process. */
import { binariesHere } from '../../scripts/cluster/binaries.ts'
import { EtcdCluster } from '../../scripts/cluster/etcd.ts'
import { NatsCluster } from '../../scripts/cluster/nats.ts'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { makeTempFolder } from './temp.ts'

export type TestCluster<T> = T & { remove(): Promise<void> }

/** Three members of etcd; the caller removes them. */
export async function startEtcd(): Promise<TestCluster<EtcdCluster>> {
  const [{ etcd: binary }, folder, port] = [binariesHere(), await makeTempFolder(), await freePorts(6)]
  return started(new EtcdCluster({ binary, folder: folder.path, port }), folder)
}

/** Three nats-servers; the caller removes them. */
export async function startNats(): Promise<TestCluster<NatsCluster>> {
  const [{ nats: binary }, folder, port] = [binariesHere(), await makeTempFolder(), await freePorts(9)]
  return started(new NatsCluster({ binary, folder: folder.path, port }), folder)
}

type Cluster = { start(): Promise<void>; stop(signal?: NodeJS.Signals): Promise<void> }

async function started<T extends Cluster>(cluster: T, folder: { remove(): Promise<void> }): Promise<TestCluster<T>> {
  await cluster.start()
  const remove = async () => {
    await cluster.stop('SIGKILL')
    await folder.remove()
  }
  return Object.assign(cluster, { remove })
}
