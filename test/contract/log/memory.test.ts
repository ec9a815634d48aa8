import { MemoryLogStore } from '../../../server/log/memory.ts'
import { logContract } from './contract.ts'

logContract({ name: 'memory', open: async () => ({ store: new MemoryLogStore() }) })
