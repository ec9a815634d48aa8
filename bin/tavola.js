#!/usr/bin/env node
// The command of the installed package, whose code npm has stripped of its types (Node does not do that under node_modules).
if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`tavola: Node.js 24 or newer is needed; this is ${process.versions.node}.`)
  process.exit(1)
}
await import('../lib/main.js')
