/**
 * A real Kubernetes without containers: API server, controllers, scheduler and kubectl, built by Go from this folder's module, and
 * helm. Programs in the folder that `KUBEBUILDER_ASSETS` names, as for Kubernetes' own envtest, go before those built here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Fetch, fetched, present, run } from '../cache.ts'
import { type Binaries, binaries, binariesHere } from '../cluster/binaries.ts'
import { goProgram } from '../goprogram.ts'

const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const

export type KubernetesBinaries = Binaries & Record<(typeof PROGRAMS)[number], string>

const SOURCE = fileURLToPath(new URL('.', import.meta.url))
const [, KUBERNETES_VERSION = ''] = /k8s.io\/kubernetes v(\S+)/.exec(readFileSync(join(SOURCE, 'go.mod'), 'utf8')) ?? []
const KUBERNETES: Fetch = {
  name: 'kubernetes',
  version: KUBERNETES_VERSION,
  from: 'the Go module proxy, by go, which compiles for ten minutes',
  fetch: build,
}
const HELM = goProgram('helm', '4.3.1', 'helm.sh/helm/v4/cmd/helm')

/** Paths of all programs, fetched if they are not here yet. Errors: they can't be had, with what is missing. */
export async function kubernetesBinaries(say: (line: string) => void): Promise<KubernetesBinaries> {
  const cluster = await binaries(say)
  try {
    const kubernetes = areAssets() ? '' : await fetched('kubernetes', KUBERNETES, say)
    return { ...cluster, ...pathsOf(kubernetes) }
  } catch (error) {
    throw new Error(`Kubernetes is not here, and can't be built: ${(error as Error).message}. Have Go 1.26.`)
  }
}

/** The same if they are here. Errors: they are not. */
export function kubernetesBinariesHere(): KubernetesBinaries {
  const kubernetes = areAssets() ? '' : present('kubernetes', KUBERNETES)
  if (kubernetes === undefined)
    throw new Error('Kubernetes is not here: npm run fetch:kubernetes builds it in ten minutes, with Go 1.26')
  return { ...binariesHere(), ...pathsOf(kubernetes) }
}

/** The path of helm, fetched if it is not here yet. Errors: it can't be had. */
export async function helmBinary(say: (line: string) => void): Promise<string> {
  return join(await fetched('kubernetes', HELM, say), 'helm')
}

/** The same if it is here. Errors: it is not. */
export function helmBinaryHere(): string {
  const helm = present('kubernetes', HELM)
  if (helm === undefined) throw new Error('helm is not here: npm run fetch:kubernetes builds it, with Go 1.26')
  return join(helm, 'helm')
}

function pathsOf(kubernetes: string): Omit<KubernetesBinaries, keyof Binaries> {
  const paths = PROGRAMS.map(name => [name, asset(name) ?? join(kubernetes, name)])
  return Object.fromEntries(paths)
}

function areAssets(): boolean {
  return PROGRAMS.every(name => asset(name) !== undefined)
}

function asset(name: string): string | undefined {
  const folder = process.env.KUBEBUILDER_ASSETS
  return folder && existsSync(join(folder, name)) ? join(folder, name) : undefined
}

/** One program that goes by four names. Without its version Kubernetes would say v0.0.0, which charts refuse. */
async function build(home: string): Promise<void> {
  const [major, minor] = KUBERNETES_VERSION.split('.')
  const said = { gitVersion: `v${KUBERNETES_VERSION}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const version = Object.entries(said).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  const program = join(home, 'kubernetes')
  const flags = ['-trimpath', '-ldflags', ['-s', '-w', ...version].join(' ')]
  await run('go', ['build', ...flags, '-o', program, '.'], { cwd: SOURCE, env: { ...process.env, CGO_ENABLED: '0' } })
  for (const name of PROGRAMS) await symlink('kubernetes', join(home, name))
}
