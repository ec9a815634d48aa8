/** Writes api.md: `npm run docs`. */
import { writeFileSync } from 'node:fs'
import { OPERATIONS } from './operations.ts'
import { apiPage } from './table.ts'

writeFileSync(new URL('api.md', import.meta.url), apiPage(OPERATIONS))
