import { join } from 'node:path'
import { systemRandom } from '../../../server/base/random.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { metadataContract } from './contract.ts'

metadataContract(async t => {
  const path = join(await tempFolder(t), 'metadata.db')
  let metadata = new LocalMetadata(path, systemRandom)
  t.teardown(() => metadata.close())
  const restart = async () => {
    await metadata.close()
    metadata = new LocalMetadata(path, systemRandom)
    return metadata
  }
  return { metadata, restart }
})
