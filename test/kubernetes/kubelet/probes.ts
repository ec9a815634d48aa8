/** Whether a container is well, as its probes ask. */
import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container, Probe } from '../objects.ts'

export type Asked = {
  container: Container
  ip: string
  /** Runs a command in the container, and says whether it ended well in time. */
  execute(command: string[], timeoutMs: number): Promise<boolean>
}

/** Asks once. */
export async function probe({ timeoutSeconds = 1, ...probe }: Probe, asked: Asked): Promise<boolean> {
  const timeout = timeoutSeconds * 1000
  if (probe.exec) return asked.execute(probe.exec.command, timeout)
  if (probe.httpGet) return answers(asked.ip, portOf(probe.httpGet.port, asked.container), probe.httpGet.path, timeout)
  if (probe.tcpSocket) return listens(asked.ip, portOf(probe.tcpSocket.port, asked.container), timeout)
  return true
}

/** Asks again and again until aborted; `said` hears each time that a threshold is reached. */
export async function keepAsking(
  spec: Probe,
  asked: Asked,
  signal: AbortSignal,
  said: (well: boolean) => void,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = spec
  let [good, bad] = [0, 0]
  await pause(initialDelaySeconds, signal)
  while (!signal.aborted) {
    if (await probe(spec, asked)) [good, bad] = [good + 1, 0]
    else [good, bad] = [0, bad + 1]
    if (signal.aborted) return
    if (good >= successThreshold) said(true)
    else if (bad >= failureThreshold) said(false)
    await pause(periodSeconds, signal)
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => {})
}

function portOf(port: number | string, { ports = [] }: Container): number {
  return typeof port === 'number' ? port : (ports.find(({ name }) => name === port)?.containerPort ?? 0)
}

function answers(host: string, port: number, path: string | undefined, timeout: number): Promise<boolean> {
  return new Promise(resolve => {
    const asked = get({ host, port, path: path ?? '/', timeout, agent: false }, response => {
      response.resume()
      resolve(response.statusCode! >= 200 && response.statusCode! < 400)
    })
    asked.on('error', () => resolve(false))
    asked.on('timeout', () => asked.destroy())
  })
}

function listens(host: string, port: number, timeout: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
  })
}
