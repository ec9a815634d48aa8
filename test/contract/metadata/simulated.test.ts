import { systemClock } from '../../../server/base/clock.ts'
import { randomOf } from '../../campaigns/random.ts'
import { plainLine } from '../../simulation/ground/line.ts'
import { MetadataGround, SimMetadata } from '../../simulation/ground/metadata.ts'
import { clock } from '../../unit/replica/fakes.ts'
import { metadataContract } from './contract.ts'

metadataContract(async t => {
  const ground = new MetadataGround(clock, () => clock.monotonic(), randomOf(1, 0))
  const connect = () =>
    new SimMetadata({ ground, line: plainLine(clock, randomOf(1, 1)), clock: systemClock, leaseMs: 1500 })
  t.teardown(() => ground.revokeAll())
  return { metadata: connect() }
})
