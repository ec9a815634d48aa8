/** Random conditions, printed, parsed, bound and compiled, against an evaluator that knows nothing of the real one. */
import test from 'ava'
import fc from 'fast-check'
import { bindExpressions } from '../../../server/expression/bind.ts'
import { compileCondition } from '../../../server/expression/condition.ts'
import type { AttributeValue, Item } from '../../../server/model/item.ts'

type Operand = { path: (string | number)[] } | { constant: AttributeValue } | { size: Operand }
type Tree =
  | { op: 'AND' | 'OR'; terms: Tree[] }
  | { op: 'NOT'; term: Tree }
  | { op: 'compare'; sign: string; left: Operand; right: Operand }
  | { op: 'BETWEEN'; operand: Operand; low: Operand; high: Operand }
  | { op: 'IN'; operand: Operand; choices: Operand[] }
  | { op: 'call'; name: string; operands: Operand[] }

const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'b', '~', '\u{ffee}', '😀').map(S => ({ S })),
  fc.constantFrom('-10', '-2', '0', '0.5', '1', '2', '10').map(N => ({ N })),
  fc.constantFrom('', 'AA==', 'AQ==', 'AQI=', '/w==').map(B => ({ B })),
)
const flat: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.constantFrom<AttributeValue>({ BOOL: true }, { BOOL: false }, { NULL: true }),
  fc.constantFrom<AttributeValue>({ SS: ['a', 'b'] }, { SS: ['b', 'a'] }, { NS: ['1', '2'] }, { BS: ['AQ=='] }),
)
const NAMES = ['p', 'q', 'r', '#odd']
const ODD = '__proto__'
const document: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 4, arbitrary: flat },
  fc.array(flat, { maxLength: 3 }).map(L => ({ L })),
  fc.dictionary(fc.constantFrom('p', 'q'), flat).map(map => ({ M: { ...map } })),
)
const item: fc.Arbitrary<Item> = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), document), { maxLength: 4 })
  .map(entries => Object.fromEntries(entries.map(([name, value]) => [name === '#odd' ? ODD : name, value])))

const path: fc.Arbitrary<Operand> = fc
  .tuple(fc.constantFrom(...NAMES), fc.array(fc.constantFrom<string | number>('p', 'q', 0, 1), { maxLength: 2 }))
  .map(([name, rest]) => ({ path: [name, ...rest] }))
const constantOf = (value: fc.Arbitrary<AttributeValue>): fc.Arbitrary<Operand> => value.map(constant => ({ constant }))
const size: fc.Arbitrary<Operand> = path.map(operand => ({ size: operand }))
const ordered = fc.oneof(path, constantOf(scalar), size)
const any = fc.oneof(path, constantOf(document), size)

const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.record({ op: fc.constant('compare' as const), sign: fc.constantFrom('=', '<>'), left: any, right: any }),
  fc.record({
    op: fc.constant('compare' as const),
    sign: fc.constantFrom('<', '<=', '>', '>='),
    left: ordered,
    right: ordered,
  }),
  fc.record({ op: fc.constant('BETWEEN' as const), operand: ordered, low: ordered, high: fc.oneof(path, size) }),
  fc.record({ op: fc.constant('IN' as const), operand: any, choices: fc.array(any, { minLength: 1, maxLength: 4 }) }),
  call('attribute_exists', path),
  call('attribute_not_exists', path),
  call('attribute_type', any, constantOf(fc.constantFrom('S', 'N', 'SS', 'L', 'M').map(S => ({ S })))),
  call('begins_with', path, constantOf(fc.constantFrom<AttributeValue>({ S: 'a' }, { B: 'AQ==' }, { S: '' }))),
  call('contains', path, any),
)
const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({
      op: fc.constantFrom('AND' as const, 'OR' as const),
      terms: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ op: fc.constant('NOT' as const), term: tie('tree') }),
  ),
})).tree

function call(name: string, ...operands: fc.Arbitrary<Operand>[]): fc.Arbitrary<Tree> {
  return fc.tuple(...operands).map(list => ({ op: 'call', name, operands: list }))
}

/** Prints with parentheses where precedence wants them, and where `coin` does, but never two pairs around one thing. */
function print(root: Tree, values: Record<string, AttributeValue>, coin: () => boolean): string {
  const space = () => (coin() ? ' ' : '\t\r\n ')
  const keyword = (word: string) => space() + (coin() ? word : word.toLowerCase()) + space()
  const maybe = (text: string) => (coin() ? text : `(${text})`)
  const operand = (node: Operand): string => {
    if ('size' in node) return maybe(`size${coin() ? '' : ' '}(${operand(node.size)})`)
    if ('path' in node) {
      return maybe(node.path.map((e, i) => (typeof e === 'number' ? `[${e}]` : i === 0 ? e : `.${e}`)).join(''))
    }
    const name = `:v${Object.keys(values).length}`
    values[name] = node.constant
    return maybe(name)
  }
  /** 1: OR, 2: AND, 3: NOT, 4: the rest. */
  const level = (node: Tree) => ({ OR: 1, AND: 2, NOT: 3 })[node.op as string] ?? 4
  const term = (node: Tree, least: number): string => {
    const text = bare(node)
    return level(node) < least || coin() ? `(${text})` : text
  }
  const bare = (node: Tree): string => {
    switch (node.op) {
      case 'AND':
        return node.terms.map(child => term(child, 3)).join(keyword('AND'))
      case 'OR':
        return node.terms.map(child => term(child, 2)).join(keyword('OR'))
      case 'NOT':
        return `${keyword('NOT')}${term(node.term, 3)}`
      case 'compare':
        return `${operand(node.left)}${space()}${node.sign} ${operand(node.right)}`
      case 'BETWEEN':
        return operand(node.operand) + keyword('BETWEEN') + operand(node.low) + keyword('AND') + operand(node.high)
      case 'IN':
        return `${operand(node.operand)}${keyword('IN')}(${node.choices.map(operand).join(`${space()},`)})`
      case 'call':
        return `${node.name}(${node.operands.map(operand).join(',')})`
    }
  }
  return bare(root)
}

// The second implementation: everything becomes a pair of type and plain value.

type Plain = [string, unknown]

function plain(value: AttributeValue): Plain {
  const [type, content] = Object.entries(value)[0]!
  if (type === 'N') return ['N', Number(content)]
  if (type.length === 2 && type.endsWith('S')) return [type, [...(content as string[])].sort()]
  if (type === 'L') return ['L', (content as AttributeValue[]).map(plain)]
  if (type === 'M') {
    const entries = Object.entries(content as Item).map(([name, v]) => [name, plain(v)])
    return ['M', entries.sort(([a], [b]) => (a! < b! ? -1 : 1))]
  }
  return [type, content]
}

function read(node: Operand, from: Item): Plain | undefined {
  if ('constant' in node) return plain(node.constant)
  if ('size' in node) {
    const value = read(node.size, from)
    if (value === undefined || ['N', 'BOOL', 'NULL'].includes(value[0])) return undefined
    return ['N', value[0] === 'B' ? Buffer.from(value[1] as string, 'base64').length : (value[1] as string).length]
  }
  let value: AttributeValue | undefined = { M: from }
  for (const written of node.path) {
    const element: string | number = written === '#odd' ? ODD : written
    const container: object | undefined = typeof element === 'number' ? value?.L : value?.M
    value = Object.entries(container ?? {}).find(([name]) => name === String(element))?.[1]
  }
  return value && plain(value)
}

const same = (a?: Plain, b?: Plain) => a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b)

function order(a?: Plain, b?: Plain): number {
  if (a === undefined || b === undefined || a[0] !== b[0]) return Number.NaN
  if (a[0] === 'N') return (a[1] as number) - (b[1] as number)
  const encoding = a[0] === 'S' ? 'utf8' : a[0] === 'B' ? 'base64' : undefined
  if (encoding === undefined) return Number.NaN
  return Buffer.compare(Buffer.from(a[1] as string, encoding), Buffer.from(b[1] as string, encoding))
}

function bytesOf(value?: Plain): string | undefined {
  return value?.[0] === 'B' ? Buffer.from(value[1] as string, 'base64').toString('hex') : undefined
}

function expected(node: Tree, from: Item): boolean {
  switch (node.op) {
    case 'AND':
      return node.terms.map(child => expected(child, from)).every(Boolean)
    case 'OR':
      return node.terms.map(child => expected(child, from)).some(Boolean)
    case 'NOT':
      return !expected(node.term, from)
    case 'compare': {
      const a = read(node.left, from)
      const b = read(node.right, from)
      const noSize = ('size' in node.left && a === undefined) || ('size' in node.right && b === undefined)
      const sizes = 'size' in node.left || 'size' in node.right
      if (node.sign === '=') return same(a, b)
      if (node.sign === '<>') return !noSize && !(sizes && (a === undefined || b === undefined)) && !same(a, b)
      const sign = Math.sign(order(a, b))
      return { '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] }[node.sign]!.some(wanted => wanted === sign)
    }
    case 'BETWEEN': {
      const value = read(node.operand, from)
      return order(read(node.low, from), value) <= 0 && order(value, read(node.high, from)) <= 0
    }
    case 'IN':
      return node.choices.some(choice => same(read(node.operand, from), read(choice, from)))
    case 'call': {
      const [a, b] = node.operands.map(child => read(child, from))
      if (node.name === 'attribute_exists') return a !== undefined
      if (node.name === 'attribute_not_exists') return a === undefined
      if (node.name === 'attribute_type') return a?.[0] === b![1]
      if (node.name === 'begins_with') {
        if (a?.[0] !== b![0]) return false
        return a[0] === 'S' ? (a[1] as string).indexOf(b![1] as string) === 0 : bytesOf(a)!.startsWith(bytesOf(b)!)
      }
      if (a === undefined || b === undefined) return false
      if (a[0] === 'S') return b[0] === 'S' && (a[1] as string).includes(b[1] as string)
      if (a[0] === 'B')
        return (
          b[0] === 'B' &&
          (bytesOf(a)!.match(/../g) ?? []).join(' ').includes((bytesOf(b)!.match(/../g) ?? []).join(' '))
        )
      if (a[0] === 'L') return (a[1] as Plain[]).some(element => same(element, b))
      if (['SS', 'NS', 'BS'].includes(a[0]) && a[0][0] === b[0])
        return (a[1] as unknown[]).map(String).includes(String(b[1]))
      return false
    }
  }
}

test('random conditions mean what a plain evaluator says', t => {
  let compared = 0
  let held = 0
  fc.assert(
    fc.property(tree, item, fc.infiniteStream(fc.boolean()), (root, from, coins) => {
      const values: Record<string, AttributeValue> = {}
      const text = print(root, values, () => coins.next().value ?? true)
      const input = {
        ConditionExpression: text,
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
        ...(text.includes('#odd') && { ExpressionAttributeNames: { '#odd': ODD } }),
      }
      let bound: ReturnType<typeof bindExpressions>
      try {
        bound = bindExpressions(input)
      } catch (error) {
        // Such as `p = p` and `size(:number)`; anything else would be the printer's or the parser's fault.
        if (/must be distinct|Incorrect operand type|BETWEEN operator/.test((error as Error).message)) fc.pre(false)
        throw error
      }
      const wanted = expected(root, from)
      compared++
      if (wanted) held++
      const actual = compileCondition(bound.condition!)(from)
      if (actual !== wanted) throw new Error(`${text} is ${actual}`)
    }),
    { numRuns: 3000 },
  )
  t.true(compared >= 3000)
  t.true(held > compared / 10 && held < compared * 0.9)
})
