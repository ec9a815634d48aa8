/**
 * Signature Version 4 as a request carries it: in the Authorization header or in the query string. Here it is only taken
 * apart; that it is complete and well-formed is checked in DynamoDB's order and words (facts, section 7.1).
 */
import { type DynamoError, service } from '../model/errors.ts'

export type Signature = {
  form: 'header' | 'query'
  accessKeyId: string
  /** The credential scope: a day as `yyyymmdd`, region, service, and `aws4_request`. */
  day: string
  region: string
  service: string
  terminator: string
  /** When it was signed, as sent: `yyyymmddThhmmssZ`, or an HTTP date if that came in the Date header. */
  date: string
  /** Lower-case, as sent. */
  signedHeaders: string[]
  /** Hexadecimal, as sent. */
  signature: string
  securityToken: string | undefined
  /** Seconds of validity, query form only, as sent. */
  expires: string | undefined
}

/** Header names in lower case, as Node gives them. */
export type Headers = { [name: string]: string | string[] | undefined }

const ALGORITHM = 'AWS4-HMAC-SHA256'
const BASIC_DATE = /^\d{8}T\d{6}Z$/

type Parts = {
  form: 'header' | 'query'
  algorithm: string
  credential: string
  signedHeaders: string
  signature: string
  date: string
  securityToken: string | undefined
  expires: string | undefined
}

/**
 * Takes the signature from a request. `url` is the request's target, with its query string.
 * Errors: MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException.
 */
export function parseSignature(headers: Headers, url: string): Signature {
  const parts = partsOf(headers, url)
  if (!isDate(parts.date, headers)) throw incomplete(dateText(parts.date))
  const signedHeaders = parts.signedHeaders.toLowerCase().split(';')
  if (!signedHeaders.includes('host')) throw invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
  if (parts.algorithm !== ALGORITHM)
    throw incomplete(`Unsupported AWS 'algorithm': '${parts.algorithm}' (only AWS4-HMAC-SHA256 for now). `)
  const credential = parts.credential.split('/')
  if (credential.length !== 5) throw incomplete(credentialText(parts.credential))
  const [accessKeyId, day, region, serviceName, terminator] = credential as [string, string, string, string, string]
  const { form, date, signature, securityToken, expires } = parts
  return {
    form,
    accessKeyId,
    day,
    region,
    service: serviceName,
    terminator,
    date,
    signedHeaders,
    signature,
    securityToken,
    expires,
  }
}

function partsOf(headers: Headers, url: string): Parts {
  const authorization = text(headers.authorization)
  const query = queryOf(url)
  if (query === undefined) {
    if (!authorization?.startsWith('AWS4-'))
      throw service('MissingAuthenticationTokenException', 'Request is missing Authentication Token')
    return headerParts(authorization, headers)
  }
  if (authorization !== undefined)
    throw invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
  return queryParts(query)
}

/** The query string, if a signature is in it. */
function queryOf(url: string): URLSearchParams | undefined {
  const start = url.indexOf('?')
  if (start < 0) return undefined
  const query = new URLSearchParams(url.slice(start))
  return query.has('X-Amz-Algorithm') ? query : undefined
}

function headerParts(authorization: string, headers: Headers): Parts {
  const end = authorization.indexOf(' ')
  const parameters = end < 0 ? {} : parametersOf(authorization.slice(end + 1))
  const { Credential: credential, Signature: signature, SignedHeaders: signedHeaders } = parameters
  const date = text(headers['x-amz-date']) ?? text(headers.date)
  if (credential && signature && signedHeaders && date)
    return {
      form: 'header',
      algorithm: authorization.slice(0, end),
      credential,
      signature,
      signedHeaders,
      date,
      securityToken: text(headers['x-amz-security-token']),
      expires: undefined,
    }
  throw incomplete(
    (credential ? '' : "Authorization header requires 'Credential' parameter. ") +
      (signature ? '' : "Authorization header requires 'Signature' parameter. ") +
      (signedHeaders ? '' : "Authorization header requires 'SignedHeaders' parameter. ") +
      (date ? '' : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ") +
      `Authorization=${authorization}`,
  )
}

type HeaderParameters = { Credential?: string; SignedHeaders?: string; Signature?: string }

/** `Credential=..., SignedHeaders=..., Signature=...`, with or without blanks after the commas. */
function parametersOf(list: string): HeaderParameters {
  const parameters: HeaderParameters = {}
  for (let start = 0, end = 0; end < list.length; start = end + 1) {
    end = list.indexOf(',', start)
    if (end < 0) end = list.length
    const equals = list.indexOf('=', start)
    if (equals < 0 || equals > end) continue
    const name = list.slice(start, equals).trim()
    if (name === 'Credential' || name === 'SignedHeaders' || name === 'Signature')
      parameters[name] = list.slice(equals + 1, end).trim()
  }
  return parameters
}

const QUERY_PARAMETERS = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'X-Amz-Date',
] as const

function queryParts(query: URLSearchParams): Parts {
  const missing = QUERY_PARAMETERS.filter(name => !query.get(name))
  if (missing.length > 0) {
    const texts = missing.map(name => `AWS query-string parameters must include '${name}'. `)
    throw incomplete(`${texts.join('')}Re-examine the query-string parameters.`)
  }
  return {
    form: 'query',
    algorithm: query.get('X-Amz-Algorithm')!,
    credential: query.get('X-Amz-Credential')!,
    signature: query.get('X-Amz-Signature')!,
    signedHeaders: query.get('X-Amz-SignedHeaders')!,
    date: query.get('X-Amz-Date')!,
    securityToken: query.get('X-Amz-Security-Token') ?? undefined,
    expires: query.get('X-Amz-Expires') ?? undefined,
  }
}

/** The Date header, when it stands in for X-Amz-Date, may be an HTTP date. */
function isDate(date: string, headers: Headers): boolean {
  if (BASIC_DATE.test(date)) return true
  return headers['x-amz-date'] === undefined && date === headers.date && !Number.isNaN(Date.parse(date))
}

function dateText(date: string): string {
  return `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`
}

function credentialText(credential: string): string {
  return `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`
}

/** Of a header sent more than once, the first. */
function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function incomplete(message: string): DynamoError {
  return service('IncompleteSignatureException', message)
}

function invalid(message: string): DynamoError {
  return service('InvalidSignatureException', message)
}
