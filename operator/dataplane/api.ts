/** The servers as the operator asks them: the DynamoDB API like any client, and how the cluster is. */
import type { ClusterState } from './state.ts'

export class ApiError extends Error {
  override name = 'ApiError'
  /** `ResourceInUseException` and so on; `NoAnswer` if none came. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are the API's own, of each operation another
export type Answer = any

export interface Api {
  /** Errors: ApiError. */
  call(operation: string, input: object): Promise<Answer>
  /** Errors: ApiError. */
  cluster(): Promise<ClusterState>
}

export type ApiOptions = {
  /** Of a server, or of what stands before several. */
  endpoint: string
  region: string
}

const TIMEOUT_MS = 20_000
/** There is no account here but one, and no key that is not taken. */
const SIGNATURE = '0'.repeat(64)

export function httpApi({ endpoint, region }: ApiOptions): Api {
  return {
    async call(operation, input) {
      const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
      const scope = `tavola-operator/${time.slice(0, 8)}/${region}/dynamodb/aws4_request`
      const headers = {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': `DynamoDB_20120810.${operation}`,
        'X-Amz-Date': time,
        Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${SIGNATURE}`,
      }
      const { status, body } = await ask(endpoint, { method: 'POST', headers, body: JSON.stringify(input) })
      if (status === 200) return body
      const { __type = 'InternalServerError', message, Message } = (body ?? {}) as Record<string, string>
      throw new ApiError(__type.slice(__type.indexOf('#') + 1), message ?? Message ?? `HTTP ${status}`)
    },
    async cluster() {
      const { status, body } = await ask(`${endpoint}/admin/cluster`, { method: 'GET' })
      if (status !== 200) throw new ApiError('NoAnswer', `the server does not say how the cluster is: HTTP ${status}`)
      return body as ClusterState
    },
  }
}

async function ask(url: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  } catch (error) {
    const cause = (error as { cause?: Error }).cause ?? (error as Error)
    throw new ApiError('NoAnswer', `no server answers at ${url}: ${cause.message}`)
  }
}

/** Is it just not the time for it, so that it should be asked again? */
export function isBusy(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    ['ResourceInUseException', 'TableInUseException', 'BackupInUseException'].includes(error.code)
  )
}

/** Is what was asked for nonsense, so that it need not be asked again before somebody changes it? */
export function isSenseless(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    !isBusy(error) &&
    ![
      'NoAnswer',
      'InternalServerError',
      'InternalFailure',
      'ServiceUnavailable',
      'ThrottlingException',
      'LimitExceededException',
    ].includes(error.code)
  )
}

export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && /^(Resource|Table|Backup|Policy)NotFoundException$/.test(error.code)
}
