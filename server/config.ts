/** Settings from the command line and the environment: the only reader of both. */
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'

export type Config = {
  host: string
  port: number
  /** Undefined keeps everything in memory. */
  dataDir: string | undefined
  /** Partitions of a new table, and of each of its global indexes. */
  partitions: number
  region: string
  /** Of backups and archives: a URL, `file:///folder` or `s3://bucket/prefix`. Undefined for a place in the data folder. */
  backupStore: string | undefined
  /** Where the buckets of exports and imports are: `file:///folder-of-folders` or `s3:`. */
  buckets: string | undefined
  /** Undefined for AWS's own. */
  s3Endpoint: string | undefined
  s3Region: string | undefined
  logLevel: string
  /** Whether traces are sent; where to, the OTEL_* variables say to OpenTelemetry's SDK. */
  traces: boolean
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** Prints and exits on `--help`, `--version` and misuse. */
export function readConfig(argv: string[]): Config {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('tavola')
    .description('The DynamoDB API, durable, on this machine.')
    .version(version, '-v, --version')
    .addOption(option('--port <port>', 'port to listen on', 'PORT').argParser(integer(0, 65_535)).default(8000))
    .addOption(option('--host <host>', 'address to listen on', 'HOST').default('127.0.0.1'))
    .addOption(option('--data-dir <folder>', 'folder of the durable files', 'DATA_DIR').default('./data'))
    .addOption(
      option('--in-memory', 'keep no files: everything is gone when the process ends', 'IN_MEMORY').default(false),
    )
    .addOption(
      option('--partitions <n>', 'partitions per new table', 'PARTITIONS').argParser(integer(1, 1024)).default(1),
    )
    .addOption(option('--region <region>', 'region that ARNs show', 'REGION').argParser(region).default('us-east-1'))
    .addOption(
      option('--backup-store <url>', 'where backups are kept: file:///folder or s3://bucket/prefix', 'BACKUP_STORE')
        .argParser(storeUrl)
        .default(undefined, 'backups in the data folder'),
    )
    .addOption(
      option('--buckets <url>', 'buckets of exports and imports: file:///folder, or s3: for real ones', 'BUCKETS')
        .argParser(storeUrl)
        .default(undefined, 'folders in buckets in the data folder'),
    )
    .addOption(option('--s3-endpoint <url>', 'an S3-compatible server instead of AWS', 'S3_ENDPOINT'))
    .addOption(option('--s3-region <region>', 'region of the S3 buckets', 'S3_REGION'))
    .addOption(
      option('--log-level <level>', 'how much is logged, as JSON lines on stderr', 'LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('warn'),
    )
    .addHelpText('after', '\nEach option is also an environment variable, such as TAVOLA_PORT or TAVOLA_DATA_DIR.')
    .allowExcessArguments(false)
    .parse(argv)
  const { inMemory, dataDir, ...options } = program.opts<Config & { inMemory: boolean | string }>()
  return { ...options, dataDir: isTrue(inMemory) ? undefined : dataDir, traces: wantsTraces(process.env) }
}

/** By OpenTelemetry's own variables: if one says how to send traces, and none says not to. */
function wantsTraces(variables: NodeJS.ProcessEnv): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER } = variables
  if (OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || OTEL_TRACES_EXPORTER?.trim() === 'none') return false
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = variables
  return [OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some(Boolean)
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`TAVOLA_${variable}`)
}

function integer(min: number, max: number): (text: string) => number {
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

function storeUrl(text: string): string {
  if (!URL.canParse(text) || !['file:', 's3:'].includes(new URL(text).protocol))
    throw new InvalidArgumentError('It must be a URL that begins with file:// or s3:.')
  return text
}

/** An environment variable of a flag may say `false`. */
function isTrue(flag: boolean | string): boolean {
  return flag !== false && flag !== 'false' && flag !== '0' && flag !== ''
}
