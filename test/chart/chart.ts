/** The chart as helm renders it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { helmBinaryHere } from '../../scripts/kubernetes/binaries.ts'

export const CHART = fileURLToPath(new URL('../../helm/tavola', import.meta.url))

export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: of any kind; tests look where they know what is there.
  spec?: any
}

/** `set`: as for `--set`. Errors: what helm says. */
export async function helm(command: string[], set: string[] = []): Promise<string> {
  const args = [...command, ...set.flatMap(value => ['--set', value])]
  const { stdout } = await promisify(execFile)(helmBinaryHere(), args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** All objects, hooks included, of a release `shop` in the namespace `data`. */
export async function render(...set: string[]): Promise<Manifest[]> {
  const text = await helm(['template', 'shop', CHART, '--namespace', 'data', '--kube-version', '1.36.0'], set)
  return parseAllDocuments(text).flatMap(document => (document.toJS() as Manifest | null) ?? [])
}

/** The only one of that kind whose name is, or ends with a dash and, `end`. */
export function only(manifests: Manifest[], kind: string, end = ''): Manifest {
  const found = manifests.filter(each => each.kind === kind && `-${each.metadata.name}`.endsWith(end && `-${end}`))
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${end}`)
  return found[0]!
}
