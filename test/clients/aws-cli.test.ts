/** The AWS CLI from Debian: the tour that a newcomer takes. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startOwnApi } from '../api/api.ts'
import { tempFolder } from '../helpers/temp.ts'
import { AWS, missingTools, type Output, run, testUnless, toolEnvironment } from './tools.ts'

const toolTest = testUnless(await missingTools())

/** `aws dynamodb`, on an endpoint. */
function command(endpoint: string) {
  const aws = (...args: string[]): Promise<Output> =>
    run(AWS, ['dynamodb', ...args, '--endpoint-url', endpoint], toolEnvironment(endpoint))
  // biome-ignore lint/suspicious/noExplicitAny: looked into by the tests alone.
  const json = async (...args: string[]): Promise<any> => {
    const { code, stdout, stderr } = await aws(...args)
    if (code !== 0) throw new Error(stderr)
    return stdout === '' ? undefined : JSON.parse(stdout)
  }
  return { aws, json }
}

const table = ['--table-name', 'Music']
const artist = (name: string) => `{":artist":{"S":"${name}"}}`

toolTest('a table from its making to its end', async t => {
  const { node } = await startOwnApi(t)
  const { aws, json } = command(node.endpoint)
  const created = await json(
    'create-table',
    ...table,
    '--attribute-definitions',
    'AttributeName=Artist,AttributeType=S',
    'AttributeName=Song,AttributeType=S',
    '--key-schema',
    'AttributeName=Artist,KeyType=HASH',
    'AttributeName=Song,KeyType=RANGE',
    '--billing-mode',
    'PAY_PER_REQUEST',
  )
  t.is(created.TableDescription.TableStatus, 'CREATING')
  await json('wait', 'table-exists', ...table)
  t.deepEqual(await json('list-tables'), { TableNames: ['Music'] })
  t.is((await json('describe-table', ...table)).Table.TableStatus, 'ACTIVE')

  const happy = '{"Artist":{"S":"Pharrell"},"Song":{"S":"Happy"},"Year":{"N":"2013"},"Tags":{"SS":["soul"]}}'
  t.is(await json('put-item', ...table, '--item', happy), undefined)
  const got = await json(
    'get-item',
    ...table,
    '--consistent-read',
    '--key',
    '{"Artist":{"S":"Pharrell"},"Song":{"S":"Happy"}}',
  )
  t.deepEqual(got, { Item: JSON.parse(happy) })

  const folder = await tempFolder(t)
  const batch = join(folder, 'batch.json')
  const songs = Array.from({ length: 20 }, (_, i) => ({ Artist: { S: 'Nina' }, Song: { S: `Song ${i + 10}` } }))
  await writeFile(batch, JSON.stringify({ Music: songs.map(Item => ({ PutRequest: { Item } })) }))
  t.deepEqual(await json('batch-write-item', '--request-items', `file://${batch}`), { UnprocessedItems: {} })

  const query = ['query', ...table, '--key-condition-expression', 'Artist = :artist', '--expression-attribute-values']
  t.is((await json(...query, artist('Nina'), '--page-size', '6')).Items.length, 20)
  const first = await json(...query, artist('Nina'), '--max-items', '3', '--no-scan-index-forward')
  t.deepEqual(first.Items, songs.slice(-3).reverse())
  const next = await json(
    ...query,
    artist('Nina'),
    '--max-items',
    '3',
    '--no-scan-index-forward',
    '--starting-token',
    first.NextToken,
  )
  t.deepEqual(next.Items, songs.slice(-6, -3).reverse())

  const updated = await json(
    'update-item',
    ...table,
    '--key',
    '{"Artist":{"S":"Pharrell"},"Song":{"S":"Happy"}}',
    '--update-expression',
    'SET Plays = if_not_exists(Plays, :zero) + :one',
    '--expression-attribute-values',
    '{":zero":{"N":"0"},":one":{"N":"1"}}',
    '--return-values',
    'UPDATED_NEW',
  )
  t.deepEqual(updated, { Attributes: { Plays: { N: '1' } } })
  const scan = await json('scan', ...table, '--select', 'COUNT', '--return-consumed-capacity', 'TOTAL')
  t.is(scan.Count, 21)
  t.is(scan.ConsumedCapacity.TableName, 'Music')

  const refused = await aws(
    'put-item',
    ...table,
    '--item',
    happy,
    '--condition-expression',
    'attribute_not_exists(Artist)',
  )
  t.is(refused.code, 254)
  t.regex(
    refused.stderr,
    /An error occurred \(ConditionalCheckFailedException\) when calling the PutItem operation: The conditional request failed/,
  )

  t.is((await json('delete-table', ...table)).TableDescription.TableStatus, 'DELETING')
  await json('wait', 'table-not-exists', ...table)
  t.deepEqual(await json('list-tables'), { TableNames: [] })
})
