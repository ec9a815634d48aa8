import { MemoryLogStore } from '../../../server/log/memory.ts'
import { logContract } from './contract.ts'

logContract(async () => ({ store: new MemoryLogStore() }))
