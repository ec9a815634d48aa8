#!/usr/bin/env node
// The command. Plain JavaScript, so that compiled code is kept, and found at the next start, from the first file on: stripping
// the types of a single one would load the compiler.
import { existsSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`tavola: Node.js 24 or newer is needed; this is ${process.versions.node}.`)
  process.exit(1)
}

// Beside the code, not in the shared temporary folder: what lies there is run.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/tavola', import.meta.url)))

// The published package holds the same files without their types.
const source = new URL('../server/command.ts', import.meta.url)
const { run } = await import(existsSync(source) ? source.href : '../lib/server/command.js')
await run(process.argv)
flushCompileCache()
