import { fileURLToPath } from 'node:url'

export default {
  extensions: { ts: 'module' },
  files: ['test/**/*.test.ts'],
  timeout: '120s',
  workerThreads: false,
  // Each file is a process: what it loads is compiled once for all of them.
  environmentVariables: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
}
