import test from 'ava'
import { bound, MALFORMED, N, refusal, S, where } from './given.ts'

test('a SELECT: paths and their names, table and index, order', t => {
  const text = `select a, m.b, l[0], m."odd name"[1][2] from "T"."by x" order by pk desc, "sk"`
  t.deepEqual(bound('select', text), {
    kind: 'select',
    target: { table: 'T', index: 'by x' },
    selected: [
      { name: 'a', path: ['a'] },
      { name: 'b', path: ['m', 'b'] },
      { name: 'l[0]', path: ['l', 0] },
      { name: 'odd name[1][2]', path: ['m', 'odd name', 1, 2] },
    ],
    where: undefined,
    order: [
      { attribute: 'pk', descending: true },
      { attribute: 'sk', descending: false },
    ],
  })
})

test('an INSERT: all kinds of values, with parameters anywhere', t => {
  const text = `INSERT INTO T VALUE {'pk': ?, 's': 'it''s', 'n': -1.50, 'p': +2e1, 'yes': true, 'nil': NULL, 'l': [1, ?, []],
    'm': {'__proto__': 'x', 'k': {'d': ?}}, 'ss': <<'a', ?>>, 'ns': <<1, 2.0>>, 'b': ?}`
  const { item, size } = bound('insert', text, S('k'), N('7'), S('deep'), S('b'), { B: 'AAE=' })
  t.deepEqual(JSON.parse(JSON.stringify(item)), {
    pk: S('k'),
    s: S("it's"),
    n: N('-1.5'),
    p: N('20'),
    yes: { BOOL: true },
    nil: { NULL: true },
    l: { L: [N(1), N(7), { L: [] }] },
    m: { M: JSON.parse('{"__proto__":{"S":"x"},"k":{"M":{"d":{"S":"deep"}}}}') },
    ss: { SS: ['a', 'b'] },
    ns: { NS: ['1', '2'] },
    b: { B: 'AAE=' },
  })
  t.true(size > 50)
})

test('an UPDATE: clauses one after the other or with commas, data, RETURNING', t => {
  const text = `UPDATE T SET a = 1, m.b = c + d - ? REMOVE e, l[2] SET f = list_append(f, [1]) SET g = Set_Add(g, <<'x'>>)
    SET h = SET_DELETE(h, <<2>>) WHERE pk = 'k' RETURNING MODIFIED NEW *`
  const { update, where, returning } = bound('update', text, N(5))
  t.deepEqual(update, {
    set: [
      { path: ['a'], value: { value: N(1) } },
      {
        path: ['m', 'b'],
        value: {
          sign: '-',
          left: { sign: '+', left: { path: ['c'] }, right: { path: ['d'] } },
          right: { value: N(5) },
        },
      },
      { path: ['f'], value: { append: [{ path: ['f'] }, { value: { L: [N(1)] } }] } },
    ],
    remove: [['e'], ['l', 2]],
    add: [{ path: ['g'], value: { SS: ['x'] } }],
    delete: [{ path: ['h'], value: { NS: ['2'] } }],
  })
  t.deepEqual(where, { kind: 'compare', comparator: '=', left: { path: ['pk'] }, right: { value: S('k') } })
  t.deepEqual(returning, { of: 'MODIFIED', state: 'NEW' })
})

test('a DELETE, an EXISTS, and a semicolon in the end', t => {
  t.deepEqual(bound('delete', `DELETE FROM T WHERE pk = 'k' RETURNING ALL OLD *;`).returning, {
    of: 'ALL',
    state: 'OLD',
  })
  const { target } = bound('exists', `EXISTS(SELECT * FROM "T" WHERE pk = 'k' AND a IS MISSING)`)
  t.deepEqual(target, { table: 'T', index: undefined })
})

test('conditions: precedence, and the forms that expressions do not have', t => {
  const a = { path: ['a'] }
  const equal = (value: object) => ({ kind: 'compare', comparator: '=', left: a, right: { value } })
  t.deepEqual(where('a = 1 OR NOT a = 2 AND (a = 3 OR a = 4)'), {
    kind: 'or',
    terms: [
      equal(N(1)),
      {
        kind: 'and',
        terms: [
          { kind: 'not', term: equal(N(2)) },
          { kind: 'or', terms: [equal(N(3)), equal(N(4))] },
        ],
      },
    ],
  } as never)
  t.deepEqual(where('((a)) != ((1))'), { kind: 'compare', comparator: '<>', left: a, right: { value: N(1) } } as never)
  t.deepEqual(where('a IS MISSING'), { kind: 'notExists', path: ['a'] })
  t.deepEqual(where('a IS NOT MISSING'), { kind: 'not', term: { kind: 'notExists', path: ['a'] } })
  t.deepEqual(where('a is null'), { kind: 'type', operand: a, type: 'NULL' } as never)
  t.deepEqual(where('a NOT BETWEEN 1 AND 2'), {
    kind: 'not',
    term: { kind: 'between', operand: a, low: { value: N(1) }, high: { value: N(2) } },
  } as never)
  for (const list of ['[1, b]', '(1, b)']) {
    t.deepEqual(where(`a IN ${list}`), { kind: 'in', operand: a, choices: [{ value: N(1) }, { path: ['b'] }] } as never)
  }
  t.deepEqual(where('Size(a) > 2'), {
    kind: 'compare',
    comparator: '>',
    left: { size: a },
    right: { value: N(2) },
  } as never)
  t.deepEqual(where(`attribute_type(a, 'SS')`), { kind: 'type', operand: a, type: 'SS' } as never)
  t.deepEqual(where(`BEGINS_WITH("a", ?)`, S('x')), {
    kind: 'beginsWith',
    operand: a,
    prefix: { value: S('x') },
  } as never)
})

test('names that need quotes', t => {
  t.is(refusal('SELECT data, name, status FROM T'), 'none')
  t.is(refusal('SELECT "date", "order" FROM "select"'), 'none')
  for (const name of ['date', 'ORDER', 'user', 'Value', 'missing']) {
    t.is(refusal(`SELECT ${name} FROM T`), `${MALFORMED}Unexpected keyword`)
  }
})

test('statements that are not well formed', t => {
  const details: Record<string, string> = {
    'SELECTT * FROMM T': 'Expected data manipulation',
    'UPDATE T WHERE pk = 1': 'Expected data manipulation',
    "UPDATE 'T' SET a = 1": 'Expected identifier for simple path',
    'DELETE FROM 5': 'Expected identifier for simple path',
    'SELECT FROM T': 'Unexpected keyword',
    'SELECT * FROM T WHERE a =': 'Unexpected term',
    'SELECT * FROM T WHERE a': 'Unexpected term',
    'SELECT * FROM T WHERE a = 1 AND b': 'Unexpected term',
    'SELECT * FROM T WHERE (a = 1': 'Expected )',
    'SELECT * FROM T WHERE a IN []': 'Unexpected term',
    'SELECT * FROM T WHERE a IN 1': 'Unexpected term',
    'SELECT * FROM T WHERE a IS 1': 'Expected NULL',
    'SELECT * FROM T WHERE (a = 1) = b': 'Unexpected token after expression',
    'SELECT * FROM T LIMIT 5': 'Unexpected token after expression',
    'SELECT * FROM T x': 'Unexpected token after expression',
    'SELECT a.1 FROM T': 'Expected FROM',
    'SELECT a[b] FROM T': 'Unexpected term',
    'INSERT INTO T VALUE 5': 'Unexpected term',
    "INSERT INTO T VALUE {'a' 1}": 'Expected :',
    'INSERT INTO T VALUE {a: 1}': 'Unexpected term',
    "INSERT INTO T VALUE {'a': <<1, 'b'>>}": 'Unexpected term',
    "UPDATE T SET a = 1 WHERE pk = 'a' RETURNING SOME OLD *": 'Expected ALL',
  }
  for (const [text, detail] of Object.entries(details)) t.is(refusal(text), MALFORMED + detail, text)
})

test('the other texts of statements', t => {
  const texts: Record<string, string> = {
    'SELECT * FROM a.b.c': 'A path may contain at most 2 components in the FROM clause',
    'SELECT "" FROM T': 'Path component cannot be an empty string',
    'SELECT * FROM T.""': 'Path component cannot be an empty string',
    "INSERT INTO T.I VALUE {'a': 1}":
      'FROM clause may only contain a single table name in data manipulation statements at 1:13:1',
    'UPDATE\n "T"."I" SET a = 1':
      'FROM clause may only contain a single table name in data manipulation statements at 2:2:3',
    'DELETE FROM T.I': 'This operation is not supported on an index',
    "DELETE FROM T WHERE pk = 'a' RETURNING MODIFIED OLD *":
      'Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.',
    'SELECT * FROM T WHERE contain(a, 1)': 'Invalid function name; function: contain',
    "UPDATE T SET a = if_not_exists(a, 1) WHERE pk = 'a'": 'Invalid function name; function: if_not_exists',
    'SELECT * FROM T WHERE size(a, b) = 1':
      'Incorrect number of operands for operator or function; operator or function: size, number of operands: 2',
    'SELECT * FROM T WHERE a < true':
      'Incorrect operand type for operator or function; operator or function: <, operand type: BOOL',
    'SELECT * FROM T WHERE a = a':
      'The first operand must be distinct from the remaining operands for this operator or function; ' +
      'operator: =, first operand: [a]',
    'UPDATE T SET a = 1, a.b = 2':
      'Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]',
    'UPDATE T SET a = SET_ADD(a, 5)':
      'Incorrect operand type for operator or function; operator or function: SET_ADD, operand type: N',
    "INSERT INTO T VALUE {'a': <<>>}": 'One or more parameter values were invalid: An string set  may not be empty',
    "INSERT INTO T VALUE {'a': 1e200}":
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
  }
  for (const [text, message] of Object.entries(texts)) t.is(refusal(text), message, text)
  const choices = Array.from({ length: 101 }, (_, i) => i).join()
  t.is(
    refusal(`SELECT * FROM T WHERE a IN [${choices}]`),
    'Incorrect number of operands for operator or function; operator or function: IN, number of operands: 101',
  )
})

test('parameters: as many as there are, and legal ones', t => {
  const mismatch = "Number of parameters in request and statement don't match."
  t.is(refusal('SELECT * FROM T WHERE a = ?'), mismatch)
  t.is(refusal('SELECT * FROM T', S('a')), mismatch)
  t.is(refusal('SELECT * FROM T WHERE a = ?', N('x')), 'The parameter cannot be converted to a numeric value: x')
  t.is(
    refusal('SELECT * FROM T WHERE a = <<?, ?>>', S('x'), S('x')),
    'One or more parameter values were invalid: Input collection [x, x] contains duplicates.',
  )
})

test('one parsed text serves many requests', t => {
  const text = 'SELECT * FROM T WHERE a = ? AND b = [?, {}]'
  for (const value of ['x', 'y']) {
    const { terms } = bound('select', text, S(value), N(1)).where as { terms: { right: unknown }[] }
    t.deepEqual(
      terms.map(({ right }) => right),
      [{ value: S(value) }, { value: { L: [N(1), { M: {} }] } }],
    )
  }
})

test('nothing nests deeper than it may', t => {
  const deep = (open: string, middle: string, close: string, times = 8000 / (open.length + close.length)) =>
    open.repeat(times) + middle + close.repeat(times)
  const conditions = [deep('(', 'a', ')'), deep('NOT ', 'a = 1', ''), deep('size(', 'a', ')'), deep('(', '', '')]
  for (const text of conditions) t.is(refusal(`SELECT * FROM T WHERE ${text}`), `${MALFORMED}Nested too deeply`)
  for (const text of [deep('[', '', ']'), deep("{'a':", '1', '}'), deep('<<', '', '>>'), deep('[', '', '')]) {
    t.is(refusal(`INSERT INTO T VALUE {'a': ${text}}`), `${MALFORMED}Nested too deeply`)
  }
  for (const text of [deep('(', 'a', ')'), deep('list_append(', 'a', ''), deep('a + ', 'a', '')]) {
    t.is(refusal(`UPDATE T SET b = ${text}`), `${MALFORMED}Nested too deeply`)
  }
  t.is(
    refusal(`INSERT INTO T VALUE {'a': ${deep('[', '', ']', 33)}}`),
    'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
  )
  t.is(refusal(`SELECT * FROM T WHERE ${deep('(', 'a', ')', 100)} = 1`), 'none')
  t.is(refusal(`SELECT * FROM T WHERE a = 1${' AND a = 1'.repeat(700)}`), 'none')
  t.is(
    refusal(`SELECT a${'.a'.repeat(32)} FROM T`),
    'The document path has too many nesting levels; nesting levels: 33',
  )
})
