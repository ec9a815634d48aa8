import { randomOf } from '../../campaigns/random.ts'
import { plainLine } from '../../simulation/ground/line.ts'
import { LogGround, SimLogs } from '../../simulation/ground/logs.ts'
import { clock } from '../../unit/replica/fakes.ts'
import { logContract } from './contract.ts'

logContract(async () => {
  const ground = new LogGround()
  let store = connect()
  function connect(): SimLogs {
    return new SimLogs(ground, plainLine(clock, randomOf(1, 0)))
  }
  const restart = async () => {
    await store.close()
    store = connect()
    return store
  }
  return { store, restart, other: async () => connect() }
})
