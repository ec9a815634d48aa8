/** boto3 from Debian. Its scripts are Python's own unit tests; each is one test here. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startApi } from '../api/api.ts'
import { PYTHON, run, testWithTools, toolEnvironment } from './tools.ts'

const folder = fileURLToPath(new URL('boto3', import.meta.url))
const toolTest = await testWithTools()
const { node } = await startApi()

for (const script of readdirSync(folder).filter(name => name.endsWith('.py'))) {
  toolTest(`boto3: ${script.slice(0, -'.py'.length)}`, async t => {
    const { code, stderr } = await run(PYTHON, [`${folder}/${script}`], toolEnvironment(node.endpoint))
    t.is(code, 0, stderr)
    t.regex(stderr, /^Ran [1-9]\d* tests? in/m)
  })
}
