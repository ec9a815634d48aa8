/** A real S3 server, on a free port of this machine. */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeTempFolder } from './temp.ts'

export type TestS3 = { endpoint: string; close(): Promise<void> }

const ACCESS_KEY = 'tavola'
const SECRET_KEY = 'tavola-secret'

/** Starts `program`, as scripts/s3-server prints it. The credentials are put where the SDK looks for them. */
export async function startS3(program: string, buckets: string[]): Promise<TestS3> {
  const folder = await makeTempFolder()
  for (const bucket of buckets) await mkdir(join(folder.path, bucket))
  process.env.AWS_ACCESS_KEY_ID = ACCESS_KEY
  process.env.AWS_SECRET_ACCESS_KEY = SECRET_KEY
  const port = await freePort()
  const access = ['--access', ACCESS_KEY, '--secret', SECRET_KEY]
  const options = ['--port', `127.0.0.1:${port}`, ...access, '--quiet', 'posix', '--nometa', folder.path]
  const child = spawn(program, options, { stdio: 'ignore' })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const close = async () => {
    kill()
    await ended
    process.off('exit', kill)
    await folder.remove()
  }
  const endpoint = `http://127.0.0.1:${port}`
  for (let i = 0; i < 200; i++) {
    if (await fetch(endpoint).catch(() => undefined)) return { endpoint, close }
    await sleep(50)
  }
  await close()
  throw new Error('the S3 server does not answer')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve((address as { port: number }).port))
    })
  })
}
