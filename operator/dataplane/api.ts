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
  /**
   * An operation of the Lambda API on event source mappings. `id`: of one; undefined to create one.
   * Errors: ApiError.
   */
  mapping(method: 'POST' | 'PUT' | 'DELETE', id: string | undefined, input?: object): Promise<Answer>
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
      const headers = {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': `DynamoDB_20120810.${operation}`,
        ...signature(region, 'dynamodb'),
      }
      const { status, body } = await ask(endpoint, { method: 'POST', headers, body: JSON.stringify(input) })
      if (status === 200) return body
      const { __type = 'InternalServerError', message, Message } = (body ?? {}) as Record<string, string>
      throw new ApiError(__type.slice(__type.indexOf('#') + 1), message ?? Message ?? `HTTP ${status}`)
    },
    async mapping(method, id, input) {
      const url = `${endpoint}/2015-03-31/event-source-mappings/${id ?? ''}`
      const headers = { 'Content-Type': 'application/json', ...signature(region, 'lambda') }
      const { status, body, code } = await ask(url, { method, headers, body: input && JSON.stringify(input) })
      if (status < 300) return body
      const { Message } = (body ?? {}) as Record<string, string>
      throw new ApiError(code ?? 'InternalServerError', Message ?? `HTTP ${status}`)
    },
    async cluster() {
      const { status, body } = await ask(`${endpoint}/admin/cluster`, { method: 'GET' })
      if (status !== 200) throw new ApiError('NoAnswer', `the server does not say how the cluster is: HTTP ${status}`)
      return body as ClusterState
    },
  }
}

function signature(region: string, service: string) {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = `tavola-operator/${time.slice(0, 8)}/${region}/${service}/aws4_request`
  return {
    'X-Amz-Date': time,
    Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${SIGNATURE}`,
  }
}

/** `code`: of an error of the Lambda API. */
async function ask(url: string, init: RequestInit): Promise<{ status: number; body: unknown; code?: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await response.text()
    const code = response.headers.get('x-amzn-errortype') ?? undefined
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), code }
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
