import test from 'ava'
import { positionOf, tokenize } from '../../../server/partiql/lexer.ts'

const texts = (text: string) => tokenize(text).map(token => `${token.kind} ${token.text}`)

test('names, strings, numbers and symbols', t => {
  t.deepEqual(texts(`a_1 $b "c ""d""" 'it''s' 12 1.5e-3 .5 <<>> <= != ?`), [
    'name a_1',
    'name $b',
    'quoted c "d"',
    "string it's",
    'number 12',
    'number 1.5e-3',
    'number .5',
    'symbol <<',
    'symbol >>',
    'symbol <=',
    'symbol !=',
    'symbol ?',
    'end ',
  ])
})

test('blanks and comments are left out, wherever they are', t => {
  t.deepEqual(texts('a--b\n/* c\n*/\t.\r\nd -- e'), ['name a', 'symbol .', 'name d', 'end '])
})

test('what is never closed is a symbol of its own', t => {
  t.deepEqual(texts("a 'b"), ['name a', "symbol '", 'name b', 'end '])
  t.deepEqual(texts('a "b'), ['name a', 'symbol "', 'name b', 'end '])
  t.deepEqual(texts('a /* b'), ['name a', 'symbol /* b', 'end '])
})

test('a character beyond the basic plane is one symbol', t => {
  t.deepEqual(texts('😀é'), ['symbol 😀', 'symbol é', 'end '])
})

test('positions are lines, columns and lengths', t => {
  const text = 'SELECT *\nFROM  "Ta"'
  t.deepEqual(
    tokenize(text).map(token => positionOf(text, token)),
    ['1:1:6', '1:8:1', '2:1:4', '2:7:4', '2:11:0'],
  )
})

test('hostile texts take no time', t => {
  const start = performance.now()
  for (const part of ['/* ', '"', "'", '""', '/*/', '--', '<', '((', '" \' ']) tokenize(part.repeat(8192 / part.length))
  t.true(performance.now() - start < 500)
})
