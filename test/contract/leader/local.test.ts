import { leaderContract } from './contract.ts'

leaderContract(async leader => ({ leader, close: async () => {} }))
