/** Both ends show certificates, and talk to nobody who can't. */
import test from 'ava'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { issue, read } from '../../helpers/certificates.ts'
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
