/** A process's lease is one at a time: a second one, held by nobody and renewed for ever, would keep its keys from everybody. */
import test from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { Leasing } from '../../../server/cluster/leasing.ts'
import type { Lease, Metadata } from '../../../server/metadata/metadata.ts'
import { clock, until } from '../replica/fakes.ts'

type FakeLease = Lease & { end(): void; isRevoked: boolean }

function fakeLease(id: string): FakeLease {
  const lost = new AbortController()
  return {
    id,
    lost: lost.signal,
    isRevoked: false,
    validUntil: () => (lost.signal.aborted ? 0 : Number.POSITIVE_INFINITY),
    end: () => lost.abort(),
    async revoke() {
      this.isRevoked = true
      lost.abort()
    },
  }
}

/** `late`: of the leases, in order, which come only when their time is over. */
function leases(late: boolean[]) {
  const granted: FakeLease[] = []
  const metadata = {
    async lease() {
      const lease = fakeLease(`lease-${granted.length}`)
      if (late[granted.length]) lease.end()
      granted.push(lease)
      return lease
    },
  } as Partial<Metadata> as Metadata
  return { granted, leasing: new Leasing(metadata, clock, silent) }
}

for (const late of [
  [false, true, false],
  [false, true, true, false],
  [true, true, false],
])
  test(`one lease is held, though some come too late: ${late}`, async t => {
    const { granted, leasing } = leases(late)
    const told: (string | undefined)[] = []
    leasing.watch(lease => told.push(lease?.id))
    await leasing.start()
    granted[0]!.end()
    const last = late.length - 1
    await until(() => leasing.lease?.id === `lease-${last}`)
    await new Promise(resolve => setTimeout(resolve, 20))
    t.is(granted.length, late.length)
    t.deepEqual(told, ['lease-0', undefined, `lease-${last}`])
    for (const lease of granted.slice(1, -1)) t.true(lease.isRevoked)
    t.false(granted[last]!.isRevoked)
    await leasing.stop()
    t.true(granted[last]!.isRevoked)
  })
