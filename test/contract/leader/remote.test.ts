import { connect } from '../../unit/rpc/wire.ts'
import { leaderContract } from './contract.ts'

leaderContract(async leader => {
  const wire = await connect(leader)
  return { leader: wire.remote(), close: wire.close }
})
