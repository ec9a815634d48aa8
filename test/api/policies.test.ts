import test from 'ava'
import { makeTable, refusal, sharedTable, startApi } from './api.ts'

const { db } = await startApi({ inMemory: true })
const ACCOUNT = '123456789012'
const TABLE = sharedTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
const arnOf = (table: string) => `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/${table}`
const NOT_FOUND = 'PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: '
const MALFORMED = 'ValidationException: One or more parameter values were invalid: '

const statement = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'dynamodb:GetItem', Resource: '*' }
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })

test('a policy is put, read, replaced and removed, each with a revision of its own', async t => {
  const ResourceArn = arnOf(await makeTable(db, { key: 'pk:S' }))
  const none = NOT_FOUND + ResourceArn
  t.is(await refusal(db.getResourcePolicy({ ResourceArn })), none)
  t.is((await db.deleteResourcePolicy({ ResourceArn })).RevisionId, undefined)
  const first = await db.putResourcePolicy({ ResourceArn, Policy: policy(statement) })
  t.regex(first.RevisionId!, /^\d{13}$/)
  const read = await db.getResourcePolicy({ ResourceArn })
  t.is(read.RevisionId, first.RevisionId)
  t.is(
    read.Policy,
    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${ACCOUNT}:root"},"Action":"dynamodb:GetItem","Resource":"*"}]}`,
  )
  const second = await db.putResourcePolicy({ ResourceArn, Policy: policy({ ...statement, Sid: 'x' }) })
  t.true(second.RevisionId! > first.RevisionId!)
  t.is((await db.deleteResourcePolicy({ ResourceArn })).RevisionId, second.RevisionId)
  t.is(await refusal(db.getResourcePolicy({ ResourceArn })), none)
  t.true((await db.deleteResourcePolicy({ ResourceArn })).RevisionId! > second.RevisionId!)
})

test('a policy that says the same changes nothing', async t => {
  const ResourceArn = arnOf(await makeTable(db, { key: 'pk:S' }))
  const { RevisionId } = await db.putResourcePolicy({ ResourceArn, Policy: policy(statement) })
  const root = { AWS: [`arn:aws:iam::${ACCOUNT}:root`, ACCOUNT] }
  const same = [
    policy({ ...statement, Action: ['dynamodb:GetItem'], Principal: root }),
    JSON.stringify({ Statement: { ...statement, Resource: ['*'], Effect: 'allow' }, Version: '2012-10-17' }, null, 4),
    (await db.getResourcePolicy({ ResourceArn })).Policy!,
  ]
  for (const Policy of same) t.is((await db.putResourcePolicy({ ResourceArn, Policy })).RevisionId, RevisionId)
})

test('a change can insist on the revision it knows, or on none', async t => {
  const name = await makeTable(db, { key: 'pk:S' })
  const ResourceArn = arnOf(name)
  const put = (Sid: string, ExpectedRevisionId?: string) =>
    db.putResourcePolicy({ ResourceArn, Policy: policy({ ...statement, Sid }), ExpectedRevisionId })
  const absent = `${NOT_FOUND}Requested update for policy with revision id 1, but table ${name} has no associated policy.`
  t.is(await refusal(put('a', '1')), absent)
  t.is(await refusal(db.deleteResourcePolicy({ ResourceArn, ExpectedRevisionId: '1' })), absent)
  const first = await put('a', 'NO_POLICY')
  t.regex(await refusal(put('b', 'NO_POLICY')), /^PolicyNotFoundException: .* the policy associated to target table /)
  const second = await put('b', first.RevisionId)
  t.regex(await refusal(put('c', first.RevisionId)), /^PolicyNotFoundException: .* did not match/)
  t.regex(
    await refusal(db.deleteResourcePolicy({ ResourceArn, ExpectedRevisionId: first.RevisionId })),
    /^PolicyNotFoundException: .* did not match/,
  )
  await db.deleteResourcePolicy({ ResourceArn, ExpectedRevisionId: second.RevisionId })
})

test('a stream has a policy of its own', async t => {
  const name = await makeTable(db, {
    key: 'pk:S',
    more: { StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } },
  })
  const ResourceArn = (await db.describeTable({ TableName: name })).Table!.LatestStreamArn!
  const { RevisionId } = await db.putResourcePolicy({ ResourceArn, Policy: policy(statement) })
  t.is((await db.getResourcePolicy({ ResourceArn })).RevisionId, RevisionId)
  t.is(await refusal(db.getResourcePolicy({ ResourceArn: arnOf(name) })), NOT_FOUND + arnOf(name))
  const other = `${arnOf(name)}/stream/2000-01-01T00:00:00.000`
  t.is(
    await refusal(db.getResourcePolicy({ ResourceArn: other })),
    `ResourceNotFoundException: Requested resource not found: Stream: 2000-01-01T00:00:00.000 not found for Table: ${name}`,
  )
})

test('a table can be made with a policy, and takes it along when it goes', async t => {
  const more = { ResourcePolicy: policy(statement) }
  const name = await makeTable(db, { key: 'pk:S', more })
  t.truthy((await db.getResourcePolicy({ ResourceArn: arnOf(name) })).RevisionId)
  await db.deleteTable({ TableName: name })
  const gone = `ResourceNotFoundException: Requested resource not found: Table: ${name} not found`
  for (const request of [
    db.getResourcePolicy({ ResourceArn: arnOf(name) }),
    db.putResourcePolicy({ ResourceArn: arnOf(name), Policy: policy(statement) }),
    db.deleteResourcePolicy({ ResourceArn: arnOf(name) }),
  ]) {
    t.is(await refusal(request), gone)
  }
  await makeTable(db, { name, key: 'pk:S' })
  t.is(await refusal(db.getResourcePolicy({ ResourceArn: arnOf(name) })), NOT_FOUND + arnOf(name))
})

const arns: [arn: string, message: string][] = [
  ['just-a-name', `${MALFORMED}ARNs must start with 'arn:': just-a-name`],
  [
    `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/${TABLE}`,
    `${MALFORMED}Invalid resource Arn: arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/${TABLE}`,
  ],
  [
    `arn:aws-cn:dynamodb:us-east-1:${ACCOUNT}:table/${TABLE}`,
    `${MALFORMED}Invalid resource Arn: arn:aws-cn:dynamodb:us-east-1:${ACCOUNT}:table/${TABLE}`,
  ],
  [
    `arn:aws:dynamodb:us-east-1:210987654321:table/${TABLE}`,
    'ValidationException: This action is only supported by accounts that match the resource owner’s account.',
  ],
  [
    `${arnOf(TABLE)}/index/byG`,
    `${MALFORMED}Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${arnOf(TABLE)}/index/byG`,
  ],
  [
    `${arnOf(TABLE)}/backup/0170`,
    `${MALFORMED}Provided Arn is not a DynamoDB resource arn: ${arnOf(TABLE)}/backup/0170`,
  ],
]

for (const [ResourceArn, message] of arns) {
  test(`no policy for ${ResourceArn}`, async t => {
    t.is(await refusal(db.getResourcePolicy({ ResourceArn })), message)
    t.is(await refusal(db.putResourcePolicy({ ResourceArn, Policy: policy(statement) })), message)
    t.is(await refusal(db.deleteResourcePolicy({ ResourceArn })), message)
  })
}

const { Resource: _, ...incomplete } = statement
const DOCUMENT = `${MALFORMED}Invalid policy document: `
const SYNTAX = `${DOCUMENT}Syntax error in the policy`
const documents: [what: string, document: string, message: string][] = [
  ['no JSON', '{', `${DOCUMENT}This policy contains invalid Json`],
  ['no object', '["x"]', `${DOCUMENT}This policy contains invalid Json`],
  ['nothing', '{}', `${DOCUMENT}Could not parse the policy: Statement is empty!`],
  ['no statement', policy(), `${DOCUMENT}Could not parse the policy: Statement is empty!`],
  ['a statement that is text', '{"Statement":"x"}', SYNTAX],
  ['another version', JSON.stringify({ Version: '2020-01-01', Statement: statement }), SYNTAX],
  ['a member more', policy({ ...statement, Extra: 1 }), SYNTAX],
  ['another effect', policy({ ...statement, Effect: 'Maybe' }), SYNTAX],
  ['actions that are numbers', policy({ ...statement, Action: [1] }), SYNTAX],
  ['actions and others', policy({ ...statement, NotAction: 'x' }), SYNTAX],
  ['a deep condition', policy({ ...statement, Condition: { Bool: { x: { y: {} } } } }), SYNTAX],
  ['brackets all the way', `{"Statement":${'['.repeat(9000)}${']'.repeat(9000)}}`, SYNTAX],
  ['no resource', policy(incomplete), `${DOCUMENT}Missing required field Resource`],
  [
    'one Sid twice',
    policy({ ...statement, Sid: 'a' }, { ...statement, Sid: 'a' }),
    `${DOCUMENT}The Statement Ids in the policy are not unique`,
  ],
  [
    'a bare principal',
    policy({ ...statement, Principal: ACCOUNT }),
    `${MALFORMED}Invalid principal in policy document.`,
  ],
  [
    'everybody',
    policy({ ...statement, Principal: { AWS: '*' } }),
    'ValidationException: Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure least-privilege form of access',
  ],
  [
    'too much',
    policy({ ...statement, Sid: 'x'.repeat(20_480) }),
    `${MALFORMED}Maximum policy size of 20480 bytes exceeded`,
  ],
]

for (const [what, Policy, message] of documents) {
  test(`no policy that says ${what}`, async t => {
    t.is(await refusal(db.putResourcePolicy({ ResourceArn: arnOf(TABLE), Policy })), message)
  })
}

test('conditions and denials are kept as they are', async t => {
  const ResourceArn = arnOf(await makeTable(db, { key: 'pk:S' }))
  const full = {
    Sid: 'all',
    Effect: 'Deny',
    Principal: '*',
    NotAction: ['dynamodb:GetItem', 'dynamodb:Query'],
    NotResource: ResourceArn,
    Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['a', 'b'] }, Bool: { 'aws:x': true } },
  }
  const Policy = policy(full)
  await db.putResourcePolicy({ ResourceArn, Policy })
  t.is((await db.getResourcePolicy({ ResourceArn })).Policy, Policy)
})
