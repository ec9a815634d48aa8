/** boto3 from Debian. Its scripts are Python's own unit tests; each is one test here. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startOwnApi } from '../api/api.ts'
import { missingTools, PYTHON, run, testUnless, toolEnvironment } from './tools.ts'

const folder = fileURLToPath(new URL('boto3', import.meta.url))
const toolTest = testUnless(await missingTools())

for (const script of readdirSync(folder).filter(name => name.endsWith('.py'))) {
  toolTest(`boto3: ${script.slice(0, -'.py'.length)}`, async t => {
    const { node } = await startOwnApi(t)
    const { code, stderr } = await run(PYTHON, [`${folder}/${script}`], toolEnvironment(node.endpoint))
    t.is(code, 0, stderr)
    t.regex(stderr, /^Ran [1-9]\d* tests? in/m)
  })
}
