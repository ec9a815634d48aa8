/** Messages arrive as they were sent, whatever is in them. */
import test from 'ava'
import fc from 'fast-check'
import { packed, unpacked } from '../../../server/streams/publish/nats/packed.ts'

const name = fc.stringMatching(/^[A-Za-z-]{1,20}$/)
const value = fc.stringMatching(/^[ -~]{0,40}$/)
const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const message = fc.record({ id: value, headers: fc.dictionary(name, value), text })

test('what is unpacked is what was packed', t => {
  fc.assert(
    fc.property(fc.array(message), messages => {
      const arrived = unpacked(packed(messages)).map(sent => ({ ...sent, text: Buffer.from(sent.text).toString() }))
      const wanted = messages.map(({ id, headers, text }) => {
        const lines = [...Object.entries(headers), ['Nats-Msg-Id', id]].map(([name, value]) => `${name}: ${value}\r\n`)
        return { head: lines.join(''), text }
      })
      t.deepEqual(arrived, wanted)
    }),
  )
})

test('a header that would be two is none', t => {
  for (const end of ['\r', '\n']) {
    const forged = { id: '1', headers: { traceparent: `a${end}Nats-Rollup: all` }, text: '' }
    t.throws(() => packed([forged]), { message: /no header can have this value/ })
  }
})

test('the texts are handed over, not copied', t => {
  const sent = packed([{ id: '1', headers: {}, text: 'grün' }])
  const arrived = structuredClone(sent, { transfer: [sent.texts.buffer] })
  t.is(sent.texts.byteLength, 0)
  t.deepEqual(new Uint8Array(unpacked(arrived)[0]!.text), new Uint8Array(Buffer.from('grün')))
})
