import { silent } from '../../../server/base/logger.ts'
import { LocalLogStore } from '../../../server/log/local/local.ts'
import { tempFolder } from '../../helpers/temp.ts'
import { logContract } from './contract.ts'

logContract(async t => {
  const folder = await tempFolder(t)
  let store = await LocalLogStore.open(folder, silent)
  t.teardown(() => store.close())
  const restart = async () => {
    await store.close()
    store = await LocalLogStore.open(folder, silent)
    return store
  }
  return { store, restart }
})
