/** Background duties of a cluster with several servers. */
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { LIFECYCLE_DUTY } from '../../../server/cluster/elected.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { makeWorld } from '../../helpers/world.ts'

/** Whatever else the machine does. */
const PATIENCE_MS = 30_000
const KEYS = Array.from({ length: 20 }, (_, i) => `key ${i}`)
const TABLE = {
  TableName: 'Table',
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${holds}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

test('backups and restores go on when the server that did them has gone', async t => {
  const world = makeWorld()
  t.teardown(world.close)
  for (const node of ['a', 'b', 'c']) await world.storage(node)
  const dataDir = await tempFolder(t)
  const servers = [await world.server({ dataDir }), await world.server({ dataDir })] as const
  const [first, second] = servers.map(({ endpoint }) => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const db = new DynamoDB({ endpoint, region: 'us-east-1', credentials })
    t.teardown(() => db.destroy())
    return db
  }) as [DynamoDB, DynamoDB]
  const worker = async () => (await world.metadata.get(LIFECYCLE_DUTY))?.value
  await first.createTable(TABLE)
  for (const pk of KEYS) await first.putItem({ TableName: 'Table', Item: { pk: { S: pk } } })
  // Asked of the one that does not work, done by the one that does.
  const { BackupDetails: backup } = await second.createBackup({ TableName: 'Table', BackupName: 'one' })
  const isThere = async () => {
    const { BackupDescription } = await second.describeBackup({ BackupArn: backup!.BackupArn })
    return BackupDescription!.BackupDetails!.BackupStatus === 'AVAILABLE'
  }
  const before = await worker()
  await eventually(isThere)
  const restored = { TargetTableName: 'Restored', BackupArn: backup!.BackupArn }
  await second.restoreTableFromBackup(restored)
  await servers[0].close()
  const isTaken = async () => {
    const now = await worker()
    return now !== undefined && now !== before
  }
  await eventually(isTaken)
  const status = async () => (await second.describeTable({ TableName: 'Restored' })).Table!.TableStatus
  await eventually(async () => (await status()) === 'ACTIVE')
  t.is((await second.scan({ TableName: 'Restored', ConsistentRead: true })).Count, KEYS.length)
})
