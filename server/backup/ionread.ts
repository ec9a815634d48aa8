/** Lines of Amazon Ion text as items (facts, section 9.5). Ion's own library reads them, loaded when it is first needed. */
import type { makeReader, Reader } from 'ion-js'
import { type AttributeValue, getOwn, type Item, setOwn } from '../model/item.ts'
import { MAX_ITEM_SIZE } from '../model/value.ts'
import { RowRefused } from './csv.ts'

/** An optional version marker, then a struct. Symbol tables are not read: a deep one keeps the library busy for minutes. */
const BEGINNING = /^\s*(?:\$ion_1_0\b)?\s*\{/
/**
 * Characters: an item may be 400 KB of what is written as `\u0001`. The library reads 1 to 10 MB a second, and nothing else is
 * done meanwhile, so that a line can't be as long as in other formats.
 */
const MAX_LINE = 2.5 * 1024 * 1024
/** Every value has a byte at least. */
const MAX_VALUES = MAX_ITEM_SIZE
/** Far beyond the 32 levels that validation allows, and far from the end of the stack. */
const MAX_DEPTH = 100
/** Characters that a number is written with: few of them are digits that count. Millions would take seconds to convert. */
const MAX_NUMERAL = 512
/** Characters of what the library says, which may quote the line. */
const MAX_REASON = 100
const NUMERAL = /^[\w.+-]*$/

const SETS: Record<string, 'SS' | 'NS' | 'BS'> = { $dynamodb_SS: 'SS', $dynamodb_NS: 'NS', $dynamodb_BS: 'BS' }
const MEMBERS = { SS: 'S', NS: 'N', BS: 'B' } as const

/** Resolves with what makes an item, whose values are not checked yet, of a line. That throws RowRefused. */
export async function loadIon(): Promise<(line: string) => Item> {
  const { makeReader } = await import('ion-js')
  return line => {
    if (line.length > MAX_LINE) throw new RowRefused('The line is too long for an item')
    if (!BEGINNING.test(line)) throw new RowRefused('The line has no Item')
    try {
      return new LineReader(makeReader, line).item()
    } catch (error) {
      if (error instanceof RowRefused) throw error
      throw new RowRefused(`The line is no Ion: ${(error as Error).message.slice(0, MAX_REASON)}`)
    }
  }
}

class LineReader {
  readonly #reader: Reader
  readonly #line: string
  #values = 0

  constructor(make: typeof makeReader, line: string) {
    this.#reader = make(line)
    this.#line = line
  }

  item(): Item {
    this.#reader.next()
    const item = getOwn(this.#value(0).M ?? {}, 'Item')
    if (!item?.M) throw new RowRefused('The line has no Item')
    if (this.#line.slice(this.#reader.position()).trim() !== '') throw new RowRefused('The line has more than an item')
    return item.M
  }

  /** The value the reader is at; wholly read afterwards. */
  #value(depth: number): AttributeValue {
    if (++this.#values > MAX_VALUES) throw new RowRefused('The line has too many values for an item')
    const reader = this.#reader
    const type = reader.type()!.name
    const set = this.#setType()
    if (set && (type !== 'list' || reader.isNull())) throw new RowRefused(`The $dynamodb_${set} is no list`)
    if (reader.isNull()) return { NULL: true }
    switch (type) {
      case 'string':
        return { S: this.#string() }
      case 'int':
        this.#checkNumeral()
        return { N: String(reader.bigIntValue()) }
      case 'decimal':
        return { N: this.#decimal() }
      case 'blob':
        return { B: Buffer.from(reader.uInt8ArrayValue()!).toString('base64') }
      case 'bool':
        return { BOOL: reader.booleanValue()! }
      case 'list':
        return set ? { [set]: this.#members(set, depth) } : { L: this.#list(depth) }
      case 'struct':
        return { M: this.#map(depth) }
      default:
        throw new RowRefused(`A ${type} is no attribute value`)
    }
  }

  #setType(): 'SS' | 'NS' | 'BS' | undefined {
    const [first, ...others] = this.#reader.annotations()
    if (first === undefined) return undefined
    if (others.length > 0 || !Object.hasOwn(SETS, first)) throw new RowRefused('Only sets have an annotation')
    return SETS[first]
  }

  /** The library loses what follows a comment between the parts of a long string, so those are refused. */
  #string(): string {
    if (this.#line[this.#reader.position() - 1] !== '"') throw new RowRefused("A string of ''' is not supported")
    return this.#reader.stringValue()!
  }

  #decimal(): string {
    this.#checkNumeral()
    const decimal = this.#reader.decimalValue()!
    return `${decimal.getCoefficient()}E${decimal.getExponent()}`
  }

  #checkNumeral(): void {
    const end = this.#reader.position()
    const before = this.#line.slice(Math.max(0, end - MAX_NUMERAL), end)
    if (NUMERAL.test(before)) throw new RowRefused('A number is too long')
  }

  #members(set: 'SS' | 'NS' | 'BS', depth: number): string[] {
    return this.#list(depth).map(member => {
      const text = member[MEMBERS[set]]
      if (text === undefined) throw new RowRefused(`A member of a $dynamodb_${set} has another type`)
      return text
    })
  }

  #list(depth: number): AttributeValue[] {
    const values: AttributeValue[] = []
    this.#inside(depth, () => values.push(this.#value(depth + 1)))
    return values
  }

  #map(depth: number): Item {
    const map: Item = {}
    this.#inside(depth, () => {
      const name = this.#reader.fieldName()!
      setOwn(map, name, this.#value(depth + 1))
    })
    return map
  }

  /** `each` is called at every value in the container the reader is at. */
  #inside(depth: number, each: () => void): void {
    if (depth === MAX_DEPTH) throw new RowRefused('The values are nested too deep')
    this.#reader.stepIn()
    while (this.#reader.next() !== null) each()
    this.#reader.stepOut()
  }
}
