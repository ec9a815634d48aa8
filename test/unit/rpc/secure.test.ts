/** Both ends show certificates, and talk to nobody who can't. */
import test from 'ava'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { issue, issueAnother, read } from '../../helpers/certificates.ts'
import { makeTempFolder } from '../../helpers/temp.ts'
import { KEY, standin } from './standin.ts'
import { connect } from './wire.ts'

test('nodes talk to nodes of their own authority', async t => {
  const folder = await makeTempFolder()
  t.teardown(folder.remove)
  const [ours, theirs] = [await read(await issue(folder.path, 'ours')), await read(await issue(folder.path, 'theirs'))]
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

test('one whose address is in no certificate is known by a name that it shares with us', async t => {
  const folder = await makeTempFolder()
  t.teardown(folder.remove)
  const names = ['DNS:storage.example', 'DNS:tavola.example']
  const tls = await read(await issue(folder.path, 'ours', names))
  const another = async (...names: string[]) => read(await issueAnother(folder.path, 'ours', names[0]!.slice(4), names))
  const renewed = await another('DNS:tavola.example', 'DNS:new.example')
  for (const clientTls of [tls, renewed]) {
    const friend = await connect(standin(), { tls, clientTls })
    t.teardown(friend.close)
    t.is(await friend.remote().get(KEY), undefined)
  }
  const other = await connect(standin(), { tls, clientTls: await another('DNS:other.example') })
  t.teardown(other.close)
  await t.throwsAsync(async () => other.remote().get(KEY), { instanceOf: NotLeading })
  t.is(other.server.connections(), 0)
})
