/** Dynamoose, as a team uses it: models that make their own tables, queries, scans, updates, batches, expiry. */
import test from 'ava'
import dynamoose from 'dynamoose'
import type { Item } from 'dynamoose/dist/Item.js'
import { startApi } from '../api/api.ts'

const { db } = await startApi()
dynamoose.aws.ddb.set(db)

type Song = Item & {
  id: string
  artist: string
  album: string
  year: number
  plays: number
  tags?: Set<string>
  meta?: { length?: number; label?: string }
  lines?: string[]
  released?: Date
  live: boolean
}

const songSchema = new dynamoose.Schema(
  {
    id: { type: String, hashKey: true },
    artist: {
      type: String,
      rangeKey: true,
      index: { name: 'byArtist', type: 'global', rangeKey: 'year' },
    },
    album: { type: String, index: { name: 'byAlbum', type: 'local', project: ['plays'] } },
    year: Number,
    plays: { type: Number, default: 0 },
    tags: { type: Set, schema: [String] },
    meta: { type: Object, schema: { length: Number, label: String } },
    lines: { type: Array, schema: [String] },
    released: Date,
    live: { type: Boolean, default: false },
  },
  { timestamps: { createdAt: 'made', updatedAt: 'changed' } },
)

const waitForActive = { enabled: true, check: { timeout: 10_000, frequency: 10 } }
const Songs = dynamoose.model<Song>('Songs', songSchema, {
  waitForActive,
  tags: { team: 'music' },
  throughput: 'ON_DEMAND',
})

function song(id: string, more: Partial<Song> = {}): Partial<Song> {
  return { id, artist: 'Nina', album: 'Live', year: 1964, ...more }
}

test('a model makes its table with its indexes and tags', async t => {
  await Songs.create(song('first'))
  const { Table } = await db.describeTable({ TableName: 'Songs' })
  t.is(Table?.TableStatus, 'ACTIVE')
  t.is(Table?.BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST')
  t.deepEqual(
    Table?.GlobalSecondaryIndexes?.map(index => index.IndexName),
    ['byArtist'],
  )
  t.deepEqual(
    Table?.LocalSecondaryIndexes?.map(index => index.Projection),
    [{ ProjectionType: 'INCLUDE', NonKeyAttributes: ['plays'] }],
  )
  t.deepEqual((await db.listTagsOfResource({ ResourceArn: Table!.TableArn })).Tags, [{ Key: 'team', Value: 'music' }])
})

test('a provisioned model with expiry has its time to live set', async t => {
  const Sessions = dynamoose.model('Sessions', new dynamoose.Schema({ id: String, user: String }), {
    waitForActive,
    throughput: { read: 3, write: 2 },
    expires: { ttl: 60_000, attribute: 'until' },
  })
  await Sessions.create({ id: 'a', user: 'x' })
  const { TimeToLiveDescription } = await db.describeTimeToLive({ TableName: 'Sessions' })
  t.is(TimeToLiveDescription?.AttributeName, 'until')
  const { Table } = await db.describeTable({ TableName: 'Sessions' })
  t.is(Table?.ProvisionedThroughput?.ReadCapacityUnits, 3)
  const { Item } = await db.getItem({ TableName: 'Sessions', Key: { id: { S: 'a' } } })
  t.true(Math.abs(Number(Item!.until!.N) - Date.now() / 1000 - 60) < 10)
})

test('a model changes the throughput of its table, and adds an index', async t => {
  const schema = { id: String, kind: String }
  const provisioned = { waitForActive, throughput: 5 }
  const Before = dynamoose.model('Changing', new dynamoose.Schema(schema), provisioned)
  await Before.create({ id: 'a', kind: 'x' })
  const indexed = { ...schema, kind: { type: String, index: { name: 'byKind', type: 'global' as const } } }
  const After = dynamoose.model('Changing', new dynamoose.Schema(indexed), {
    ...provisioned,
    throughput: 7,
    update: true,
  })
  const [found] = await After.query('kind').eq('x').using('byKind').exec()
  t.is(found!.id, 'a')
  const { Table } = await db.describeTable({ TableName: 'Changing' })
  t.is(Table?.ProvisionedThroughput?.ReadCapacityUnits, 7)
})

test('create, get, save and delete', async t => {
  const released = new Date('1964-03-21T00:00:00Z')
  const made = new Songs(song('kept', { tags: new Set(['jazz']), meta: { length: 5 }, lines: ['a', 'b'], released }))
  await made.save()
  const got = await Songs.get({ id: 'kept', artist: 'Nina' })
  t.deepEqual(got.tags, new Set(['jazz']))
  t.deepEqual([got.meta, got.lines, got.released, got.plays, got.live], [{ length: 5 }, ['a', 'b'], released, 0, false])
  got.plays = 5
  await got.save()
  t.is((await Songs.get({ id: 'kept', artist: 'Nina' }, { consistent: true })).plays, 5)
  const error = await t.throwsAsync(Songs.create(song('kept')))
  t.regex(error.message, /The conditional request failed/)
  await got.delete()
  t.is(await Songs.get({ id: 'kept', artist: 'Nina' }), undefined as never)
})

test('update with $SET, $ADD, $REMOVE and a condition', async t => {
  await Songs.create(song('updated', { tags: new Set(['jazz']), lines: ['a'] }))
  const key = { id: 'updated', artist: 'Nina' }
  const after = await Songs.update(
    key,
    { $SET: { live: true }, $ADD: { plays: 3, tags: new Set(['soul']), lines: ['b'] }, $REMOVE: ['album'] } as never,
    { condition: new dynamoose.Condition('plays').eq(0) },
  )
  t.deepEqual([after.live, after.plays, after.album, after.lines], [true, 3, undefined, ['a', 'b']] as never)
  t.deepEqual([...after.tags!].sort(), ['jazz', 'soul'])
  const stale = Songs.update(key, { live: false }, { condition: new dynamoose.Condition('plays').eq(0) })
  await t.throwsAsync(stale, { message: /The conditional request failed/ })
})

test('queries on the table and on both kinds of index', async t => {
  const albums = ['Blue', 'Abbey', 'Court']
  await Promise.all(
    albums.map((album, i) => Songs.create(song('query', { artist: `A${i}`, album, year: 2000 + i, plays: i }))),
  )
  await Promise.all([1, 2, 3, 4].map(i => Songs.create(song(`other-${i}`, { artist: 'Joni', year: 1970 + i }))))
  const artists = (found: Song[]) => found.map(({ artist }) => artist)
  t.deepEqual(artists(await Songs.query('id').eq('query').exec()), ['A0', 'A1', 'A2'])
  t.deepEqual(artists(await Songs.query('id').eq('query').sort('descending').limit(2).exec()), ['A2', 'A1'])
  t.deepEqual(artists(await Songs.query('id').eq('query').where('artist').between('A1', 'A2').exec()), ['A1', 'A2'])
  t.deepEqual(artists(await Songs.query('id').eq('query').filter('plays').gt(0).exec()), ['A1', 'A2'])
  const byAlbum = await Songs.query('id').eq('query').using('byAlbum').exec()
  t.deepEqual(artists(byAlbum), ['A1', 'A0', 'A2'])
  const joni = Songs.query('artist').eq('Joni').where('year').ge(1972).using('byArtist')
  t.deepEqual(
    (await joni.exec()).map(found => found.year),
    [1972, 1973, 1974],
  )
  t.is((await Songs.query('id').eq('query').count().exec()).count, 3)
  t.is((await Songs.query('artist').eq('Joni').using('byArtist').all(0, 2).limit(1).exec()).length, 2)
})

test('scans: filters, paging and in parallel', async t => {
  await Songs.batchPut(Array.from({ length: 25 }, (_, i) => song(`scan-${i}`, { artist: 'Scanned', plays: i })))
  const scan = () => Songs.scan('artist').eq('Scanned')
  t.is((await scan().all().exec()).length, 25)
  t.is((await scan().and().where('plays').lt(10).all().exec()).length, 10)
  t.is((await scan().parallel(4).all().exec()).length, 25)
  t.is((await scan().count().exec()).count, 25)
  const page = await Songs.scan().limit(5).exec()
  t.is(page.length, 5)
  t.is((await Songs.scan().limit(5).startAt(page.lastKey!).exec()).length, 5)
})

test('batches', async t => {
  const keys = Array.from({ length: 20 }, (_, i) => ({ id: `batch-${i}`, artist: 'Batch' }))
  const put = await Songs.batchPut(keys.map(key => song(key.id, key)))
  t.deepEqual(put.unprocessedItems, [])
  t.is((await Songs.batchGet([...keys, { id: 'nobody', artist: 'x' }])).length, 20)
  await Songs.batchDelete(keys)
  t.is((await Songs.batchGet(keys)).length, 0)
})
