/** The AWS CLI and boto3, as Debian packages them. */
import { type ExecFileException, execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const INSTALL = fileURLToPath(new URL('../../scripts/debian-tools', import.meta.url))
export const AWS = '/usr/bin/aws'
export const PYTHON = '/usr/bin/python3'

export type Output = { code: number; stdout: string; stderr: string }

/** Installs the tools if that can be done. @returns why they are not here; undefined if they are */
export async function missingTools(): Promise<string | undefined> {
  const { code, stderr } = await run(INSTALL, [])
  return code === 0 ? undefined : stderr.trim()
}

/**
 * AVA's `test` if nothing is missing. Otherwise declares a test that says what is, which fails in CI and is skipped
 * elsewhere; the others are skipped.
 */
export function testUnless(missing: string | undefined): typeof test | typeof test.skip {
  if (missing === undefined) return test
  if (process.env.CI) test('the tools are here', t => t.fail(missing))
  else test.skip(missing, t => t.pass())
  return test.skip
}

/** What the tools need to know of their surroundings, and nothing else of ours. */
export function toolEnvironment(endpoint: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/bin:/bin',
    HOME: '/nonexistent',
    LANG: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    TAVOLA_ENDPOINT: endpoint,
    PYTHONDONTWRITEBYTECODE: '1',
  }
}

/** Runs a program to its end, however it ends. */
export function run(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Output> {
  return new Promise(resolve => {
    execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error: ExecFileException | null, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr: stderr || (error?.message ?? '') })
    })
  })
}
