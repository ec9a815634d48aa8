import { systemRandom } from '../../../server/base/random.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { metadataContract } from './contract.ts'

metadataContract(async t => {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  t.teardown(() => metadata.close())
  return { metadata }
})
