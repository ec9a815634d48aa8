/** Signatures taken apart, and the texts of facts, section 7.1. */
import test from 'ava'
import { type Headers, parseSignature } from '../../../server/auth/signature.ts'
import { DynamoError } from '../../../server/model/errors.ts'

const CREDENTIAL = 'Credential=AKID/20260102/eu-west-1/dynamodb/aws4_request'
const SIGNED = 'SignedHeaders=host;x-amz-date'
const SIGNATURE = 'Signature=abcdef'
const DATE = '20260102T030405Z'

function header(...parameters: string[]): Headers {
  return { authorization: `AWS4-HMAC-SHA256 ${parameters.join(', ')}`, 'x-amz-date': DATE }
}

const QUERY = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKID/20260102/eu-west-1/dynamodb/aws4_request',
  'X-Amz-Date': DATE,
  'X-Amz-SignedHeaders': 'host',
  'X-Amz-Signature': 'abcdef',
}

function url(changes: Record<string, string | undefined> = {}): string {
  const entries = Object.entries({ ...QUERY, ...changes }).filter(entry => entry[1] !== undefined)
  return `/?${new URLSearchParams(entries as [string, string][])}`
}

test('the header form', t => {
  const parts = {
    form: 'header',
    accessKeyId: 'AKID',
    day: '20260102',
    region: 'eu-west-1',
    service: 'dynamodb',
    terminator: 'aws4_request',
    date: DATE,
    signedHeaders: ['host', 'x-amz-date'],
    signature: 'abcdef',
    securityToken: 'token',
    expires: undefined,
  } as const
  const headers = { ...header(CREDENTIAL, SIGNED, SIGNATURE), 'x-amz-security-token': 'token' }
  t.deepEqual(parseSignature(headers, '/'), parts)
  const tight = { ...headers, authorization: `AWS4-HMAC-SHA256 ${SIGNATURE},${CREDENTIAL},${SIGNED}` }
  t.deepEqual(parseSignature(tight, '/?x=1'), parts)
})

test('the query form', t => {
  t.deepEqual(parseSignature({}, url({ 'X-Amz-Expires': '60', 'X-Amz-Security-Token': 'token' })), {
    form: 'query',
    accessKeyId: 'AKID',
    day: '20260102',
    region: 'eu-west-1',
    service: 'dynamodb',
    terminator: 'aws4_request',
    date: DATE,
    signedHeaders: ['host'],
    signature: 'abcdef',
    securityToken: 'token',
    expires: '60',
  })
})

test('the Date header may stand in for X-Amz-Date, in either form', t => {
  const { authorization } = header(CREDENTIAL, SIGNED, SIGNATURE)
  for (const date of [DATE, 'Fri, 02 Jan 2026 03:04:05 GMT'])
    t.is(parseSignature({ authorization, date }, '/').date, date)
})

test('any region, service, day and term will do', t => {
  const credential = 'Credential=a/b/c/d/e'
  t.is(parseSignature(header(credential, SIGNED, SIGNATURE), '/').region, 'c')
})

const MISSING = ['MissingAuthenticationTokenException', 'Request is missing Authentication Token'] as const
const REQUIRES = 'Authorization header requires'
const ALL_MISSING =
  `${REQUIRES} 'Credential' parameter. ${REQUIRES} 'Signature' parameter. ${REQUIRES} 'SignedHeaders' parameter. ` +
  `${REQUIRES} existence of either a 'X-Amz-Date' or a 'Date' header. `
const INCLUDE = 'AWS query-string parameters must include'

const REFUSED: [name: string, headers: Headers, url: string, code: string, message: string][] = [
  ['nothing', {}, '/', ...MISSING],
  ['another scheme', { authorization: 'Basic abc' }, '/', ...MISSING],
  [
    'both forms',
    header(CREDENTIAL, SIGNED, SIGNATURE),
    url(),
    'InvalidSignatureException',
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  ],
  [
    'a header with nothing in it',
    { authorization: 'AWS4-HMAC-SHA256' },
    '/',
    'IncompleteSignatureException',
    `${ALL_MISSING}Authorization=AWS4-HMAC-SHA256`,
  ],
  [
    'a header with two parameters missing',
    header(SIGNED),
    '/',
    'IncompleteSignatureException',
    `${REQUIRES} 'Credential' parameter. ${REQUIRES} 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 ${SIGNED}`,
  ],
  [
    'no date',
    { authorization: `AWS4-HMAC-SHA256 ${CREDENTIAL}, ${SIGNED}, ${SIGNATURE}` },
    '/',
    'IncompleteSignatureException',
    `${REQUIRES} existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 ${CREDENTIAL}, ${SIGNED}, ${SIGNATURE}`,
  ],
  [
    'a query with nothing in it',
    {},
    '/?X-Amz-Algorithm=',
    'IncompleteSignatureException',
    `${INCLUDE} 'X-Amz-Algorithm'. ${INCLUDE} 'X-Amz-Credential'. ${INCLUDE} 'X-Amz-Signature'. ` +
      `${INCLUDE} 'X-Amz-SignedHeaders'. ${INCLUDE} 'X-Amz-Date'. Re-examine the query-string parameters.`,
  ],
  [
    'a query without a signature',
    {},
    url({ 'X-Amz-Signature': undefined }),
    'IncompleteSignatureException',
    `${INCLUDE} 'X-Amz-Signature'. Re-examine the query-string parameters.`,
  ],
  [
    'a date in another form',
    { ...header(CREDENTIAL, SIGNED, SIGNATURE), 'x-amz-date': '2026-01-02' },
    '/',
    'IncompleteSignatureException',
    "Date must be in ISO-8601 'basic format'. Got '2026-01-02'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    'an unsigned host',
    header(CREDENTIAL, 'SignedHeaders=x-amz-date', SIGNATURE),
    '/',
    'InvalidSignatureException',
    "'Host' must be a 'SignedHeader' in the AWS Authorization.",
  ],
  [
    'another algorithm',
    { ...header(), authorization: `AWS4-HMAC-MD5 ${CREDENTIAL}, ${SIGNED}, ${SIGNATURE}` },
    '/',
    'IncompleteSignatureException',
    "Unsupported AWS 'algorithm': 'AWS4-HMAC-MD5' (only AWS4-HMAC-SHA256 for now). ",
  ],
  [
    'a credential of four parts',
    header('Credential=AKID/20260102/eu-west-1/dynamodb', SIGNED, SIGNATURE),
    '/',
    'IncompleteSignatureException',
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKID/20260102/eu-west-1/dynamodb'",
  ],
  [
    'the date before the host, the host before the algorithm, the algorithm before the credential',
    {},
    url({ 'X-Amz-Date': 'x', 'X-Amz-SignedHeaders': 'x', 'X-Amz-Algorithm': 'x', 'X-Amz-Credential': 'x' }),
    'IncompleteSignatureException',
    "Date must be in ISO-8601 'basic format'. Got 'x'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
]

for (const [name, headers, target, code, message] of REFUSED)
  test(`refused: ${name}`, t => {
    const error = t.throws(() => parseSignature(headers, target), { instanceOf: DynamoError })
    t.is(error.type, `com.amazon.coral.service#${code}`)
    t.is(error.message, message)
    t.is(error.status, 400)
  })
