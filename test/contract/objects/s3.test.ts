import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { S3Buckets, S3Connection, S3ObjectStore } from '../../../server/objects/s3/s3.ts'
import { run, testUnless } from '../../clients/tools.ts'
import { startS3 } from '../../helpers/s3.ts'
import { objectsContract } from './contract.ts'

const SCRIPT = fileURLToPath(new URL('../../../scripts/s3-server', import.meta.url))

const { code, stdout, stderr } = await run(SCRIPT, ['present'])
const s3 = code === 0 ? await startS3(stdout.trim(), ['present']) : undefined
if (s3) {
  test.after.always(s3.close)
  objectsContract(async t => {
    const connection = new S3Connection({ endpoint: s3.endpoint, region: 'us-east-1' })
    t.teardown(() => connection.close())
    const prefix = `${randomUUID()}/`
    const reopen = () => new S3ObjectStore(connection, 'present', prefix)
    return { objects: reopen(), buckets: new S3Buckets(connection), reopen }
  })
} else testUnless(stderr.trim())
