/** A container's process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

export type Launched = {
  pid: number
  /** With its exit code; 128 and the signal's number if it was killed. */
  ended: Promise<number>
  /** It, and what it has started. */
  kill(signal: NodeJS.Signals): void
}

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = { SIGKILL: 137, SIGTERM: 143, SIGINT: 130 }
/** As a shell says of what it can't run. */
const CANNOT_RUN = 127

/** What it says is appended to the file `log`. */
export function launch(command: string[], env: NodeJS.ProcessEnv, log: string): Launched {
  const output = openSync(log, 'a')
  const [file, ...args] = command
  const child = spawn(file!, args, { env, stdio: ['ignore', output, output], detached: true })
  closeSync(output)
  const ended = new Promise<number>(resolve => {
    child.once('error', () => resolve(CANNOT_RUN))
    child.once('exit', (code, signal) => resolve(code ?? SIGNALS[signal!] ?? CANNOT_RUN))
  })
  return { pid: child.pid ?? 0, ended, kill: signal => killGroup(child, signal) }
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid) process.kill(-pid, signal)
  } catch {
    // It has ended.
  }
}
