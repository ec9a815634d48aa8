/** Rows of CSV as items: the columns' types come from the attribute definitions, S for all others. */
import { type Item, type ScalarType, setOwn } from '../model/item.ts'
import type { AttributeDefinition } from '../model/table.ts'

/** A row that makes no item. */
export class RowRefused extends Error {
  override name = 'RowRefused'
}

/** The fields of one line; a quoted field may hold delimiters, and quotes doubled. Errors: RowRefused. */
export function fieldsOf(line: string, delimiter: string): string[] {
  const fields: string[] = []
  for (let start = 0; ; ) {
    if (line[start] !== '"') {
      const end = line.indexOf(delimiter, start)
      fields.push(line.slice(start, end < 0 ? undefined : end))
      if (end < 0) return fields
      start = end + 1
      continue
    }
    let field = ''
    let from = start + 1
    for (;;) {
      const quote = line.indexOf('"', from)
      if (quote < 0) throw new RowRefused('A quoted field does not end')
      field += line.slice(from, quote)
      from = quote + 1
      if (line[from] !== '"') break
      field += '"'
      from += 1
    }
    fields.push(field)
    if (from === line.length) return fields
    if (line[from] !== delimiter) throw new RowRefused('A quoted field is followed by something else than a delimiter')
    start = from + 1
  }
}

/** Empty fields are left out. Errors: RowRefused. */
export function itemOfRow(headers: string[], fields: string[], definitions: AttributeDefinition[]): Item {
  if (fields.length !== headers.length) {
    throw new RowRefused(`The row has ${fields.length} fields, the header has ${headers.length}`)
  }
  const types = new Map(definitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]))
  const item: Item = {}
  for (const [i, field] of fields.entries()) {
    if (field === '') continue
    const type: ScalarType = types.get(headers[i]!) ?? 'S'
    setOwn(item, headers[i]!, { [type]: field })
  }
  return item
}
