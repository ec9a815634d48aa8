/** Lines of Ion, printed and read. What is printed is also read by Ion's own library alone; what is read is also written otherwise. */
import test from 'ava'
import fc from 'fast-check'
import { load } from 'ion-js'
import { RowRefused } from '../../../server/backup/csv.ts'
import { ionChange, ionItem } from '../../../server/backup/ionprint.ts'
import { loadIon } from '../../../server/backup/ionread.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'
import { validateItem } from '../../../server/model/value.ts'
import { value } from '../model/arbitraries.ts'

const read = await loadIon()

/** Half surrogate pairs can't be in Ion, whose text is Unicode. */
const isUnicode = (own: unknown) => !/\\ud[89a-f]/.test(JSON.stringify(own))
const name = fc.oneof(
  fc.constantFrom('a', '$4', '$ion', 'null', 'nan', '__proto__', '+inf', "'", '"', 'a b', '1', 'é', "'''"),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
)
const item: fc.Arbitrary<Item> = fc
  .array(fc.tuple(name, value.filter(isUnicode)), { maxLength: 6 })
  .map(members => Object.fromEntries(members))

/** DynamoDB's guide shows this very item. */
const BOOK =
  '$ion_1_0 {Item:{Authors:$dynamodb_SS::["Author1","Author2"],Dimensions:"8.5 x 11.0 x 1.5",ISBN:"333-3333333333",' +
  'Id:103.,InPublication:false,PageCount:6d2,Price:2d3,ProductCategory:"Book",Title:"Book 103 Title"}}'
const BOOK_ITEM: Item = {
  Authors: { SS: ['Author1', 'Author2'] },
  Dimensions: { S: '8.5 x 11.0 x 1.5' },
  ISBN: { S: '333-3333333333' },
  Id: { N: '103' },
  InPublication: { BOOL: false },
  PageCount: { N: '600' },
  Price: { N: '2000' },
  ProductCategory: { S: 'Book' },
  Title: { S: 'Book 103 Title' },
}

function imported(line: string): Item {
  const own = read(line)
  validateItem(own)
  return own
}

test("DynamoDB's own example", t => {
  t.is(ionItem(BOOK_ITEM), BOOK)
  t.deepEqual(imported(BOOK), BOOK_ITEM)
})

test('what is printed is read as the same', t => {
  fc.assert(fc.property(item, own => void t.deepEqual(imported(ionItem(own)), own)))
  t.pass()
})

test("what is printed is one line, and what it means to Ion's own library", t => {
  fc.assert(
    fc.property(name, value.filter(isUnicode), (own, inside) => {
      const line = ionItem({ [own]: inside })
      t.false(line.includes('\n'))
      const field = load(line)!.get('Item')!.fields()
      t.deepEqual(
        field.map(([key]) => key),
        [own],
      )
      if (inside.S !== undefined) t.is(field[0]![1].stringValue(), inside.S)
      if (inside.SS) t.deepEqual(field[0]![1].getAnnotations(), ['$dynamodb_SS'])
      if (inside.N !== undefined) t.is(field[0]![1].getType().name, 'decimal')
    }),
  )
})

test('the largest item is read, however it is printed', t => {
  const own = { a: { S: '\u0001'.repeat(409_598) }, b: { NULL: true } } satisfies Item
  t.deepEqual(read(ionItem(own)), own)
})

test('half a surrogate pair is printed as what stands for it in Unicode', t => {
  t.is(ionItem({ a: { S: 'x\ud800' } }), '$ion_1_0 {Item:{a:"x\ufffd"}}')
})

test('a change', t => {
  const keys: Item = { p: { S: 'a' } }
  const before: Item = { ...keys, n: { N: '1' } }
  t.is(
    ionChange({ keys, time: 1_684_374_845_117, before, after: keys }),
    '$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:1684374845117d3},Keys:{p:"a"},NewImage:{p:"a"},OldImage:{p:"a",n:1.}}}',
  )
  t.is(ionChange({ keys, time: 1 }), '$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:1d3},Keys:{p:"a"}}}')
})

const SPELLINGS: [ion: string, value: AttributeValue][] = [
  ['5', { N: '5' }],
  ['-0x1F', { N: '-31' }],
  ['-0.', { N: '0' }],
  ['1.50D2', { N: '150' }],
  ['12345678901234567890.123456789012345678', { N: '12345678901234567890.123456789012345678' }],
  [`${'9'.repeat(38)}d88`, { N: '9'.repeat(38) + '0'.repeat(88) }],
  [`0.${'0'.repeat(129)}1`, { N: `0.${'0'.repeat(129)}1` }],
  [`1${'0'.repeat(125)}.${'0'.repeat(300)}`, { N: `1${'0'.repeat(125)}` }],
  ['"\\x41\\u00fc\\U0001f600\\ud83d\\ude00\\0\\a\\/\\\'"', { S: "Aü😀😀\0\u0007/'" }],
  ['"$ion_symbol_table::{"', { S: '$ion_symbol_table::{' }],
  ["\"'''/*\"", { S: "'''/*" }],
  ['{{ aG k= }}', { B: 'aGk=' }],
  ['{{}}', { B: '' }],
  ['null', { NULL: true }],
  ['null.string', { NULL: true }],
  ["'$dynamodb_NS'::[1, 2. , 3d1,]", { NS: ['1', '2', '30'] }],
  ['$dynamodb_BS::[{{}},{{AA==}}]', { BS: ['', 'AA=='] }],
  ['/* here */ [ true, {"a":[]} ]', { L: [{ BOOL: true }, { M: { a: { L: [] } } }] }],
]

for (const [ion, value] of SPELLINGS) {
  test(`reads ${ion.slice(0, 60)}`, t => {
    for (const begin of ['$ion_1_0 ', '$ion_1_0', '', ' '])
      t.deepEqual(imported(`${begin}{"Other":[1] , 'Item':{a : ${ion} }} `), { a: value })
  })
}

const REFUSED = [
  '1e5',
  'nan',
  '2020T',
  'symbol',
  '(a b)',
  '{{"clob"}}',
  "'''long'''/**/'''string'''",
  '$dynamodb_SS::[1.]',
  '$dynamodb_NS::["1"]',
  '$dynamodb_SS::[null]',
  '$dynamodb_SS::"a"',
  '$dynamodb_SS::null.list',
  '$dynamodb_SS::$dynamodb_SS::["a"]',
  '$dynamodb_XS::["a"]',
  '__proto__::["a"]',
  '{{aGk}}',
  '"\ud800"',
  '"a\u0001b"',
  '01',
  '1..2',
  '[1,,2]',
  '{a}',
  '',
  '9'.repeat(600),
  `1.${'0'.repeat(600)}`,
]

for (const ion of REFUSED) {
  test(`refuses ${JSON.stringify(ion).slice(0, 60)}`, t => {
    t.throws(() => imported(`$ion_1_0 {Item:{a:${ion}}}`), { instanceOf: RowRefused })
  })
}

test('refuses lines that are no item', t => {
  const lines = [
    '$ion_1_0',
    '$ion_1_1 {Item:{}}',
    '[{Item:{}}]',
    '{Item:[]}',
    '{Item:null.struct}',
    '{{aGk=}}',
    'x::{Item:{}}',
    '$ion_symbol_table::{symbols:["a"]} {Item:{}}',
    '{Item:{}} {Item:{}}',
    '{Item:{}} junk',
    '{Item:{}',
    '{toString:{}}',
    '\u00e0\u0001\u0000\u00ea',
  ]
  for (const line of lines) t.throws(() => read(line), { instanceOf: RowRefused }, line)
})

test('what is damaged is read or refused, and nothing else', t => {
  const piece = fc.constantFrom(
    ...'{}[]()"\'\\:,./*+-0d_$ \t\r\0',
    "'''",
    '::',
    '{{',
    '}}',
    'null.',
    '\\u',
    '$ion_1_0',
    '\ud800',
  )
  const cuts = fc.array(fc.tuple(fc.nat(BOOK.length), fc.nat(3), piece), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(cuts, all => {
      let line = BOOK
      for (const [at, length, text] of all) line = line.slice(0, at) + text + line.slice(at + length)
      try {
        read(line)
      } catch (error) {
        t.true(error instanceof RowRefused, line)
      }
    }),
    { numRuns: 3000 },
  )
  t.pass()
})

test('no line takes long', t => {
  const room = 2.5 * 1024 * 1024 - 40
  const fill = (text: string) => text.repeat(room / text.length)
  const bodies = ['[', '{a:', 'a::', '{{', '1', '0x1', "'''", "''' '''", '/*', ' ', '-', '(', '"', '\\', 'AAAA'].map(
    fill,
  )
  const lines = bodies.flatMap(body => [`{Item:{a:${body}`, `{Item:{}} ${body}`, `$ion_symbol_table::{a:${body}`])
  for (const line of [...lines, `{Item:{a:"${fill('x')}x"}}`, fill('x'.repeat(1000)).repeat(5)]) {
    const start = performance.now()
    try {
      read(line)
    } catch (error) {
      t.true(error instanceof RowRefused)
    }
    t.true(performance.now() - start < 5000, line.slice(0, 40))
  }
})
