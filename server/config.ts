/** Settings from the command line, the environment and a file: the only reader of them. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command } from 'commander'
import { readConfigFile } from './configfile.ts'
import type { ClusterOptions, LogOptions } from './node/cluster.ts'
import {
  adminOptions,
  clusterOptions,
  commonOptions,
  integer,
  listenOptions,
  operatorOptions,
  option,
  servingOptions,
  storageOptions,
} from './options.ts'

type Common = {
  region: string
  logLevel: string
  /** Whether traces are sent; where to, the OTEL_* variables say to OpenTelemetry's SDK. */
  traces: boolean
  host: string
  port: number
}

type Serving = {
  /** Partitions of a new table, and of each of its global indexes. */
  partitions: number
  /** Bytes of items, and requests a second (0: never), beyond which a partition is split. */
  splitBytes: number
  splitRate: number
  /** Of backups and archives: a URL, `file:///folder` or `s3://bucket/prefix`. Undefined for a place in the data folder. */
  backupStore: string | undefined
  /** Where the buckets of exports and imports are: `file:///folder-of-folders` or `s3:`. */
  buckets: string | undefined
  /** Undefined for AWS's own. */
  s3Endpoint: string | undefined
  s3Region: string | undefined
}

export type EmbeddedConfig = Common &
  Serving & {
    role: 'embedded'
    /** Undefined keeps everything in memory. */
    dataDir: string | undefined
  }

export type ServerConfig = Common &
  Serving &
  ClusterOptions & { role: 'server'; zone: string; replicas: number; repairAfterSeconds: number; dataDir: string }

export type StorageConfig = Common &
  ClusterOptions &
  LogOptions & {
    role: 'storage'
    node: string
    zone: string
    pool: string
    copyRate: number
    rpcHost: string
    rpcPort: number
    advertise: string | undefined
  }

export type OperatorConfig = Common &
  ClusterOptions &
  Omit<LogOptions, 'dataDir'> & {
    role: 'operator'
    api: string
    namespace: string | undefined
    kubeconfig: string | undefined
    image: string
    imagePullPolicy: string | undefined
    poolNodes: number
    poolSize: string
    poolStorageClass: string | undefined
    storageTlsSecret: string | undefined
  }

/** A command to the whole cluster. */
export type AdminConfig = ClusterOptions & {
  role: 'status' | 'drain' | 'undrain'
  logLevel: string
  /** The node that is drained, or not any more. */
  target: string
  /** Until it is empty. */
  wait: boolean
  json: boolean
  /** Of each partition, too. */
  partitions: boolean
}

/** Of a process that serves. */
export type NodeConfig = EmbeddedConfig | ServerConfig | StorageConfig | OperatorConfig

export type Config = NodeConfig | AdminConfig

type TlsOptions = { tlsCa?: string; tlsCert?: string; tlsKey?: string }

/** Prints and exits on `--help`, `--version` and misuse. */
export function readConfig(argv: string[]): Config {
  let config: Config | undefined
  const { version } = JSON.parse(readFileSync(findPackageJSON(import.meta.url)!, 'utf8')) as { version: string }
  const program = new Command('tavola')
    .description('The DynamoDB API, durable, on this machine. As a part of a cluster: see its commands.')
    .version(version, '-v, --version')
    .enablePositionalOptions()
  const dataDir = option('--data-dir <folder>', 'folder of the durable files').default('./data')
  commonOptions(servingOptions(listenOptions(program, 8000, ''), 0))
    .addOption(dataDir)
    .addOption(option('--in-memory', 'keep no files: everything is gone when the process ends').default(false))
    .action(() => {
      config = embedded(program)
    })
  const server = program
    .command('server')
    .description('A server of a cluster: the DynamoDB API, in front of storage nodes.')
  commonOptions(clusterOptions(servingOptions(listenOptions(server, 8000, ''), 3000)))
    .addOption(option('--replicas <n>', 'of each partition, in as many zones').argParser(integer(1, 7)).default(3))
    .addOption(
      option('--repair-after-seconds <n>', 'a storage node may be away before its replicas are made anew elsewhere')
        .argParser(integer(1, 1_000_000))
        .default(600),
    )
    .addOption(
      option('--data-dir <folder>', 'folder of backups and buckets, the same for all servers').default('./data'),
    )
    .action(() => {
      config = { ...settings<ServerConfig>(server, () => ['etcd']), role: 'server' }
    })
  const storage = program.command('storage').description('A storage node of a cluster: it holds partitions.')
  commonOptions(clusterOptions(storageOptions(listenOptions(storage, 9090, ' for health and metrics'))))
    .addOption(dataDir)
    .action(() => {
      const required = ({ log }: StorageConfig) => ['etcd', 'node', ...(log === 'jetstream' ? ['nats'] : [])]
      config = { ...settings<StorageConfig>(storage, required), role: 'storage' }
    })
  const operator = program
    .command('operator')
    .description('The operator of a cluster in Kubernetes: it makes pods and tables of Table resources.')
  commonOptions(operatorOptions(clusterOptions(listenOptions(operator, 9090, ' for health and metrics')))).action(
    () => {
      const required = ({ log }: OperatorConfig) => ['etcd', 'api', ...(log === 'jetstream' ? ['nats'] : [])]
      config = { ...settings<OperatorConfig>(operator, required), role: 'operator' }
    },
  )
  for (const [role, description] of ADMIN) {
    const admin = program.command(role).description(description)
    adminOptions(admin, role).action((target: unknown) => {
      const node = typeof target === 'string' ? target : ''
      config = { ...settings<AdminConfig>(admin, () => ['etcd']), role, target: node }
    })
  }
  program.parse(argv)
  return config!
}

const ADMIN = [
  ['status', 'How the cluster is, what is wrong, and what is being done about it.'],
  ['drain', 'Has a storage node hold nothing: what it leads and holds goes to others.'],
  ['undrain', 'Has a storage node take part again.'],
] as const

function embedded(command: Command): EmbeddedConfig {
  const { inMemory, dataDir, ...options } = settings<EmbeddedConfig & { inMemory: boolean | string }>(command, () => [])
  return { ...options, role: 'embedded', dataDir: isTrue(inMemory) ? undefined : dataDir }
}

/** What the command was told; what `required` names, at least. */
function settings<C extends { logLevel: string }>(command: Command, required: (options: C) => string[]): C {
  const { config } = command.opts<{ config?: string }>()
  if (config !== undefined) readConfigFile(command, config)
  const { config: _, tlsCa, tlsCert, tlsKey, ...options } = command.opts<C & TlsOptions & { config?: string }>()
  const missing = required(command.opts<C>()).filter(name => !Object.hasOwn(options, name))
  if (missing.length > 0) command.error(`error: ${missing.map(name => `--${name}`).join(' and ')} must be given`)
  const tls = [tlsCa, tlsCert, tlsKey].some(Boolean)
  if (tls && !(tlsCa && tlsCert && tlsKey))
    command.error('error: of --tls-ca, --tls-cert and --tls-key all must be given, or none')
  const files = tls ? { ca: tlsCa, certificate: tlsCert, key: tlsKey } : undefined
  return { ...options, tls: files, traces: wantsTraces(process.env) } as unknown as C
}

/** By OpenTelemetry's own variables: if one says how to send traces, and none says not to. */
function wantsTraces(variables: NodeJS.ProcessEnv): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER } = variables
  if (OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || OTEL_TRACES_EXPORTER?.trim() === 'none') return false
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = variables
  return [OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some(Boolean)
}

/** An environment variable of a flag may say `false`. */
function isTrue(flag: boolean | string): boolean {
  return flag !== false && flag !== 'false' && flag !== '0' && flag !== ''
}
