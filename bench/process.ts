/** Processes of the bench, each on the core meant for it; none of them, and no folder of theirs, outlives the bench. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ask } from './client.ts'
import type { FillTask, LoadResult, LoadTask, RunTask } from './load.ts'

/** Servers take turns on one core; the load generator and this process share the other. */
const SERVER_CORE = '0'
const LOAD_CORE = '1'

const START_TIMEOUT_MS = 60_000
const END_TIMEOUT_MS = 15_000
/** Of one task of load, beside the seconds it is to take: a fill of millions needs a while. */
const LOAD_TIMEOUT_MS = { run: 120_000, fill: 3_600_000 }
const POLL_MS = 2

export type Server = {
  port: number
  process: ChildProcess
  /** Why it has ended, and the last of what it said; undefined while it runs. */
  ended(): string | undefined
}

const running = new Set<ChildProcess>()
const folders = new Set<string>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const])
  process.on(signal, () => process.exit(code))

const PINNED = pinSelf()

/** Keeps this process off the servers' core, where the system can. What it starts inherits that. */
function pinSelf(): boolean {
  if (process.env.BENCH_CORES === 'shared') return false
  if (process.platform !== 'linux' || availableParallelism() < 2) return false
  try {
    execFileSync('taskset', ['-acp', LOAD_CORE, String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Whether servers and load have a core each; without that the figures say little. */
export function isPinned(): boolean {
  return PINNED
}

/** An empty folder, which is removed by `drop` or when the bench ends. `parent` chooses the disk. */
export async function makeFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'tavola-bench-'))
  folders.add(folder)
  return folder
}

export async function drop(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  folders.delete(folder)
}

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return address.port
}

/** Starts a server and waits for its first answer to ListTables. Errors: it ended, or does not answer within a minute. */
export async function startServer(port: number, command: string[], cwd: string): Promise<Server & { startMs: number }> {
  const [file, ...args] = PINNED ? ['taskset', '-c', SERVER_CORE, ...command] : command
  const begin = performance.now()
  const child = spawn(file!, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  const keep = (text: string) => (output = (output + text).slice(-4000))
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  let failure: string | undefined
  child.once('error', error => (failure = error.message))
  child.once('exit', (code, signal) => {
    failure = `it ended with ${signal ?? code}`
    running.delete(child)
  })
  const server = { port, process: child, ended: () => failure && `${failure}\n${output}` }
  for (const end = begin + START_TIMEOUT_MS; performance.now() < end; await sleep(POLL_MS)) {
    if (failure !== undefined) throw new Error(server.ended())
    if (await answers(port)) return { ...server, startMs: performance.now() - begin }
  }
  await endServer(server)
  throw new Error(`it did not answer within ${START_TIMEOUT_MS / 1000} s\n${output}`)
}

/** One that takes the question, and then says nothing, does not answer. */
async function answers(port: number): Promise<boolean> {
  const answer = ask(port, 'ListTables', {}).then(
    () => true,
    () => false,
  )
  return Promise.race([answer, sleep(START_TIMEOUT_MS, false, { ref: false })])
}

/** Asks the server to end, and makes it if it does not. */
export async function endServer({ process: child }: Server): Promise<void> {
  if (!running.has(child)) return
  const ended = once(child, 'exit')
  child.kill()
  const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}

/** Resident memory in MB (2^20 bytes); undefined where the system does not show it as Linux does. */
export function residentMb(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
}

/** Moves processes of which another part of this one is the parent to the servers' core. */
export function pinToServers(pids: number[]): void {
  if (PINNED) for (const pid of pids) execFileSync('taskset', ['-acp', SERVER_CORE, String(pid)], { stdio: 'ignore' })
}

/** Microseconds of CPU that the processes have used, all their threads together. */
export function cpuMicroseconds(pids: number[]): number {
  const ids = pids.flatMap(pid => readdirSync(`/proc/${pid}/task`).map(id => threadMicroseconds(pid, id)))
  return ids.reduce((a, b) => a + b, 0)
}

/** The same of the thread alone that a process began with: in a server, the one that takes requests. */
export function mainThreadMicroseconds(pid: number): number {
  return threadMicroseconds(pid, String(pid))
}

function threadMicroseconds(pid: number, id: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1000
  } catch {
    // It has ended meanwhile.
    return 0
  }
}

const LOAD = fileURLToPath(new URL('./load.ts', import.meta.url))

/** One turn of load, in a process of its own. Errors: what that process says. */
export async function load(task: RunTask): Promise<LoadResult>
export async function load(task: FillTask): Promise<{ items: number }>
export async function load(task: LoadTask): Promise<object> {
  const working = promisify(execFile)(process.execPath, [LOAD, JSON.stringify(task)], {
    timeout: LOAD_TIMEOUT_MS[task.kind] + ('seconds' in task ? Math.ceil(task.seconds * 1000) : 0),
  })
  running.add(working.child)
  try {
    return JSON.parse((await working).stdout) as object
  } catch (error) {
    throw new Error(reasonOf((error as { stderr?: string }).stderr ?? '') ?? String(error))
  } finally {
    running.delete(working.child)
  }
}

/** The line of a stack trace that says what happened. */
function reasonOf(stderr: string): string | undefined {
  return /^(?:\w*Error|Refusal): (.*)/m.exec(stderr)?.[1]
}
