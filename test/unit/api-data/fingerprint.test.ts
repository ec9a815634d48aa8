import test from 'ava'
import fc from 'fast-check'
import { fingerprint } from '../../../server/api/transact/fingerprint.ts'

/** The same value, with the members of all objects in another order. */
function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(reversed)
  const members = Object.entries(value).map(([name, member]) => [name, reversed(member)])
  return Object.fromEntries(members.reverse())
}

test('the order of members makes no difference, all else does', t => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (a, b) => {
      t.is(fingerprint(a), fingerprint(reversed(a)))
      // JSON knows one zero.
      const text = (value: unknown) => JSON.stringify(value)
      if (text(a) !== text(b) && text(reversed(a)) !== text(b) && text(a) !== text(reversed(b)))
        t.not(fingerprint({ a }), fingerprint({ b }))
    }),
  )
  t.not(fingerprint(['a', 'b']), fingerprint(['b', 'a']))
  t.not(fingerprint({ a: '1' }), fingerprint({ a: 1 }))
  t.not(fingerprint(JSON.parse('{"__proto__":{"S":"x"}}')), fingerprint({}))
})
