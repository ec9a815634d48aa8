/** Both ends show certificates, and talk to nobody who can't. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import type { Tls } from '../../../server/rpc/tls.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { KEY, standin } from './standin.ts'
import { connect } from './wire.ts'

const openssl = (folder: string, ...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder })

/** An authority, and a certificate that it has signed for 127.0.0.1. */
async function issue(folder: string, name: string): Promise<Tls> {
  const days = ['-days', '2']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const [ca, node] = [`${name}-ca`, `${name}-node`]
  await openssl(
    folder,
    'req',
    '-x509',
    ...key,
    ...days,
    '-subj',
    `/CN=${ca}`,
    '-keyout',
    `${ca}.key`,
    '-out',
    `${ca}.pem`,
  )
  await openssl(folder, 'req', ...key, '-subj', '/CN=node', '-keyout', `${node}.key`, '-out', `${node}.csr`)
  await writeFile(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1')
  const signing = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', 'san']
  await openssl(folder, 'x509', '-req', '-in', `${node}.csr`, ...signing, ...days, '-out', `${node}.pem`)
  const read = (file: string) => readFile(join(folder, file))
  return { ca: await read(`${ca}.pem`), certificate: await read(`${node}.pem`), key: await read(`${node}.key`) }
}

test('nodes talk to nodes of their own authority', async t => {
  const folder = await makeTempFolder()
  t.teardown(folder.remove)
  const [ours, theirs] = [await issue(folder.path, 'ours'), await issue(folder.path, 'theirs')]
  const friend = await connect(standin(), { tls: ours })
  t.teardown(friend.close)
  t.regex(friend.server.address, /^https:/)
  t.is(await friend.remote().get(KEY), undefined)
  for (const clientTls of [theirs, { ...theirs, ca: ours.ca }]) {
    const stranger = await connect(standin(), { tls: ours, clientTls })
    t.teardown(stranger.close)
    await t.throwsAsync(async () => stranger.remote().get(KEY), { instanceOf: NotLeading })
    t.is(stranger.server.connections(), 0)
  }
})
