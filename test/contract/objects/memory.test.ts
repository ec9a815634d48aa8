import { MemoryBuckets, MemoryObjectStore } from '../../../server/objects/memory.ts'
import { objectsContract } from './contract.ts'

objectsContract(
  async () => {
    const objects = new MemoryObjectStore()
    return { objects, buckets: new MemoryBuckets(), reopen: () => objects }
  },
  { anyBucket: true },
)
