/** Headers are written as NATS reads them. */
import { MsgHdrsImpl } from '@nats-io/nats-core/internal'
import test from 'ava'
import fc from 'fast-check'
import { headOf, line, written } from '../../../server/streams/publish/nats/head.ts'

const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,19}$/)
const value = fc.stringMatching(/^[!-~]([ -~]{0,38}[!-~])?$/)

test('the client reads the headers that were written', t => {
  fc.assert(
    fc.property(fc.dictionary(name, value), value, (headers, id) => {
      const read = MsgHdrsImpl.decode((written(headOf({ id, headers, text: '' })) as MsgHdrsImpl).encode())
      for (const [name, value] of Object.entries({ ...headers, 'Nats-Msg-Id': id })) t.is(read.last(name), value)
    }),
  )
})

test('a header that would be two is none', t => {
  for (const end of ['\r', '\n']) {
    const traceparent = `a${end}Nats-Rollup: all`
    t.throws(() => headOf({ id: '1', headers: { traceparent }, text: '' }), {
      message: /no header can have this value/,
    })
    t.throws(() => line('traceparent', traceparent), { message: /no header can have this value/ })
  }
})
