/** What a SELECT returns of an item: the values at its paths, each under a name of its own. */
import { valueAt } from '../expression/paths.ts'
import { type Item, setOwn } from '../model/item.ts'
import type { Selected } from './syntax.ts'

/** Paths that lead nowhere are left out. The result shares its values with the item. */
export function compileSelection(selected: Selected[]): (item: Item) => Item {
  return item => {
    const result: Item = {}
    for (const { name, path } of selected) {
      const value = valueAt(item, path)
      if (value !== undefined) setOwn(result, name, value)
    }
    return result
  }
}
