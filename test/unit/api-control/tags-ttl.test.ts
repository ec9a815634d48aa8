import test from 'ava'
import { createTable } from '../../../server/api/CreateTable.ts'
import { describeTimeToLive } from '../../../server/api/DescribeTimeToLive.ts'
import { listTagsOfResource } from '../../../server/api/ListTagsOfResource.ts'
import { tagResource } from '../../../server/api/TagResource.ts'
import { untagResource } from '../../../server/api/UntagResource.ts'
import { updateTimeToLive } from '../../../server/api/UpdateTimeToLive.ts'
import { ARN, IN_USE, INVALID, type Json, refused, simple, type World, world } from './world.ts'

async function withTable(request: object = {}): Promise<World> {
  const w = world()
  await w.run(createTable, simple(request))
  w.settle()
  return w
}

const A = { Key: 'a', Value: '1' }
const tag = (w: World, Tags: object[], ResourceArn = `${ARN}Tab`) => w.run(tagResource, { ResourceArn, Tags })
const untag = (w: World, ...TagKeys: string[]) => w.run(untagResource, { ResourceArn: `${ARN}Tab`, TagKeys })
const list = (w: World, NextToken?: string) => w.run(listTagsOfResource, { ResourceArn: `${ARN}Tab`, NextToken })
const numbered = (count: number) => Array.from({ length: count }, (_, i) => ({ Key: `k${i}`, Value: `${i}` }))

const refusals: [tags: object[], message: string][] = [
  [[], 'Atleast one Tag needs to be provided as Input.'],
  [[{ Key: 'a#', Value: '' }], 'The Tag Key provided is invalid, Key: a#'],
  [[{ Key: 'a', Value: 'tab\t' }], 'The Tag Value provided is invalid, Value: tab\t'],
  [[{ Key: 'aws:a', Value: '' }], 'Tag Key cannot be prefixed with aws:, Key: aws:a'],
  [[A, { Key: 'b', Value: '' }, A], 'Duplicate Tag Keys provided as input: Duplicate Tag Key found a'],
  [numbered(51), 'Number of Tags exceed the current limit for the provided ResourceArn'],
  [
    [{ Key: '', Value: '' }],
    "1 validation error detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
]

for (const [tags, message] of refusals) {
  test(`TagResource refuses: ${message}`, async t => {
    await refused(t, tag(await withTable(), tags), 'ValidationException', message)
  })
}

const arns: [arn: string, code: string, message: string][] = [
  ['Tab', 'ValidationException', `${INVALID}ARNs must start with 'arn:': Tab`],
  ['arn:aws:s3:::b', 'ValidationException', 'Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::b'],
  [
    `${ARN}Tab/index/Ind`,
    'ValidationException',
    `Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${ARN}Tab/index/Ind`,
  ],
  [`${ARN}a`, 'ValidationException', `Invalid TableArn: Invalid ResourceArn provided as input ${ARN}a`],
  ['arn:aws:dynamodb:eu-west-1:000000000000:table/Tab', 'AccessDeniedException', 'Access is denied'],
  [`${ARN}Not`, 'ResourceNotFoundException', `Requested resource not found: ResourceArn: ${ARN}Not not found`],
]

for (const [arn, code, message] of arns) {
  test(`tags of ${arn}`, async t => {
    const w = await withTable()
    await refused(t, tag(w, [A], arn), code, message)
    await refused(t, w.run(untagResource, { ResourceArn: arn, TagKeys: ['a'] }), code, message)
    await refused(t, w.run(listTagsOfResource, { ResourceArn: arn }), code, message)
  })
}

test('tags are added, overwritten and removed; the answers are empty', async t => {
  const w = await withTable({ Tags: [A] })
  t.is(
    await tag(w, [
      { Key: '__proto__', Value: 'p' },
      { ...A, Value: '2' },
    ]),
    undefined,
  )
  t.deepEqual((await list(w)).Tags, [
    { Key: '__proto__', Value: 'p' },
    { Key: 'a', Value: '2' },
  ])
  t.is(await untag(w, 'a', 'absent'), undefined)
  t.deepEqual((await list(w)).Tags, [{ Key: '__proto__', Value: 'p' }])
  await refused(t, untag(w), 'ValidationException', 'Atleast one Tag Key needs to be provided as Input.')
})

test('50 tags in all, however they came', async t => {
  const w = await withTable({ Tags: numbered(50) })
  const message = 'Number of Tags exceed the current limit for the provided ResourceArn'
  await refused(t, tag(w, [A]), 'ValidationException', message)
  await tag(w, [{ Key: 'k7', Value: 'again' }])
  await untag(w, 'k0')
  await tag(w, [A])
  t.is(w.record('Tab').tags.length, 50)
})

test('tags come in pages of ten', async t => {
  const w = await withTable({ Tags: numbered(30) })
  const pages: Json[] = []
  let token: string | undefined
  do {
    const page = await list(w, token)
    pages.push(page.Tags.map((tag: Json) => tag.Key))
    token = page.NextToken
    if (pages.length === 1) await untag(w, pages[0].at(-1))
  } while (token !== undefined)
  t.deepEqual(
    pages.map(page => page.length),
    [10, 10, 10],
  )
  t.deepEqual(
    pages.flat().sort(),
    numbered(30)
      .map(tag => tag.Key)
      .sort(),
  )
  await t.throwsAsync(list(w, 'no token!'), { message: 'Invalid NextToken provided' })
})

test('tags of a table that comes or goes', async t => {
  const w = await withTable()
  w.put('Tab', { status: 'CREATING' })
  await refused(t, tag(w, [A]), 'ResourceInUseException', `${IN_USE}Table is being created: Tab`)
  w.put('Tab', { status: 'UPDATING' })
  await t.notThrowsAsync(tag(w, [A]))
  t.is(w.record('Tab').status, 'UPDATING')
})

const TAB = { TableName: 'Tab' }
const setTtl = (w: World, Enabled: boolean, AttributeName: string) =>
  w.run(updateTimeToLive, { ...TAB, TimeToLiveSpecification: { Enabled, AttributeName } })

test('TTL: on, off, on another attribute', async t => {
  const w = await withTable()
  const described = async () => (await w.run(describeTimeToLive, TAB)).TimeToLiveDescription
  t.deepEqual(await described(), { TimeToLiveStatus: 'DISABLED' })
  await refused(t, setTtl(w, false, 'exp'), 'ValidationException', 'TimeToLive is already disabled')
  t.deepEqual(await setTtl(w, true, 'exp'), { TimeToLiveSpecification: { Enabled: true, AttributeName: 'exp' } })
  t.deepEqual(await described(), { TimeToLiveStatus: 'ENABLED', AttributeName: 'exp' })
  await refused(t, setTtl(w, true, 'exp'), 'ValidationException', 'TimeToLive is already enabled')
  const other = 'TimeToLive is active on a different AttributeName: current AttributeName is exp'
  await refused(t, setTtl(w, true, 'other'), 'ValidationException', other)
  await refused(t, setTtl(w, false, 'other'), 'ValidationException', other)
  await setTtl(w, false, 'exp')
  t.deepEqual(await described(), { TimeToLiveStatus: 'DISABLED' })
  await setTtl(w, true, 'other')
  t.deepEqual(await described(), { TimeToLiveStatus: 'ENABLED', AttributeName: 'other' })
})

test('TTL: of no table, of a table that comes, without a name', async t => {
  const missing = 'Requested resource not found: Table: Tab not found'
  await refused(t, setTtl(world(), true, 'exp'), 'ResourceNotFoundException', missing)
  await refused(t, world().run(describeTimeToLive, TAB), 'ResourceNotFoundException', missing)
  const w = await withTable()
  w.put('Tab', { status: 'CREATING' })
  await refused(t, setTtl(w, true, 'exp'), 'ResourceInUseException', `${IN_USE}Table Tab is being created`)
  const creating = 'Cannot describe time to live while table is in CREATING state: Current table state is CREATING'
  await refused(t, w.run(describeTimeToLive, TAB), 'ValidationException', creating)
  const empty =
    "1 validation error detected: Value '' at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must have length greater than or equal to 1"
  await refused(t, setTtl(w, true, ''), 'ValidationException', empty)
})
