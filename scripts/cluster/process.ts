/** A server program as a child process that tests stop, freeze and bring back; none outlives this process, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 20

/** Kills what it was told of when its input ends: also when this process could not say farewell. */
const REAPER = `
pids=""
while read -r sign pid; do
  case $sign in
    +) pids="$pids $pid" ;;
    -) pids=$(for p in $pids; do [ "$p" = "$pid" ] || printf ' %s' "$p"; done) ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null`

const running = new Set<ChildProcess>()
let reaper: ChildProcess | undefined

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const])
  // Whoever stops things in order does so in a listener of its own, and exits then.
  process.on(signal, () => process.listenerCount(signal) === 1 && process.exit(code))

function tellReaper(sign: '+' | '-', pid: number): void {
  if (!reaper) {
    // Away from the terminal's Ctrl-C.
    reaper = spawn('/bin/sh', ['-c', REAPER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    reaper.unref()
    const input = reaper.stdin as unknown as { unref(): void }
    input.unref()
  }
  reaper.stdin!.write(`${sign} ${pid}\n`)
}

export type Program = {
  name: string
  command: string[]
  /** Where all that it says is appended. */
  log: string
  /** Whether it serves. May fail as long as it does not. */
  ready(): Promise<boolean>
  /** How long that may take; half a minute unless told. */
  patienceMs?: number
  /** Beside this process's own. */
  environment?: NodeJS.ProcessEnv
}

export class Server {
  readonly name: string
  readonly #program: Program
  #child: ChildProcess | undefined

  constructor(program: Program) {
    this.name = program.name
    this.#program = program
  }

  /** Undefined while it is stopped. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it, and does not wait until it serves. */
  launch(): void {
    const [file, ...args] = this.#program.command
    const env = { ...process.env, ...this.#program.environment }
    // A group of its own, so that a Ctrl-C reaches it only by whoever stops all in order.
    const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env })
    const output = createWriteStream(this.#program.log, { flags: 'a' })
    // Its disk may be away.
    output.on('error', () => {})
    child.stdout.pipe(output, { end: false })
    child.stderr.pipe(output, { end: false })
    child.once('close', () => output.end())
    child.once('error', () => this.#ended(child))
    child.once('exit', () => this.#ended(child))
    this.#child = child
    running.add(child)
    if (child.pid !== undefined) tellReaper('+', child.pid)
  }

  /** Resolves once it serves. Errors: it ended, or does not serve in time. */
  async serves(): Promise<void> {
    const { patienceMs = START_TIMEOUT_MS } = this.#program
    for (const end = performance.now() + patienceMs; performance.now() < end; await sleep(POLL_MS)) {
      if (!this.#child) throw new Error(`${this.name} ended; ${this.#program.log} has what it said`)
      if (await this.isServing()) return
    }
    throw new Error(`${this.name} does not serve; ${this.#program.log} has what it said`)
  }

  /** Whether it runs, and serves just now. */
  async isServing(): Promise<boolean> {
    return this.#child !== undefined && (await this.#program.ready().catch(() => false))
  }

  async start(): Promise<void> {
    this.launch()
    await this.serves()
  }

  /** Ends it, by SIGKILL if it does not heed the signal. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child) return
    const exit = once(child, 'exit')
    child.kill(signal)
    // One that is frozen heeds nothing else.
    child.kill('SIGCONT')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await exit
    clearTimeout(timer)
  }

  /** As a crash of the process. */
  kill(): Promise<void> {
    return this.stop('SIGKILL')
  }

  /** It stands still, as a machine that is out of breath, until `resume`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  #ended(child: ChildProcess): void {
    running.delete(child)
    if (child.pid !== undefined) tellReaper('-', child.pid)
    if (this.#child === child) this.#child = undefined
  }
}
