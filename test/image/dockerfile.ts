/** The Dockerfile, read: as much of its language as it uses. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

export type Step = { keyword: string; text: string }
export type Stage = { base: string; name: string | undefined; steps: Step[] }
/** `from`: a stage; the checkout if undefined. Paths as they are written. */
export type Copy = { from: string | undefined; sources: string[]; target: string }

/** Errors: a line that is none of its language. */
export function stagesOf(text: string): Stage[] {
  const stages: Stage[] = []
  const lines = text.replaceAll('\\\n', ' ').split('\n')
  for (const line of lines.filter(line => line.trim() !== '' && !line.startsWith('#'))) {
    const [, keyword, text] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (keyword === undefined) throw new Error(`no instruction: ${line}`)
    if (keyword === 'FROM') {
      const [, base, name] = /^(\S+)(?: AS (\S+))?$/.exec(text!)!
      stages.push({ base: base!, name, steps: [] })
    } else stages.at(-1)!.steps.push({ keyword, text: text! })
  }
  return stages
}

export function readDockerfile(): Stage[] {
  return stagesOf(readFileSync(join(CHECKOUT, 'Dockerfile'), 'utf8'))
}

export function copiesOf({ steps }: Stage): Copy[] {
  return steps
    .filter(({ keyword }) => keyword === 'COPY')
    .map(({ text }) => {
      const words = text.split(' ')
      const from = words[0]!.startsWith('--from=') ? words.shift()!.slice('--from='.length) : undefined
      return { from, sources: words.slice(0, -1), target: words.at(-1)! }
    })
}

/** The last one of that instruction; undefined if there is none. */
export function settingOf({ steps }: Stage, keyword: string): string | undefined {
  return steps.findLast(step => step.keyword === keyword)?.text
}

export function environmentOf({ steps }: Stage): Record<string, string> {
  const pairs = steps.flatMap(({ keyword, text }) => (keyword === 'ENV' ? text.split(' ') : []))
  return Object.fromEntries(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/** Files and folders of the checkout that are in the image, all of them at its working directory. */
export function contentsOf(stages: Stage[]): string[] {
  return copiesOf(stages.at(-1)!).flatMap(({ from, sources }) => (from === undefined ? sources : []))
}
