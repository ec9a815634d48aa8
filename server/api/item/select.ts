/** Which attributes of its rows a Query or Scan returns: `Select` and its companions (facts, section 4.3). */
import type { Condition, Path, ProjectionPaths } from '../../expression/bound.ts'
import { conditionPaths } from '../../expression/paths.ts'
import { invalidParameter, validation } from '../../model/errors.ts'
import type { Source } from './source.ts'

export type Select = 'SPECIFIC_ATTRIBUTES' | 'COUNT' | 'ALL_ATTRIBUTES' | 'ALL_PROJECTED_ATTRIBUTES'

type SelectInput = {
  Select?: Select
  IndexName?: string
  ProjectionExpression?: string
  AttributesToGet?: string[]
}

/** Checks what needs no table. @throws ValidationException */
export function checkSelect(input: SelectInput, operation: 'Query' | 'Scan'): void {
  const { Select: wanted, ProjectionExpression, AttributesToGet } = input
  if (wanted === undefined) return
  if (wanted === 'ALL_PROJECTED_ATTRIBUTES' && input.IndexName === undefined) {
    throw validation('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName')
  }
  const projects = ProjectionExpression !== undefined || AttributesToGet !== undefined
  if (wanted !== 'SPECIFIC_ATTRIBUTES') {
    const parameter = ProjectionExpression !== undefined ? 'ProjectionExpression' : 'AttributesToGet'
    const what = wanted === 'COUNT' ? 'only the Count' : wanted
    if (projects) throw validation(`Cannot specify the ${parameter} when choosing to get ${what}`)
  } else if (!projects) {
    const text = 'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES'
    throw validation(operation === 'Query' ? `1 validation error detected: ${text}` : text)
  }
}

/**
 * True if the rows of the source do not carry all that is wanted, so that the items must be fetched from the table,
 * which local indexes allow.
 * @throws ValidationException where a global index does not carry it
 */
export function needsItems(
  { index, carried }: Source,
  select: Select | undefined,
  projection: ProjectionPaths | undefined,
): boolean {
  if (index === undefined || carried === undefined) return false
  const lacking = namesBeyond(carried, projection ?? [])
  if (select !== 'ALL_ATTRIBUTES' && lacking.length === 0) return false
  if (index.kind === 'LOCAL') return true
  throw invalidParameter(
    select === 'ALL_ATTRIBUTES'
      ? `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`
      : `Global secondary index ${index.name} does not project [${lacking.join(', ')}]`,
  )
}

/** Refuses a query's filter on attributes that the index's rows do not carry. @throws ValidationException */
export function checkFilterCarried({ index, carried }: Source, filter: Condition): void {
  if (index === undefined || carried === undefined) return
  const lacking = namesBeyond(carried, conditionPaths(filter))
  if (lacking.length === 0) return
  throw invalidParameter(
    `Secondary index ${index.name} does not project one or more filter attributes: [${lacking.join(', ')}]`,
  )
}

/** The attributes that the paths lead to and rows do not carry. */
export function namesBeyond(carried: Set<string>, paths: Path[]): string[] {
  const names = new Set(paths.map(path => path[0] as string))
  return [...names].filter(name => !carried.has(name))
}
