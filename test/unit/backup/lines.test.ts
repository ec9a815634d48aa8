import { gzipSync, zstdCompressSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { fieldsOf, itemOfRow, RowRefused } from '../../../server/backup/csv.ts'
import { type Compression, linesOf } from '../../../server/backup/lines.ts'
import { all } from './given.ts'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

const texts = async (bytes: Uint8Array, size: number, compression: Compression) =>
  (await all(linesOf(pieces(bytes, size), compression))).map(({ text }) => text)

test('lines are the same however the bytes come', async t => {
  const line = fc
    .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'ü😀', 'a\r', ' '))
    .map(text => text.replaceAll('\n', ''))
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), fc.boolean(), async (lines, size, isEnded) => {
      const text = lines.join('\n') + (isEnded ? '\n' : '')
      const wellFormed = Buffer.from(text).toString()
      const expected = wellFormed
        .split('\n')
        .filter(each => each.trim() !== '')
        .map(each => each.replace(/\r$/, ''))
      const bytes = Buffer.from(text)
      t.deepEqual(await texts(bytes, size, 'NONE'), expected)
      t.deepEqual(await texts(gzipSync(bytes), size, 'GZIP'), expected)
      t.deepEqual(await texts(zstdCompressSync(bytes), size, 'ZSTD'), expected)
    }),
    { numRuns: 60 },
  )
})

test('a line that is too long is one line that says nothing', async t => {
  const long = Buffer.from(`a\n${'x'.repeat(20 * 1024 * 1024)}\nb`)
  t.deepEqual(await texts(long, 1024 * 1024, 'NONE'), ['a', undefined, 'b'])
  t.deepEqual(await texts(gzipSync(long), 1024 * 1024, 'GZIP'), ['a', undefined, 'b'])
  t.deepEqual(await texts(Buffer.from('x'.repeat(20 * 1024 * 1024)), 1024 * 1024, 'NONE'), [undefined])
})

test('bytes that are not compressed as they should be are an error', async t => {
  for (const kind of ['GZIP', 'ZSTD'] as const) {
    await t.throwsAsync(texts(Buffer.from('plain text, and not short'), 5, kind))
    const cut = kind === 'GZIP' ? gzipSync('x'.repeat(5000)) : zstdCompressSync('x'.repeat(5000))
    await t.throwsAsync(texts(cut.subarray(0, cut.length - 4), 5, kind))
  }
})

test('fields are read as they are written', t => {
  const delimiter = fc.constantFrom(',', ';', ':', '|', '\t', ' ')
  const field = fc.tuple(fc.string({ unit: fc.constantFrom('a', '"', ',', ';', ' ', '\t') }), fc.boolean())
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), delimiter, (fields, separator) => {
      const written = fields.map(([text, quoted]) =>
        quoted || text.includes(separator) || text.startsWith('"') ? `"${text.replaceAll('"', '""')}"` : text,
      )
      t.deepEqual(
        fieldsOf(written.join(separator), separator),
        fields.map(([text]) => text),
      )
    }),
  )
})

test('rows that are none', t => {
  for (const row of ['"open', '"a"b,c', 'a,"']) t.throws(() => fieldsOf(row, ','), { instanceOf: RowRefused })
  t.throws(() => itemOfRow(['a', 'b'], ['1'], []), { instanceOf: RowRefused })
  const item = itemOfRow(['n', '__proto__', 'e'], ['1', 'x', ''], [{ AttributeName: 'n', AttributeType: 'N' }])
  t.deepEqual(Object.entries(item), [
    ['n', { N: '1' }],
    ['__proto__', { S: 'x' }],
  ])
})
