/** Messages arrive as they were sent, whatever is in them. */
import test from 'ava'
import fc from 'fast-check'
import { packed, unpacked } from '../../../server/streams/publish/nats/packed.ts'

const text = fc.string({ unit: 'grapheme' })
const message = fc.record({ id: text, headers: fc.dictionary(text, text), text })

test('what is unpacked is what was packed', t => {
  fc.assert(
    fc.property(fc.array(message), messages => {
      const arrived = unpacked(packed(messages)).map(sent => ({ ...sent, text: Buffer.from(sent.text).toString() }))
      t.deepEqual(arrived, messages)
    }),
  )
})

test('the texts are handed over, not copied', t => {
  const sent = packed([{ id: '1', headers: {}, text: 'grün' }])
  const arrived = structuredClone(sent, { transfer: [sent.texts.buffer] })
  t.is(sent.texts.byteLength, 0)
  t.deepEqual(unpacked(arrived)[0]!.text, new Uint8Array(Buffer.from('grün')))
})
