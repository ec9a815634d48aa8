import test from 'ava'
import fc from 'fast-check'
import {
  BrokenFrame,
  FrameReader,
  FrameSplitter,
  FrameTooLarge,
  FrameWriter,
  RESULT,
} from '../../../server/rpc/frames.ts'

type Field = { kind: 'text'; value: string } | { kind: 'bytes'; value: Buffer } | { kind: 'number'; value: number }

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    value: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.nat(20_000).map(n => 'ä'.repeat(n)),
    ),
  }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array().map(bytes => Buffer.from(bytes)) }),
  fc.record({ kind: fc.constant('number' as const), value: fc.double({ noNaN: true }) }),
)
const frames = fc.array(fc.record({ call: fc.nat(2 ** 32 - 1), fields: fc.array(field, { maxLength: 6 }) }))

function write(out: FrameWriter, field: Field): void {
  if (field.kind === 'text') out.text(field.value)
  else if (field.kind === 'bytes') out.bytes(field.value)
  else out.number(field.value)
}

function read(fields: FrameReader, { kind }: Field): Field['value'] {
  return fields[kind]()
}

/** The bytes in pieces of the given sizes, over and over. */
function* pieces(bytes: Buffer, sizes: number[]): Iterable<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

test('what is written is read, however it is cut on its way', t => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 }), (written, sizes) => {
      const out = new FrameWriter()
      const taken: Buffer[] = []
      for (const [i, { call, fields }] of written.entries()) {
        out.begin(call, RESULT)
        for (const field of fields) write(out, field)
        out.finish()
        if (i % 3 === 2) taken.push(out.take())
      }
      const splitter = new FrameSplitter()
      const arrived: { call: number; fields: Field['value'][] }[] = []
      for (const piece of pieces(Buffer.concat([...taken, out.take()]), sizes)) {
        splitter.push(Buffer.from(piece), frame => {
          const reader = new FrameReader(frame)
          const call = reader.u32()
          t.is(reader.u8(), RESULT)
          arrived.push({ call, fields: written[arrived.length]!.fields.map(field => read(reader, field)) })
        })
      }
      t.deepEqual(
        arrived,
        written.map(({ call, fields }) => ({ call, fields: fields.map(({ value }) => value) })),
      )
    }),
    { numRuns: 200 },
  )
})

test('what ends too soon, or can not be, is refused', t => {
  const short = new FrameReader(Buffer.from([200, 0, 0, 0, 1, 2]))
  t.throws(() => short.bytes(), { instanceOf: BrokenFrame })
  const long = new FrameReader(Buffer.from([200, 255, 255, 255]))
  t.throws(() => long.count(), { instanceOf: BrokenFrame })
  t.throws(() => new FrameReader(Buffer.alloc(3)).u32(), { instanceOf: BrokenFrame })
  const splitter = new FrameSplitter(100)
  t.throws(() => splitter.push(Buffer.from([101, 0, 0, 0]), () => t.fail()), { instanceOf: BrokenFrame })
  t.throws(() => new FrameSplitter().push(Buffer.from([1, 0, 0, 0, 9]), () => t.fail()), { instanceOf: BrokenFrame })
})

test('a frame that is too large is not sent, those around it are', t => {
  const out = new FrameWriter(1000)
  const send = (size: number) => {
    out.begin(size, RESULT)
    out.bytes(Buffer.alloc(size))
    out.finish()
  }
  send(10)
  t.throws(() => send(1000), { instanceOf: FrameTooLarge })
  send(20)
  const calls: number[] = []
  new FrameSplitter(1000).push(out.take(), frame => calls.push(frame.readUInt32LE()))
  t.deepEqual(calls, [10, 20])
})
