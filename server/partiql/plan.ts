/** How a WHERE clause is carried out: what of it is the key, so that it is looked up, and what is left to test. */
import type { RangeCondition } from '../codec/range.ts'
import type { Condition, KeyConditionTerm } from '../expression/bound.ts'
import { resolveKeyCondition } from '../expression/keycondition.ts'
import { compareScalars } from '../model/compare.ts'
import { validation } from '../model/errors.ts'
import { type AttributeValue, type Item, setOwn } from '../model/item.ts'
import { type KeyAttribute, type KeySchema, keyAttributes } from '../model/schema.ts'
import type { Select } from './bind.ts'
import { choiceOf, conjunction, conjuncts, keyTerm } from './conjuncts.ts'
import type { OrderTerm } from './syntax.ts'

const MAX_HASH_VALUES = 50

/** The rows under one partition key, as a Query names them. */
export type Lookup = { hash: AttributeValue[]; range: RangeCondition[] }

export type Plan =
  | { kind: 'scan'; filter: Condition | undefined }
  | {
      kind: 'query'
      /** One after the other; or, if `merged`, all at once, in the order of what follows the partition key. */
      lookups: Lookup[]
      merged: boolean
      reverse: boolean
      filter: Condition | undefined
    }

/**
 * The plan of a SELECT on the table or index with that key. An equality on the whole partition key, an IN, or an OR of
 * these is never left to a scan.
 * @throws ValidationException
 */
export function planSelect({ where, order }: Pick<Select, 'where' | 'order'>, key: KeySchema): Plan {
  checkOrder(order, where, key)
  const rest = conjuncts(where)
  const hashes = hashValues(rest, key.hash)
  if (hashes === undefined) {
    if (order.length > 0) throw validation(`Must have at least one non-optional hash key condition in ${CLAUSE}`)
    return { kind: 'scan', filter: where }
  }
  const range = rangeTerms(rest, key.range)
  const lookups = hashes.map(values => {
    const hash = key.hash.map(
      ({ name }, i): KeyConditionTerm => ({ attribute: name, operator: '=', values: [values[i]!] }),
    )
    return resolveKeyCondition([...hash, ...range], key)
  })
  return { kind: 'query', lookups, filter: conjunction(rest), ...arrange(lookups, order, key) }
}

export type ItemPlan = { key: Item; rest: Condition | undefined }

/**
 * The one item that a WHERE clause is about, by equalities on all attributes of its key, and what else it says; undefined
 * if it gives no such key. Whether the values fit the key is for the caller to check.
 */
export function planItem(where: Condition | undefined, key: KeySchema): ItemPlan | undefined {
  const rest = conjuncts(where)
  const item: Item = {}
  for (const { name } of keyAttributes(key)) {
    const term = takeTerm(rest, name, ['='])
    if (term === undefined) return undefined
    setOwn(item, name, term.values[0]!)
  }
  return { key: item, rest: conjunction(rest) }
}

/** All combinations of values that the hash attributes may have. Takes out of `rest` what says no more than that. */
function hashValues(rest: Condition[], hash: KeyAttribute[]): AttributeValue[][] | undefined {
  let combinations: AttributeValue[][] = [[]]
  for (const { name } of hash) {
    const values = takeChoice(rest, name)
    if (values === undefined) return undefined
    combinations = combinations.flatMap(start => values.map(value => [...start, value]))
    if (combinations.length > MAX_HASH_VALUES) {
      throw validation(
        'Incorrect number of operands for operator or function; operator or function: IN, ' +
          `number of operands: ${combinations.length}`,
      )
    }
  }
  return combinations
}

/** The values of the term that leaves the fewest, without duplicates. */
function takeChoice(rest: Condition[], attribute: string): AttributeValue[] | undefined {
  const choices = rest.map(term => choiceOf(term, attribute))
  const fewest = Math.min(...choices.map(choice => choice?.values.length ?? Number.POSITIVE_INFINITY))
  const at = choices.findIndex(choice => choice?.values.length === fewest)
  const choice = choices[at]
  if (choice === undefined) return undefined
  if (choice.exact) rest.splice(at, 1)
  return [...new Map(choice.values.map(value => [JSON.stringify(value), value])).values()]
}

/** Equalities on the first range attributes, and a condition on the next one. Takes them out of `rest`. */
function rangeTerms(rest: Condition[], range: KeyAttribute[]): KeyConditionTerm[] {
  const terms: KeyConditionTerm[] = []
  for (const { name } of range) {
    const term = takeTerm(rest, name, ['=']) ?? takeTerm(rest, name)
    if (term !== undefined) terms.push(term)
    if (term?.operator !== '=') break
  }
  return terms
}

function takeTerm(rest: Condition[], attribute: string, operators?: string[]): KeyConditionTerm | undefined {
  for (let i = 0; i < rest.length; i++) {
    const term = keyTerm(rest[i]!, attribute)
    if (term === undefined || operators?.includes(term.operator) === false) continue
    rest.splice(i, 1)
    return term
  }
  return undefined
}

const CLAUSE = 'WHERE clause when using ORDER BY clause.'

/** Items are ordered by their keys, under partition keys that are given. @throws ValidationException */
export function checkOrder(order: OrderTerm[], where: Condition | undefined, key: KeySchema): void {
  if (order.length === 0) return
  const names = keyAttributes(key).map(({ name }) => name)
  for (const { attribute } of order) {
    if (names.includes(attribute)) continue
    throw validation(`Variable reference ${attribute} in ORDER BY clause must be part of the primary key`)
  }
  if (where === undefined) throw validation('Must have WHERE clause in the statement when using ORDER BY clause.')
}

/** Sorts the lookups as the order wants. Range attributes have one direction, that of the first one named. */
function arrange(lookups: Lookup[], order: OrderTerm[], key: KeySchema): { merged: boolean; reverse: boolean } {
  const places = order.map(({ attribute }) => key.hash.findIndex(({ name }) => name === attribute))
  if (order.length > 0)
    lookups.sort((a, b) => {
      for (const [i, place] of places.entries()) {
        const difference = place < 0 ? 0 : compareScalars(a.hash[place]!, b.hash[place]!)!
        if (difference !== 0) return order[i]!.descending ? -difference : difference
      }
      return 0
    })
  const firstRange = places.indexOf(-1)
  return { merged: firstRange === 0 && lookups.length > 1, reverse: order[firstRange]?.descending === true }
}
