#!/usr/bin/env node
// The package's command. Node strips types everywhere but under node_modules; there, bin/strip-types.js does.
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const main = fileURLToPath(new URL('../server/main.ts', import.meta.url))

if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`tavola: Node.js 24 or newer is needed; this is ${process.versions.node}.`)
  process.exit(1)
}
if (/[\\/]node_modules[\\/]/.test(here) && !process.execArgv.includes('--import')) {
  // The same process, begun again with the hook, so that its threads have it too.
  const hook = new URL('./strip-types.js', import.meta.url).href
  process.execve(
    process.execPath,
    [process.execPath, '--disable-warning=ExperimentalWarning', '--import', hook, ...process.argv.slice(1)],
    process.env,
  )
}
await import(main)
