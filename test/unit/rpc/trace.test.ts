import test from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { type Span, type Tracer, untraced } from '../../../server/base/tracer.ts'
import { RpcClient } from '../../../server/rpc/client.ts'
import { remoteLeader } from '../../../server/rpc/leader.ts'
import { startRpcServer } from '../../../server/rpc/server.ts'
import { clock } from '../replica/fakes.ts'
import { KEY, nodeWith, standin } from './standin.ts'

test('a trace goes on in the other process', async t => {
  const joined: string[] = []
  const span: Span = { child: () => span, parent: () => '00-aa-bb-01', end() {} }
  let traced = false
  const asking: Tracer = { ...untraced, current: () => (traced ? span : undefined) }
  const answering: Tracer = {
    ...untraced,
    join(parent, name, work) {
      joined.push(`${name} for ${parent}`)
      return work()
    },
  }
  const shared = { clock, logger: silent, tls: undefined }
  const options = { host: '127.0.0.1', port: 0, node: nodeWith(standin()), tracer: answering }
  const server = await startRpcServer({ ...shared, ...options })
  const client = new RpcClient({ ...shared, tracer: asking })
  t.teardown(async () => {
    client.close()
    await server.close()
  })
  const remote = remoteLeader(client, server.address, 'p')
  await remote.get(KEY)
  traced = true
  await remote.get(KEY)
  t.deepEqual(joined, ['get for 00-aa-bb-01'])
})
