/** The image's steps in clean roots, and what is in the last one run as in a pod. `npm run e2e:image` does it, as root on Linux. */
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { makeTempFolder } from '../helpers/temp.ts'
import { build, contained, entrypointOf, NODE_UID, sizeOf, whyNot } from './roots.ts'

const TIMEOUT_MS = 900_000
const PORT = 24_800
const isWhole = process.env.TAVOLA_TEST_E2E === '1'
const reason = isWhole ? whyNot() : 'npm run e2e:image makes the image and runs it'

/** Loads every file of it: what is missing is not there when it is needed. */
const LOAD_ALL = `
  const { readdirSync } = await import('node:fs')
  const files = ['server', 'operator'].flatMap(folder =>
    readdirSync('/app/' + folder, { recursive: true }).map(name => '/app/' + folder + '/' + name))
    .filter(name => !name.includes('node_modules'))
  // A thread's own file wants to be one.
  const modules = files.filter(name => name.endsWith('.ts') && !name.endsWith('-thread.ts'))
  for (const name of modules) await import(name)
  console.log(modules.length)
`

if (reason === undefined) {
  let folder: Awaited<ReturnType<typeof makeTempFolder>>
  let root: string
  let data: string

  test.before(async t => {
    t.timeout(TIMEOUT_MS)
    folder = await makeTempFolder()
    root = await build(folder.path)
    data = join(folder.path, 'data')
    mkdirSync(data)
    chownSync(data, NODE_UID, NODE_UID)
    const sizes = [
      'app/node_modules',
      'app/operator/node_modules',
      'app/server',
      'app/operator',
      'usr/local/bin/node',
    ].map(path => `${path} ${(sizeOf(root, path) / 1e6).toFixed(1)} MB`)
    t.log(sizes.join(', '))
  })

  test.after.always(() => folder?.remove())

  const ran = (...command: string[]) => {
    const [file, ...args] = contained(root, data, command)
    return spawnSync(file!, args, { encoding: 'utf8', env: { PATH: process.env.PATH, NODE_ENV: 'production' } })
  }
  const node = '/usr/local/bin/node'

  test('there is the program, and nothing that builds or is for tests', t => {
    t.deepEqual(readdirSync(join(root, 'app')).sort(), [
      ...['LICENSE', 'bin', 'node_modules', 'operator', 'package.json', 'server'],
    ])
    const packages = readdirSync(join(root, 'app/node_modules'))
    for (const name of ['typescript', 'ava', '@biomejs', 'node', 'fast-check']) t.false(packages.includes(name), name)
    t.deepEqual(readdirSync(join(root, 'usr/bin')), [], 'the played base has no tools: none is needed')
  })

  test('every file of it loads, with what is installed', t => {
    const { stdout, stderr } = ran(node, '--input-type=module', '-e', LOAD_ALL)
    t.true(Number(stdout) > 100, stderr)
  })

  test('each role is there, and says what it needs', t => {
    for (const role of ['server', 'storage', 'operator']) {
      const { status, stderr } = ran(...entrypoint(), role)
      t.is(status, 1, role)
      t.regex(stderr, /--etcd.* must be given/)
    }
  })

  test('it can write to its data alone, and is nobody special', t => {
    const script = `
      const { writeFileSync } = require('node:fs')
      const tried = ['/app/x', '/etc/x', '/data/x'].map(path => {
        try { writeFileSync(path, ''); return 'written' } catch ({ code }) { return code }
      })
      console.log(JSON.stringify([process.getuid(), process.getgid(), ...tried]))`
    t.deepEqual(JSON.parse(ran(node, '-e', script).stdout), [NODE_UID, NODE_UID, 'EROFS', 'EROFS', 'written'])
  })

  test('it serves, keeps what was written, and ends when it is asked to', async t => {
    t.timeout(TIMEOUT_MS)
    const Item = { id: { S: 'one' } }
    for (const isFirst of [true, false]) {
      const db = clientOf(PORT)
      const [file, ...args] = contained(root, data, [...entrypoint(), '--data-dir=/data', `--port=${PORT}`])
      const server = spawn(file!, args, { stdio: 'inherit', env: { PATH: process.env.PATH, NODE_ENV: 'production' } })
      const ended = new Promise<number | null>(resolve => server.once('exit', resolve))
      try {
        const began = performance.now()
        for (const end = began + 60_000; !(await answers()) && performance.now() < end; ) await sleep(50)
        t.log(`it serves after ${Math.round(performance.now() - began)} ms`)
        if (isFirst) {
          await db.createTable({
            TableName: 'Table',
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          })
          await db.putItem({ TableName: 'Table', Item })
        }
        t.deepEqual((await db.getItem({ TableName: 'Table', Key: Item })).Item, Item)
      } finally {
        db.destroy()
        // The first process in there, as a container's: signals come to it.
        const inside = spawnSync('pgrep', ['-P', String(server.pid)], { encoding: 'utf8' }).stdout.trim()
        process.kill(Number(inside), 'SIGTERM')
      }
      t.is(await ended, 0)
    }
  })
} else test.skip(reason, t => t.pass())

function entrypoint(): string[] {
  return entrypointOf().map(word => (word === 'node' ? '/usr/local/bin/node' : word))
}

async function answers(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${PORT}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )
}

function clientOf(port: number): DynamoDB {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return new DynamoDB({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials })
}
