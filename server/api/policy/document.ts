/**
 * Resource-based policies as documents: what makes one well-formed, and the form in which it is kept and shown (facts,
 * section 7.3). Whether a document lets a caller do something is not known here.
 */
import { type DynamoError, invalidParameter, validation } from '../../model/errors.ts'
import { getOwn } from '../../model/item.ts'

const MAX_BYTES = 20_480
const VERSIONS = ['2008-10-17', '2012-10-17']
const ACCOUNT = /^\d{12}$/

type Json = Record<string, unknown>

/** The members of a statement, in the order in which they are shown. One of each row is required, but for the first and last. */
const MEMBERS = [
  ['Sid'],
  ['Effect'],
  ['Principal', 'NotPrincipal'],
  ['Action', 'NotAction'],
  ['Resource', 'NotResource'],
  ['Condition'],
] as const
const OPTIONAL = ['Sid', 'Condition']

/**
 * The document without blanks, its members in a fixed order, lists of one as plain text, accounts as the ARNs of their
 * roots: equivalent documents have one form.
 * Errors: ValidationException if it is too long, no JSON, or no policy.
 */
export function canonicalPolicy(text: string): string {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalidParameter(`Maximum policy size of ${MAX_BYTES} bytes exceeded`)
  const { Version = VERSIONS[0], Id, Statement, ...rest } = parse(text)
  if (!VERSIONS.includes(Version as string) || (Id !== undefined && typeof Id !== 'string') || !isEmpty(rest)) {
    throw syntaxError()
  }
  const statements = Array.isArray(Statement) ? Statement : Statement === undefined ? [] : [Statement]
  if (statements.length === 0) throw malformed('Could not parse the policy: Statement is empty!')
  const canonical = statements.map(canonicalStatement)
  const sids = canonical.flatMap(statement => (statement.Sid === undefined ? [] : [statement.Sid]))
  if (new Set(sids).size < sids.length) throw malformed('The Statement Ids in the policy are not unique')
  return JSON.stringify({ Version, Id, Statement: canonical })
}

function parse(text: string): Json {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw malformed('This policy contains invalid Json')
  }
  if (!isObject(document)) throw malformed('This policy contains invalid Json')
  return document
}

function canonicalStatement(given: unknown): Json {
  if (!isObject(given)) throw syntaxError()
  const statement: Json = {}
  for (const names of MEMBERS) {
    const present = names.filter(name => getOwn(given, name) !== undefined)
    if (present.length > 1) throw syntaxError()
    const [name] = present
    if (name !== undefined) statement[name] = canonicalMember(name, given[name])
    else if (!OPTIONAL.includes(names[0])) throw malformed(`Missing required field ${names[0]}`)
  }
  if (Object.keys(statement).length < Object.keys(given).length) throw syntaxError()
  if (statement.Effect === 'Allow' && statement.Condition === undefined && isEverybody(statement.Principal)) {
    throw validation(
      'Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure least-privilege form of access',
    )
  }
  return statement
}

function canonicalMember(name: string, value: unknown): unknown {
  switch (name) {
    case 'Sid':
      if (typeof value !== 'string') throw syntaxError()
      return value
    case 'Effect':
      return canonicalEffect(value)
    case 'Principal':
    case 'NotPrincipal':
      return canonicalPrincipal(value)
    case 'Condition':
      return canonicalCondition(value)
    default:
      return single(texts(value))
  }
}

function canonicalEffect(value: unknown): string {
  const effect = ['Allow', 'Deny'].find(effect => effect.toLowerCase() === String(value).toLowerCase())
  if (effect === undefined) throw syntaxError()
  return effect
}

/** `*`, or principals by kind: `AWS`, `Service`, `Federated`. */
function canonicalPrincipal(value: unknown): unknown {
  if (value === '*') return value
  if (!isObject(value) || isEmpty(value)) throw invalidParameter('Invalid principal in policy document.')
  return mapped(value, principals => single([...new Set(texts(principals).map(rootOf))]))
}

function rootOf(principal: string): string {
  return ACCOUNT.test(principal) ? `arn:aws:iam::${principal}:root` : principal
}

function isEverybody(principal: unknown): boolean {
  return principal === '*' || (isObject(principal) && [getOwn(principal, 'AWS')].flat().includes('*'))
}

/** By operator, then by key: one value or several. */
function canonicalCondition(value: unknown): Json {
  if (!isObject(value)) throw syntaxError()
  return mapped(value, keys => {
    if (!isObject(keys)) throw syntaxError()
    return mapped(keys, values => {
      if ([values].flat().some(value => !['string', 'number', 'boolean'].includes(typeof value))) throw syntaxError()
      return values
    })
  })
}

/** A text, or a list of them. */
function texts(value: unknown): string[] {
  const list = [value].flat()
  if (list.length === 0 || list.some(text => typeof text !== 'string')) throw syntaxError()
  return list as string[]
}

function single(list: string[]): string | string[] {
  return list.length === 1 ? list[0]! : list
}

function mapped(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(object: Json): boolean {
  return Object.keys(object).length === 0
}

function malformed(what: string): DynamoError {
  return invalidParameter(`Invalid policy document: ${what}`)
}

function syntaxError(): DynamoError {
  return malformed('Syntax error in the policy')
}
