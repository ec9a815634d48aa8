/** What a SELECT reads, and what of it: the texts are PartiQL's own (facts, section 8.3). */
import type { Condition, Path } from '../../expression/bound.ts'
import { compileCondition } from '../../expression/condition.ts'
import { conditionPaths } from '../../expression/paths.ts'
import { validation } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Select } from '../../partiql/bind.ts'
import { compileSelection } from '../../partiql/selection.ts'
import type { RowView } from '../item/page.ts'
import { checkPaths, tableSchema } from '../item/schema.ts'
import { namesBeyond } from '../item/select.ts'
import { type Source, sourceOf } from '../item/source.ts'

/** @throws ValidationException if there is no such index, or it cannot be read, or not so */
export function selectedSource(table: TableRecord, indexName: string | undefined, consistent: boolean): Source {
  if (indexName !== undefined) {
    const index = tableSchema(table).indexes.find(({ name }) => name === indexName)
    if (index === undefined) throw validation('The table does not have the specified index')
    if (index.kind === 'GLOBAL' && consistent) {
      throw validation('Strongly consistent read is not supported on Global Secondary Indexes')
    }
  }
  return sourceOf(table, indexName, consistent)
}

/** @param filter what of the WHERE clause the key does not answer */
export function viewOf(source: Source, select: Select, filter: Condition | undefined, consistent: boolean): RowView {
  const paths = select.selected?.map(({ path }) => path)
  if (select.where !== undefined) checkPaths(source.schema, conditionPaths(select.where))
  if (paths !== undefined) checkPaths(source.schema, paths)
  if (filter !== undefined) checkFilter(source, filter)
  return {
    source,
    consistent,
    fetch: needsItems(source, paths ?? []),
    filter: filter && compileCondition(filter),
    projection: select.selected && compileSelection(select.selected),
  }
}

function checkFilter({ index, carried }: Source, filter: Condition): void {
  const lacking = carried ? namesBeyond(carried, conditionPaths(filter)) : []
  if (lacking.length === 0) return
  throw validation(
    `Secondary index ${index!.name} does not project one or more filter attributes: [${lacking.join(', ')}]`,
  )
}

/** True if the rows do not carry all that is wanted, which local indexes allow. `*` is what they carry. */
function needsItems({ index, carried }: Source, paths: Path[]): boolean {
  const lacking = carried ? namesBeyond(carried, paths) : []
  if (lacking.length === 0) return false
  if (index!.kind === 'LOCAL') return true
  throw validation(`Global secondary index ${index!.name} does not project [${lacking.join(', ')}]`)
}
