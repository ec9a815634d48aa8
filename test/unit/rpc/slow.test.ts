/** Who is slow, or away, is known without waiting for it again. */
import test from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { RpcClient } from '../../../server/rpc/client.ts'
import { remoteReader } from '../../../server/rpc/leader.ts'
import { clock, until } from '../replica/fakes.ts'
import { KEY, listen, nodeWith, upgraded } from './standin.ts'
import { connect } from './wire.ts'

test('one that is asked and says nothing is slow; one that answers, or is not asked, is not', async t => {
  const client = new RpcClient({ tls: undefined, clock, tracer: untraced, logger: silent })
  t.teardown(() => client.close())
  const frozen = await listen(
    t,
    upgraded(() => {}),
  )
  t.false(client.isSlow(frozen.address))
  const asked = Promise.resolve(remoteReader(client, frozen.address, 'p').get(KEY)).catch(() => {})
  t.false(client.isSlow(frozen.address))
  await until(() => client.isSlow(frozen.address))
  const wire = await connect(undefined, { node: nodeWith(undefined) })
  t.teardown(wire.close)
  await t.throwsAsync(async () => remoteReader(client, wire.server.address, 'p').get(KEY))
  await new Promise(resolve => setTimeout(resolve, 300))
  t.false(client.isSlow(wire.server.address))
  client.close()
  await asked
})
