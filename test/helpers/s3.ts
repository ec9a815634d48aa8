/** A server that speaks S3, in the test's own process, on a free port of this machine. */

import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { makeTempFolder } from './temp.ts'

type Server = { close(): Promise<void>; run(): Promise<AddressInfo> }
type Options = {
  address: string
  port: number
  silent: boolean
  directory: string
  allowMismatchedSignatures: boolean
  configureBuckets: { name: string }[]
}

const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as new (options: Options) => Server

export type TestS3 = { endpoint: string; close(): Promise<void> }

/** Its credentials are put where the SDK looks for them. */
export async function startS3(buckets: string[]): Promise<TestS3> {
  const folder = await makeTempFolder()
  process.env.AWS_ACCESS_KEY_ID = 'S3RVER'
  process.env.AWS_SECRET_ACCESS_KEY = 'S3RVER'
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: folder.path,
    // It works out another signature than AWS for requests on a bucket as such.
    allowMismatchedSignatures: true,
    configureBuckets: buckets.map(name => ({ name })),
  })
  const { port } = await server.run()
  const close = async () => {
    await server.close()
    await folder.remove()
  }
  return { endpoint: `http://127.0.0.1:${port}`, close }
}
