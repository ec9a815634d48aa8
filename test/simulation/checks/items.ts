/** Items one at a time: what clients were told can be explained by single steps, one after the other. */
import { check } from '../../linearizability/checker.ts'
import type { History } from '../history.ts'
import { itemRequest, valueIn } from '../requests.ts'
import type { Looking } from './checks.ts'

/** Errors: the first operation that nothing explains. */
export function checkItems({ items, operations }: History, { ask }: Looking): void {
  for (const key of new Set(operations.map(({ key }) => key))) {
    const { operation, input } = itemRequest(key, { kind: 'get' }, {})
    const called = operations.length * 2 + 1e9
    const value = valueIn(ask(operation, input).Item)
    items.operations.push({
      client: -1,
      key,
      op: { kind: 'get' },
      called,
      returned: called + 1,
      result: { kind: 'value', value },
    })
  }
  const verdict = check(operations)
  if (!verdict.valid)
    throw new Error(
      `${verdict.key}: nothing explains ${JSON.stringify(verdict.operation)} of client ${verdict.operation.client}`,
    )
}
