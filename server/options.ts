/** The options of the commands, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'

const NO_ZONE = 'zone'
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** An option that is an environment variable as well. */
export function option(flags: string, description: string): Option {
  const option = new Option(flags, description)
  return option.env(`TAVOLA_${option.name().toUpperCase().replaceAll('-', '_')}`)
}

/** What every command takes. */
export function commonOptions(command: Command): Command {
  return command
    .addOption(option('--config <file>', 'a file of options, as YAML or JSON: for what is not said otherwise'))
    .addOption(option('--region <region>', 'region that ARNs show').argParser(region).default('us-east-1'))
    .addOption(
      option('--log-level <level>', 'how much is logged, as JSON lines on stderr').choices(LOG_LEVELS).default('warn'),
    )
    .addHelpText('after', '\nEach option is also an environment variable, such as TAVOLA_PORT or TAVOLA_DATA_DIR.')
    .allowExcessArguments(false)
}

export function listenOptions(command: Command, port: number, what: string): Command {
  return command
    .addOption(option('--port <port>', `port to listen on${what}`).argParser(integer(0, 65_535)).default(port))
    .addOption(option('--host <host>', `address to listen on${what}`).default('127.0.0.1'))
}

const GIB = 1024 ** 3

/** Of those that serve the API. `splitRate`: by default. */
export function servingOptions(command: Command, splitRate: number): Command {
  return command
    .addOption(option('--partitions <n>', 'partitions per new table').argParser(integer(1, 1024)).default(1))
    .addOption(
      option('--split-bytes <n>', 'a partition with more bytes of items is split')
        .argParser(integer(1, Number.MAX_SAFE_INTEGER))
        .default(10 * GIB, '10 GiB'),
    )
    .addOption(
      option('--split-rate <n>', 'a partition with more requests a second is split; 0: none is')
        .argParser(integer(0, 1_000_000))
        .default(splitRate),
    )
    .addOption(
      option('--backup-store <url>', 'where backups are kept: file:///folder or s3://bucket/prefix')
        .argParser(storeUrl)
        .default(undefined, 'backups in the data folder'),
    )
    .addOption(
      option('--buckets <url>', 'buckets of exports and imports: file:///folder, or s3: for real ones')
        .argParser(storeUrl)
        .default(undefined, 'folders in buckets in the data folder'),
    )
    .addOption(option('--s3-endpoint <url>', 'an S3-compatible server instead of AWS'))
    .addOption(option('--s3-region <region>', 'region of the S3 buckets'))
}

/** Of the processes that make up a cluster. */
export function clusterOptions(command: Command): Command {
  return command
    .addOption(option('--etcd <urls>', 'members of etcd, with commas between them').argParser(urls('http:', 'https:')))
    .addOption(
      option('--prefix <name>', "of all that is this cluster's, in etcd and NATS").argParser(name).default('tavola'),
    )
    .addOption(
      option('--zone <zone>', 'where this process runs; replicas are in different zones')
        .argParser(zone)
        .default(NO_ZONE),
    )
    .addOption(
      option('--lease-seconds <n>', 'after which one that does not answer is replaced')
        .argParser(integer(2, 60))
        .default(2),
    )
    .addOption(option('--tls-ca <file>', 'who signs the certificates of etcd, NATS and other nodes; PEM'))
    .addOption(option('--tls-cert <file>', 'the certificate to show them; PEM'))
    .addOption(option('--tls-key <file>', 'its key; PEM'))
}

/** Of the commands to a whole cluster. */
export function adminOptions(command: Command, role: 'status' | 'drain' | 'undrain'): Command {
  if (role !== 'status') command.argument('<node>', 'name of the storage node')
  if (role === 'drain') command.option('--wait', 'until it is empty', false)
  if (role === 'status')
    command.option('--json', 'for machines', false).option('--partitions', 'each partition, too', false)
  return commonOptions(clusterOptions(command)).allowExcessArguments(false)
}

export function storageOptions(command: Command): Command {
  return command
    .addOption(option('--node <name>', "of this node: no other one's, and the same at each start").argParser(name))
    .addOption(option('--pool <name>', 'of tables whose partitions it may hold').argParser(name).default('default'))
    .addOption(
      option('--copy-rate <n>', "MB a second, at most, at which other nodes' replicas are copied here")
        .argParser(integer(1, 10_000))
        .default(64),
    )
    .addOption(
      option('--scrub-rate <n>', 'MB a second, at most, at which replicas are compared; 0 for not at all')
        .argParser(integer(0, 10_000))
        .default(1),
    )
    .addOption(option('--rpc-port <port>', 'port for the other processes').argParser(integer(0, 65_535)).default(9100))
    .addOption(option('--rpc-host <host>', 'address for the other processes').default('127.0.0.1'))
    .addOption(
      option('--advertise <address>', 'host, or host:port, under which they reach it').default(
        undefined,
        'where it listens',
      ),
    )
    .addOption(logOption())
    .addOption(logReplicasOption())
    .addOption(natsOption())
}

const logOption = () =>
  option('--log <kind>', "where the partitions' logs are").choices(['jetstream', 'etcd']).default('jetstream')
const logReplicasOption = () =>
  option('--log-replicas <n>', 'of each JetStream stream').argParser(integer(1, 5)).default(3)
const natsOption = () =>
  option('--nats <urls>', 'servers of NATS, with commas between them').argParser(urls('nats:', 'tls:'))

/** Of what watches over a cluster in Kubernetes; the rest of them go to the storage pods that it makes. */
export function operatorOptions(command: Command): Command {
  return command
    .addOption(option('--api <url>', "of a server's DynamoDB API").argParser(url('http:', 'https:')))
    .addOption(option('--namespace <name>', 'of its Lease, and of Tables made through the API; its own if not given'))
    .addOption(option('--kubeconfig <file>', 'how to reach Kubernetes; as a pod does, or as kubectl, if not given'))
    .addOption(option('--image <reference>', 'of storage pods').default('tavola'))
    .addOption(option('--image-pull-policy <policy>', 'of storage pods').choices(['Always', 'IfNotPresent', 'Never']))
    .addOption(option('--pool-nodes <n>', 'storage pods of the default pool').argParser(integer(0, 100)).default(3))
    .addOption(option('--pool-size <quantity>', 'of their volumes').default('10Gi'))
    .addOption(option('--pool-storage-class <name>', "of their volumes; the cluster's default if not given"))
    .addOption(option('--storage-tls-secret <name>', 'in the namespace of the pods: ca.crt, tls.crt and tls.key'))
    .addOption(
      option('--storage-pods <json>', 'nodeSelector, tolerations, affinity, resources and so on, of storage pods')
        .argParser(jsonObject)
        .default({}, 'nothing'),
    )
    .addOption(logOption())
    .addOption(logReplicasOption())
    .addOption(natsOption())
}

/** Of the processes that publish changes. `nats`: the option that says where. */
export function publishOptions(command: Command, nats: Option, replicas: number): Command {
  const hours = integer(24, 8760)
  return command
    .addOption(nats.argParser(urls('nats:', 'tls:')))
    .addOption(
      option('--changes-replicas <n>', 'of each JetStream stream of changes')
        .argParser(integer(1, 5))
        .default(replicas),
    )
    .addOption(option('--changes-retention-hours <n>', 'for how long NATS keeps changes').argParser(hours).default(24))
    .addOption(
      option('--changes-limit-hours <n>', 'for how long changes are kept that can not be published')
        .argParser(hours)
        .default(72),
    )
}

/** Of the processes that run triggers. `hosts`: where they may send requests unless it is said. */
export function triggerOptions(command: Command, hosts: string[]): Command {
  return command
    .addOption(
      option(
        '--function-endpoint <url>',
        'where triggers call functions by name: it speaks the Lambda Invoke API',
      ).argParser(url('http:', 'https:')),
    )
    .addOption(
      option(
        '--trigger-hosts <hosts>',
        'where else triggers may send requests: host, host:port or *.domain, with commas',
      )
        .argParser(words)
        .default(hosts, hosts.length === 0 ? 'none' : hosts.join()),
    )
    .addOption(
      option('--trigger-key-id <id>', 'access key id of the signatures of calls of functions').default('tavola'),
    )
    .addOption(option('--trigger-secret <secret>', 'what triggers sign their requests with'))
}

export function integer(min: number, max: number): (text: string) => number {
  return text => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    return value
  }
}

function region(text: string): string {
  if (!/^[a-z0-9-]{1,64}$/.test(text))
    throw new InvalidArgumentError('It must consist of lower-case letters, digits and dashes.')
  return text
}

function name(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(text))
    throw new InvalidArgumentError('It must consist of letters, digits and dashes.')
  return text
}

/** Kubernetes gives nothing where a node has no zone. */
function zone(text: string): string {
  return text === '' ? NO_ZONE : name(text)
}

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw new InvalidArgumentError('It must be a JSON object.')
}

function words(text: string): string[] {
  return text
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '')
}

function url(...protocols: string[]): (text: string) => string {
  const several = urls(...protocols)
  return text => {
    const [first = '', ...more] = several(text)
    if (more.length > 0) throw new InvalidArgumentError('It must be one URL.')
    return first
  }
}

export function urls(...protocols: string[]): (text: string) => string[] {
  return text => {
    const urls = text.split(',').map(url => url.trim())
    for (const url of urls)
      if (!URL.canParse(url) || !protocols.includes(new URL(url).protocol))
        throw new InvalidArgumentError(`They must be URLs that begin with ${protocols.join('// or ')}//.`)
    return urls
  }
}

function storeUrl(text: string): string {
  if (!URL.canParse(text) || !['file:', 's3:'].includes(new URL(text).protocol))
    throw new InvalidArgumentError('It must be a URL that begins with file:// or s3:.')
  return text
}
