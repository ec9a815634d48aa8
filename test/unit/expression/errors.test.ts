import test from 'ava'
import { bindExpressions, type ExpressionInput } from '../../../server/expression/bind.ts'
import { bindOne, refusalOf } from './given.ts'

/** Rows: expression, message after the prefix. */
function refuses(kind: keyof ExpressionInput, rows: [string, string][]): void {
  for (const [text, message] of rows) {
    test(`${kind}: ${text.length > 60 ? `${text.slice(0, 60)}...` : text}: ${message.slice(0, 60)}`, t => {
      t.is(
        refusalOf(() => bindOne({ [kind]: text })),
        `Invalid ${kind}: ${message}`,
      )
    })
  }
}

const NESTED_33 = Array.from({ length: 33 }, () => 'a').join('.')
const wrongType = (operator: string, type: string) =>
  `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`
const wrongCount = (operator: string, count: number) =>
  `Incorrect number of operands for operator or function; operator or function: ${operator}, number of operands: ${count}`
const notDistinct = (operator: string, path: string) =>
  `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${path}`

refuses('ConditionExpression', [
  ['', 'The expression can not be empty;'],
  ['a', 'Syntax error; token: "<EOF>", near: "a"'],
  ['a = ', 'Syntax error; token: "<EOF>", near: "="'],
  ['a b', 'Syntax error; token: "b", near: "a b"'],
  ['a = :s b', 'Syntax error; token: "b", near: ":s b"'],
  ['a  =  ! :s', 'Syntax error; token: "!", near: "=  ! :s"'],
  ['!!! INVALID', 'Syntax error; token: "!", near: "!!"'],
  ['a AND b', 'Syntax error; token: "AND", near: "a AND b"'],
  ['(a = :s', 'Syntax error; token: "<EOF>", near: ":s"'],
  ['(a) OR b = :s', 'Syntax error; token: "OR", near: ") OR b"'],
  ['(a = :s) = :s', 'Syntax error; token: "=", near: ") = :s"'],
  ['a = :s)', 'Syntax error; token: ")", near: ":s)"'],
  ['a = (b = :s)', 'Syntax error; token: "=", near: "b = :s"'],
  ['a = (NOT b)', 'Syntax error; token: "NOT", near: "(NOT b"'],
  ['a BETWEEN :s OR :s', 'Syntax error; token: "OR", near: ":s OR :s"'],
  ['a IN ()', 'Syntax error; token: ")", near: "()"'],
  ['a IN :s', 'Syntax error; token: ":s", near: "IN :s"'],
  ['a[b] = :s', 'Syntax error; token: "b", near: "[b]"'],
  ['a[-1] = :s', 'Syntax error; token: "-", near: "[-1"'],
  ['size() = :n', 'Syntax error; token: ")", near: "() ="'],
  ['contains(a = :s, :s)', 'Syntax error; token: "=", near: "a = :s"'],
  ['1a = :s', 'Syntax error; token: "1", near: "1a"'],
  ['_a = :s', 'Syntax error; token: "_", near: "_a"'],
  ['ä = :s', 'Syntax error; token: "ä", near: "ä ="'],
  ['😀 = :s', 'Syntax error; token: "😀", near: "😀 ="'],
  ['foo(a)', 'Invalid function name; function: foo'],
  ['Size(a) = :n', 'Invalid function name; function: Size'],
  ['contains(a)', wrongCount('contains', 1)],
  ['attribute_exists(a, b)', wrongCount('attribute_exists', 2)],
  ['size(a, b) = :n', wrongCount('size', 2)],
  [`a IN (${Array.from({ length: 101 }, () => ':s').join()})`, wrongCount('IN', 101)],
  ['a < :bool', wrongType('<', 'BOOL')],
  [':l >= a', wrongType('>=', 'L')],
  ['a BETWEEN :ss AND :s', wrongType('BETWEEN', 'SS')],
  ['begins_with(a, :n)', wrongType('begins_with', 'N')],
  ['begins_with(size(a), :s)', wrongType('begins_with', 'N')],
  ['contains(:n, a)', wrongType('contains', 'N')],
  ['size(:bool) = :n', wrongType('size', 'BOOL')],
  ['size(size(a)) = :n', wrongType('size', 'N')],
  ['attribute_type(a, b)', wrongType('attribute_type', '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}')],
  ['attribute_type(a, :n)', wrongType('attribute_type', 'N')],
  [
    'attribute_type(a, :s)',
    'Invalid attribute type name found; type: text, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
  ],
  ['attribute_exists(:s)', 'Operator or function requires a document path; operator or function: attribute_exists'],
  [
    'attribute_not_exists(:s)',
    'Operator or function requires a document path; operator or function: attribute_not_exists',
  ],
  ['size(a)', 'The function is not allowed to be used this way in an expression; function: size'],
  [
    'attribute_exists(a) = :bool',
    'The function is not allowed to be used this way in an expression; function: attribute_exists',
  ],
  [
    'size(contains(a, :s)) = :n',
    'The function is not allowed to be used this way in an expression; function: contains',
  ],
  ['if_not_exists(a, :s) = :s', 'The function is not allowed in a condition expression; function: if_not_exists'],
  ['size = :n', 'Attribute name is a reserved keyword; reserved keyword: size'],
  ['a.Status = :s', 'Attribute name is a reserved keyword; reserved keyword: Status'],
  ['a.and = :s', 'Attribute name is a reserved keyword; reserved keyword: and'],
  ['SET = :s', 'Attribute name is a reserved keyword; reserved keyword: SET'],
  ['#x = :s', 'An expression attribute name used in the document path is not defined; attribute name: #x'],
  ['a = :x', 'An expression attribute value used in expression is not defined; attribute value: :x'],
  ['a = a', notDistinct('=', '[a]')],
  ['a.b[0] BETWEEN :n AND a.b[0]', notDistinct('BETWEEN', '[a, b, [0]]')],
  ['a IN (:s, a)', notDistinct('IN', '[a]')],
  ['contains(a, a)', notDistinct('contains', '[a]')],
  [
    'a BETWEEN :n AND :s',
    'The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:text}',
  ],
  [
    'a BETWEEN :s AND :typeN',
    'The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:text}, upper bound operand: AttributeValue: {S:N}',
  ],
  ['((a = :s))', 'The expression has redundant parentheses;'],
  ['((a = :s AND b = :s))', 'The expression has redundant parentheses;'],
  ['NOT ((a = :s)) AND b = :s', 'The expression has redundant parentheses;'],
  ['((a)) = :s', 'The expression has redundant parentheses;'],
  [`${NESTED_33} = :s`, 'The document path has too many nesting levels; nesting levels: 33'],
  ['a[4294967296] = :s', 'List index is not within the allowable range; index: [4294967296]'],
  [`a = :s${' '.repeat(4091)}`, 'Expression size has exceeded the maximum allowed size; expression size: 4097'],
  [`a = "${'ä'.repeat(2048)}`, 'Expression size has exceeded the maximum allowed size; expression size: 4101'],
  [`${'NOT '.repeat(300)}a = :s`, 'The expression contains too many operators; operator count: 301'],
  [`a=:s${' OR a=:s'.repeat(150)}`, 'The expression contains too many operators; operator count: 301'],
  // Of several complaints, which comes first.
  ['foo(a) AND ((a = :s))', 'The expression has redundant parentheses;'],
  ['size(a) OR foo(a)', 'Invalid function name; function: foo'],
  ['status = :s AND size(a)', 'The function is not allowed to be used this way in an expression; function: size'],
  ['a = :x AND status = :s', 'Attribute name is a reserved keyword; reserved keyword: status'],
  ['contains(a) AND b = :x', 'An expression attribute value used in expression is not defined; attribute value: :x'],
  ['a = :x AND #y = :s', 'An expression attribute value used in expression is not defined; attribute value: :x'],
  ['a = a AND contains(a)', wrongCount('contains', 1)],
  ['a < :bool AND b = b', notDistinct('=', '[b]')],
])

refuses('UpdateExpression', [
  ['', 'The expression can not be empty;'],
  ['INVALID SYNTAX HERE', 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'],
  ['SET a = :s,', 'Syntax error; token: "<EOF>", near: ","'],
  ['SET a', 'Syntax error; token: "<EOF>", near: "a"'],
  ['SET a = :s + :n - :n', 'Syntax error; token: "-", near: ":n - :n"'],
  ['SET a = if_not_exists(a, :n + :n)', 'Syntax error; token: "+", near: ":n + :n"'],
  ['SET a = set', 'Syntax error; token: "set", near: "= set"'],
  ['ADD a b', 'Syntax error; token: "b", near: "a b"'],
  ['REMOVE a = :s', 'Syntax error; token: "=", near: "a = :s"'],
  ['SET a = ((b))', 'The expression has redundant parentheses;'],
  ['SET a = foo(b)', 'Invalid function name; function: foo'],
  ['SET a = size(b)', 'The function is not allowed in an update expression; function: size'],
  ['SET a = contains(b, :s)', 'The function is not allowed in an update expression; function: contains'],
  ['SET a = :s SET b = :s', 'The "SET" section can only be used once in an update expression;'],
  ['REMOVE a remove b', 'The "REMOVE" section can only be used once in an update expression;'],
  ['SET a = if_not_exists(b)', wrongCount('if_not_exists', 1)],
  ['SET a = list_append(:l, :l, :l)', wrongCount('list_append', 3)],
  ['SET a = b + :s', wrongType('+', 'S')],
  ['SET a = :l - b', wrongType('-', 'L')],
  ['SET a = list_append(b, :s)', wrongType('list_append', 'S')],
  ['SET a = list_append(b, :l) + :n', wrongType('+', 'L')],
  ['SET a = list_append(b, (c + :n))', wrongType('list_append', 'N')],
  [
    'SET a = if_not_exists(:s, :s)',
    'Operator or function requires a document path; operator or function: if_not_exists',
  ],
  ['SET status = :s', 'Attribute name is a reserved keyword; reserved keyword: status'],
  ['SET a = :v', 'An expression attribute value used in expression is not defined; attribute value: :v'],
  ['REMOVE #a', 'An expression attribute name used in the document path is not defined; attribute name: #a'],
  ...([
    [':s', 'STRING'],
    [':b', 'BINARY'],
    [':null', 'NULL'],
    [':bool', 'BOOLEAN'],
    [':l', 'LIST'],
    [':m', 'MAP'],
  ].map(([value, type]) => [
    `ADD a ${value}`,
    `Incorrect operand type for operator or function; operator: ADD, operand type: ${type}`,
  ]) as [string, string][]),
  ['DELETE a :n', 'Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER'],
  [
    'SET a.b = :s REMOVE a',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]',
  ],
  [
    'SET a = :s, a = :n',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]',
  ],
  [
    'REMOVE c, a.b ADD a.b.c :n',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, b, c]',
  ],
  [
    'SET a.b = :s REMOVE a[1]',
    'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]',
  ],
  // Of several complaints, which comes first.
  ['SET a = foo(b), status = :s', 'Attribute name is a reserved keyword; reserved keyword: status'],
  ['SET a = :s SET b = foo(b)', 'Invalid function name; function: foo'],
  ['SET #x = :s SET b = :s', 'The "SET" section can only be used once in an update expression;'],
  ['SET a = :x, b = #y', 'An expression attribute name used in the document path is not defined; attribute name: #y'],
  ['SET a = :x REMOVE a', 'An expression attribute value used in expression is not defined; attribute value: :x'],
  [
    'REMOVE a.b, a[1], c, c',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [c], path two: [c]',
  ],
  [
    'SET a.b = list_append(:l) REMOVE a[1]',
    'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]',
  ],
  [
    'SET a = list_append(b, :l) + :n ADD c :s',
    'Incorrect operand type for operator or function; operator: ADD, operand type: STRING',
  ],
])

refuses('ProjectionExpression', [
  ['', 'The expression can not be empty;'],
  ['!!! INVALID !!!', 'Syntax error; token: "!", near: "!!"'],
  ['a,', 'Syntax error; token: "<EOF>", near: ","'],
  ['a b', 'Syntax error; token: "b", near: "a b"'],
  ['a, status', 'Attribute name is a reserved keyword; reserved keyword: status'],
  ['and', 'Attribute name is a reserved keyword; reserved keyword: and'],
  ['#a', 'An expression attribute name used in the document path is not defined; attribute name: #a'],
  [
    'a, b, a',
    'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]',
  ],
  [
    'a[0], a.b',
    'Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [0]], path two: [a, b]',
  ],
  [NESTED_33, 'The document path has too many nesting levels; nesting levels: 33'],
])

refuses('FilterExpression', [
  ['', 'The expression can not be empty;'],
  ['#missing = :s', 'An expression attribute name used in the document path is not defined; attribute name: #missing'],
])

refuses('KeyConditionExpression', [
  ['', 'The expression can not be empty;'],
  ['((pk = :s))', 'The expression has redundant parentheses;'],
  ['begins_with(pk, :n)', wrongType('begins_with', 'N')],
  ['pk = ', 'Syntax error; token: "<EOF>", near: "="'],
])

test('placeholders are resolved in messages', t => {
  const message = refusalOf(() =>
    bindExpressions({ ProjectionExpression: '#a.#b, x', ExpressionAttributeNames: { '#a': 'x', '#b': '[0]' } }),
  )
  t.is(
    message,
    'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [x, [0]], path two: [x]',
  )
})

test('expressions are taken in the order Update, Condition, KeyCondition, Filter, Projection', t => {
  const order = [
    'UpdateExpression',
    'ConditionExpression',
    'KeyConditionExpression',
    'FilterExpression',
    'ProjectionExpression',
  ]
  for (let i = 0; i < order.length; i++) {
    const input = Object.fromEntries(order.slice(i).map(kind => [kind, '!']))
    t.is(
      refusalOf(() => bindExpressions(input)),
      `Invalid ${order[i]}: Syntax error; token: "!", near: "!"`,
    )
  }
})

test('keywords are read in any case, and white space anywhere between tokens', t => {
  t.deepEqual(bindOne({ ConditionExpression: 'not\ta . b [ 0 ]\r\n=:s aNd contains ( c , :s )' }).condition, {
    kind: 'and',
    terms: [
      {
        kind: 'not',
        term: { kind: 'compare', comparator: '=', left: { path: ['a', 'b', 0] }, right: { value: { S: 'text' } } },
      },
      { kind: 'contains', operand: { path: ['c'] }, needle: { value: { S: 'text' } } },
    ],
  })
})

test('a text with 300 operators, 100 choices and paths of 32 elements passes', t => {
  const choices = Array.from({ length: 100 }, () => ':s').join()
  const path = Array.from({ length: 32 }, () => 'a').join('.')
  t.notThrows(() => bindOne({ ConditionExpression: `${'NOT '.repeat(299)} ${path} IN (${choices})` }))
})

const maps: [string, ExpressionInput, string][] = [
  ['names', { ExpressionAttributeNames: {} }, 'ExpressionAttributeNames must not be empty'],
  ['values', { ExpressionAttributeValues: {} }, 'ExpressionAttributeValues must not be empty'],
  [
    'name key',
    { ExpressionAttributeNames: { x: 'a' } },
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "x"',
  ],
  [
    'name key with an end of line',
    { ExpressionAttributeNames: { '#x\n': 'a' } },
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "#x\n"',
  ],
  [
    'value key',
    { ExpressionAttributeValues: { ':a-b': { S: 'a' } } },
    'ExpressionAttributeValues contains invalid key: Syntax error; key: ":a-b"',
  ],
  [
    'value',
    { ExpressionAttributeValues: { ':x': {} } },
    'ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :x',
  ],
  [
    'set',
    { ExpressionAttributeValues: { ':x': { SS: [] } } },
    'ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :x',
  ],
  [
    'null',
    { ExpressionAttributeValues: { ':x': { NULL: false } } },
    'One or more parameter values were invalid: Null attribute value types must have the value of true',
  ],
  [
    'unused names',
    { ExpressionAttributeNames: { '#a': 'a', '#b': 'b', '#c': 'c' }, ProjectionExpression: '#c' },
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}',
  ],
  [
    'unused values',
    { ExpressionAttributeValues: { ':a': { S: '' }, ':b': { S: '' } }, FilterExpression: 'a = :b' },
    'Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}',
  ],
  [
    'unused names come before unused values',
    {
      ExpressionAttributeNames: { '#a': 'a' },
      ExpressionAttributeValues: { ':a': { S: '' } },
      FilterExpression: 'a = b',
    },
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}',
  ],
  [
    'an invalid expression comes before unused names',
    { ExpressionAttributeNames: { '#a': 'a' }, FilterExpression: 'a' },
    'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "a"',
  ],
  [
    'too much of everything',
    { ExpressionAttributeValues: { ':a': { S: 'x'.repeat(2 ** 20) }, ':b': { S: 'x'.repeat(2 ** 20) } } },
    'ExpressionAttributeNames and ExpressionAttributeValues exceed the maximum size of 2 MB',
  ],
]

for (const [name, input, message] of maps) {
  test(`names and values: ${name}`, t => {
    t.is(
      refusalOf(() => bindExpressions(input)),
      message,
    )
  })
}

test('values nested too deeply are refused without their name', t => {
  let value = { S: '' } as object
  for (let i = 0; i < 32; i++) value = { L: [value] }
  const message = refusalOf(() =>
    bindExpressions({ FilterExpression: 'a = :x', ExpressionAttributeValues: { ':x': value } }),
  )
  t.regex(message, /^Nesting Levels have exceeded supported limits/)
})

test('numbers among the values are normalised', t => {
  const { condition } = bindExpressions({
    ConditionExpression: 'a = :x',
    ExpressionAttributeValues: { ':x': { L: [{ N: '1.50' }] } },
  })
  t.like(condition, { right: { value: { L: [{ N: '1.5' }] } } })
})

test('names such as __proto__ and toString are names like others', t => {
  const { projection } = bindExpressions({
    ProjectionExpression: 'valueOf, #p, toString.#p',
    ExpressionAttributeNames: { '#p': '__proto__' },
  })
  t.deepEqual(projection, [['valueOf'], ['__proto__'], ['toString', '__proto__']])
  t.is(
    refusalOf(() => bindExpressions({ ProjectionExpression: '#__proto__' })),
    'Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #__proto__',
  )
})
