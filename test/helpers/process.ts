/** The real program, as a process of its own. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../bin/tavola.js', import.meta.url))

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

export type LaunchOptions = {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** In a process group of its own, so that a Ctrl-C in the terminal does not reach it. */
  detached?: boolean
  /** A role of its own, and what belongs to it. */
  command?: string[]
  /** Another program than `bin/tavola.js` that takes the same options and greets in the same way. */
  main?: string
}

export type LaunchedTavola = {
  pid: number
  /** The endpoint that it greets with. Rejects, with what it wrote to stderr, if it ends before. */
  ready: Promise<string>
  /** Resolves when the process has ended and all of its output is here. */
  exit: Promise<Exit>
  /** Sends a signal, SIGTERM unless told, and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<Exit>
  stdout(): string
  stderr(): string
}

export type TavolaProcess = LaunchedTavola & { endpoint: string }

const running = new Set<LaunchedTavola>()
// A test process that ends leaves nothing behind.
process.on('exit', () => {
  for (const { pid } of running) process.kill(pid, 'SIGKILL')
})

/** Starts `bin/tavola.js` on a free port, unless `args` or `command` name one; does not wait for it. */
export function launchTavola(args: string[] = [], options: LaunchOptions = {}): LaunchedTavola {
  const { env, cwd, detached = false, main = MAIN, command = ['--port', '0'] } = options
  const child = spawn(process.execPath, [main, ...command, ...args], {
    cwd,
    detached,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const endpoint = /on (http:\/\/\S+)/.exec(stdout)?.[1]
      if (endpoint) resolve(endpoint)
    })
    exit.then(({ code, signal }) => reject(new Error(`tavola ended (${signal ?? code}) before it served:\n${stderr}`)))
  })
  // Who only wants to see it end need not look at it.
  ready.catch(() => {})
  const kill = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return exit
  }
  const launched = { pid: child.pid!, ready, exit, kill, stdout: () => stdout, stderr: () => stderr }
  running.add(launched)
  exit.finally(() => running.delete(launched))
  return launched
}

/** As `launchTavola`, once it serves. Errors: it ended before that. */
export async function spawnTavola(args: string[] = [], options: LaunchOptions = {}): Promise<TavolaProcess> {
  const launched = launchTavola(args, options)
  return { ...launched, endpoint: await launched.ready }
}
