/** Settings from the command line, the environment and a file: the only reader of them. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command } from 'commander'
import { readConfigFile } from './configfile.ts'
import type { ClusterOptions, LogOptions } from './node/cluster.ts'
import { natsTls, type PublishOptions } from './node/nats.ts'
import type { TriggerOptions } from './node/triggers.ts'
import {
  adminOptions,
  clusterOptions,
  commonOptions,
  integer,
  listenOptions,
  operatorOptions,
  option,
  publishOptions,
  servingOptions,
  storageOptions,
  triggerOptions,
  urls,
} from './options.ts'

type Common = {
  region: string
  logLevel: string
  /** Whether traces are sent; where to, the OTEL_* variables say to OpenTelemetry's SDK. */
  traces: boolean
  host: string
  port: number
}

type Serving = TriggerOptions & {
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

type Publishing = {
  /** Undefined if changes are not published. */
  publish: PublishOptions | undefined
}

/** As the options say it. */
type PublishSettings = { changesReplicas: number; changesRetentionHours: number; changesLimitHours: number }

export type EmbeddedConfig = Common &
  Serving &
  Publishing & {
    role: 'embedded'
    /** Undefined keeps everything in memory. */
    dataDir: string | undefined
  }

export type ServerConfig = Common &
  Serving &
  ClusterOptions & { role: 'server'; zone: string; replicas: number; repairAfterSeconds: number; dataDir: string }

export type StorageConfig = Common &
  ClusterOptions &
  LogOptions &
  Publishing & {
    role: 'storage'
    node: string
    zone: string
    pool: string
    copyRate: number
    scrubRate: number
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
    /** Not looked at yet. */
    storagePods: { [name: string]: unknown }
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

/** Where triggers of a process that is its whole cluster may send requests. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1']

type StoredOptions = Omit<StorageConfig, 'publish'> & PublishSettings & { changesNats?: string[] }
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
  triggerOptions(commonOptions(servingOptions(listenOptions(program, 8000, ''), 0)), LOOPBACK)
    .addOption(dataDir)
    .addOption(option('--in-memory', 'keep no files: everything is gone when the process ends').default(false))
    .action(() => {
      config = embedded(program)
    })
  publishOptions(program, option('--nats <urls>', 'servers of NATS, where changes of streams are published'), 1)
  const server = program
    .command('server')
    .description('A server of a cluster: the DynamoDB API, in front of storage nodes.')
  triggerOptions(commonOptions(clusterOptions(servingOptions(listenOptions(server, 8000, ''), 3000))), [])
    .addOption(
      option('--nats <urls>', 'servers of NATS, for triggers that send there').argParser(urls('nats:', 'tls:')),
    )
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
      config = served(settings(server, () => ['etcd']))
    })
  const storage = program.command('storage').description('A storage node of a cluster: it holds partitions.')
  publishOptions(
    storage,
    option('--changes-nats <urls>', 'servers of NATS, where changes of streams are published').default(
      undefined,
      'those of --nats',
    ),
    3,
  )
  commonOptions(clusterOptions(storageOptions(listenOptions(storage, 9090, ' for health and metrics'))))
    .addOption(dataDir)
    .action(() => {
      const required = ({ log }: StoredOptions) => ['etcd', 'node', ...(log === 'jetstream' ? ['nats'] : [])]
      config = stored(settings<StoredOptions>(storage, required))
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
  type Options = Omit<EmbeddedConfig, 'publish'> & PublishSettings & { nats?: string[]; inMemory: boolean | string }
  const { inMemory, dataDir, ...options } = settings<Options>(command, () => [])
  const publish = publishing(options, options.nats, 'tavola', undefined)
  const triggerNats = options.nats && { servers: options.nats }
  return { ...options, role: 'embedded', publish, triggerNats, dataDir: isTrue(inMemory) ? undefined : dataDir }
}

function served(options: ServerConfig & { nats?: string[] }): ServerConfig {
  const triggerNats = options.nats && { servers: options.nats, ...natsTls(options.nats, options.tls) }
  return { ...options, role: 'server', triggerNats }
}

function stored(options: StoredOptions): StorageConfig {
  const servers = options.changesNats ?? options.nats
  return { ...options, role: 'storage', publish: publishing(options, servers, options.prefix, options.tls) }
}

function publishing(
  settings: PublishSettings,
  servers: string[] | undefined,
  prefix: string,
  files: ClusterOptions['tls'],
): PublishOptions | undefined {
  if (!servers) return undefined
  const { changesReplicas: replicas, changesRetentionHours: retentionHours, changesLimitHours: limitHours } = settings
  return { servers, ...natsTls(servers, files), prefix, replicas, retentionHours, limitHours }
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
