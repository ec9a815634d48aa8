/** Scripts that failed once: every run of the tests plays them again. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Script } from './script.ts'

const FOLDER = fileURLToPath(new URL('regressions/', import.meta.url))

export type Regression = {
  /** What was wrong, in a sentence. */
  story: string
  script: Script
}

export function readRegressions(): Map<string, Regression> {
  const files = readdirSync(FOLDER).filter(file => file.endsWith('.json'))
  return new Map(files.sort().map(file => [file, JSON.parse(readFileSync(FOLDER + file, 'utf8')) as Regression]))
}

/** @returns the file */
export function keepRegression(name: string, regression: Regression): string {
  const path = `${FOLDER}${name}.json`
  writeFileSync(path, `${JSON.stringify(regression)}\n`)
  return path
}
