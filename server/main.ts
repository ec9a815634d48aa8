/** The entry: turns Node's compile cache on, then runs the command. Types stripped and code compiled are found at the next start. */
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Beside the code, not in the shared temporary folder: what lies there is run. */
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/tavola', import.meta.url)))
const { run } = await import('./command.ts')
await run(process.argv)
flushCompileCache()
