/**
 * Linux namespaces of the campaign's own: for network, mounts and processes. What is cut, filled and unplugged in there is
 * nobody else's, and all of it is gone when it ends, however it ends. Wants root.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

const INSIDE = 'TAVOLA_FAULTS_BOX'
const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

export const isInBox = process.env[INSIDE] === '1'

/** Runs this very program in the box. @returns its exit code; undefined if there can be no box here */
export async function inBox(): Promise<number | undefined> {
  try {
    execFileSync('unshare', [...UNSHARE, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const command = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...program]
  const child = spawn('unshare', [...UNSHARE, ...command], { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  // The terminal tells the program itself, which ends in order.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGKILL'))
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}
