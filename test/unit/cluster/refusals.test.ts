/** What keeps the real program from starting: one sentence on stderr, exit code 1, and nothing changed. */
import { chmod, copyFile, mkdir, open, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import test, { type ExecutionContext } from 'ava'
import { startTestNode } from '../../helpers/node.ts'
import { launchTavola, spawnTavola } from '../../helpers/process.ts'
import { tempFolder } from '../../helpers/temp.ts'

async function refuses(t: ExecutionContext, args: string[], sentence: RegExp): Promise<void> {
  const launched = launchTavola(args)
  const { code } = await Promise.race([launched.exit, launched.ready.then(() => launched.kill())])
  t.is(code, 1)
  t.regex(launched.stderr(), /^tavola: [^\n]+\n$/, 'one sentence')
  t.regex(launched.stderr(), sentence)
  t.is(launched.stdout(), '')
}

/** A data folder with a table of one item in it. */
async function dataFolder(t: ExecutionContext): Promise<string> {
  const dataDir = join(await tempFolder(t), 'data')
  const node = await startTestNode({ dataDir })
  t.teardown(node.close)
  const client = node.client()
  await client.send(
    new CreateTableCommand({
      TableName: 'Table',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  await client.send(new PutItemCommand({ TableName: 'Table', Item: { id: { S: 'a' } } }))
  await node.close()
  return dataDir
}

async function fileIn(dataDir: string, folder: string, name: RegExp): Promise<string> {
  const files = (await readdir(join(dataDir, folder))).filter(file => name.test(file)).sort()
  return join(dataDir, folder, files[0]!)
}

function setFormat(path: string, format: number): void {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA user_version = ${format}`)
  database.close()
}

test('a folder that another process uses; the other one goes on', async t => {
  const dataDir = await dataFolder(t)
  const first = await spawnTavola(['--data-dir', dataDir])
  await refuses(
    t,
    ['--data-dir', dataDir],
    /metadata\.db is in use: another Tavola process is running on this data folder/,
  )
  t.is((await fetch(`${first.endpoint}/healthz`)).status, 200)
  await first.kill('SIGKILL')
  const second = await spawnTavola(['--data-dir', dataDir])
  t.deepEqual(await second.kill(), { code: 0, signal: null })
})

test('a port in use', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const dataDir = await tempFolder(t)
  const sentence = new RegExp(`Port ${port} on 127.0.0.1 is in use; choose another one with --port`)
  await refuses(t, ['--port', `${port}`, '--data-dir', dataDir], sentence)
})

test('an address that is not ours', async t => {
  await refuses(t, ['--host', '192.0.2.1', '--in-memory'], /Cannot listen on 192\.0\.2\.1/)
})

test('a data folder that is a file, or lies under one', async t => {
  const file = join(await tempFolder(t), 'file')
  await writeFile(file, '')
  await refuses(t, ['--data-dir', file], /The data folder \S+ cannot be used: /)
  await refuses(t, ['--data-dir', join(file, 'data')], /The data folder \S+ cannot be used: /)
})

test('a data folder without the rights to it', async t => {
  if (process.getuid?.() === 0) return void t.pass('root may do anything')
  const dataDir = await tempFolder(t)
  await chmod(dataDir, 0o500)
  await refuses(t, ['--data-dir', dataDir], /The data folder \S+ cannot be used: /)
})

test('metadata that a newer Tavola wrote, that is no database, or no file', async t => {
  const dataDir = await dataFolder(t)
  const file = join(dataDir, 'metadata.db')
  await copyFile(file, `${file}.kept`)
  setFormat(file, 99)
  await refuses(
    t,
    ['--data-dir', dataDir],
    /metadata\.db was written by a newer Tavola \(format 99, this one reads up to 1\)/,
  )
  await writeFile(file, 'something else '.repeat(1000))
  await refuses(t, ['--data-dir', dataDir], /metadata\.db cannot be opened: file is not a database/)
  await rm(file)
  await mkdir(file)
  await refuses(t, ['--data-dir', dataDir], /metadata\.db cannot be opened: /)
})

test('a partition file that a newer Tavola wrote, that is no database, or of another partition', async t => {
  const dataDir = await dataFolder(t)
  const file = await fileIn(dataDir, 'partitions', /\.db$/)
  setFormat(file, 99)
  await refuses(t, ['--data-dir', dataDir], /partitions\/[0-9a-f-]+\.db is of a newer Tavola \(format 99/)
  await writeFile(file, 'something else '.repeat(1000))
  await refuses(t, ['--data-dir', dataDir], /The partition file \S+\.db cannot be read: file is not a database/)
  const other = await dataFolder(t)
  await copyFile(await fileIn(other, 'partitions', /\.db$/), file)
  await refuses(t, ['--data-dir', dataDir], /\.db belongs to partition [0-9a-f-]+, not to [0-9a-f-]+/)
})

test('a log of a newer Tavola, and a damaged one', async t => {
  const dataDir = await dataFolder(t)
  const file = await fileIn(dataDir, 'log', /\.log$/)
  await overwrite(file, 7, Buffer.of(9))
  await refuses(
    t,
    ['--data-dir', dataDir],
    /\.log was written by a newer Tavola \(log format 9, this one reads up to 1\)/,
  )
  await overwrite(file, 7, Buffer.of(1))
  await overwrite(file, 8 + 32 + 26 + 3, Buffer.from('damage'))
  await refuses(t, ['--data-dir', dataDir], /The log file \S+\.log is damaged at byte 8: what follows it is intact/)
})

async function overwrite(path: string, offset: number, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, offset)
  await file.close()
}

test('a log that ends before what the partition file has applied, and one that is not there', async t => {
  const dataDir = await dataFolder(t)
  const file = await fileIn(dataDir, 'log', /\.log$/)
  await truncate(file, 490)
  await refuses(
    t,
    ['--data-dir', dataDir, '--log-level', 'error'],
    /The partition file \S+\.db and its log disagree: the file has applied entry \d+, the log ends at \d+/,
  )
})

test('partitions without the metadata that names them', async t => {
  const dataDir = await dataFolder(t)
  const file = join(dataDir, 'metadata.db')
  await rename(file, `${file}.away`)
  await refuses(t, ['--data-dir', dataDir], /metadata\.db is missing, though \S+partitions holds data: restore it/)
  t.is((await readdir(join(dataDir, 'partitions'))).length, 1)
})

test('what was refused once starts when its cause is gone', async t => {
  const dataDir = await dataFolder(t)
  const file = await fileIn(dataDir, 'partitions', /\.db$/)
  setFormat(file, 99)
  await refuses(t, ['--data-dir', dataDir], /newer Tavola/)
  setFormat(file, 4)
  const node = await startTestNode({ dataDir })
  t.teardown(node.close)
  const found = await node.client().send(new GetItemCommand({ TableName: 'Table', Key: { id: { S: 'a' } } }))
  t.deepEqual(found.Item, { id: { S: 'a' } })
})
