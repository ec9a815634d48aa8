/** `GET /metrics`. */
import type { Definition } from './definition.ts'
import { textOf } from './text.ts'

/**
 * Answers with the definitions' present values, and with the process's. What keeps the latter is loaded for the first who
 * asks: where nobody looks, nothing is spent on it.
 */
export function scraper(definitions: Definition[]): () => Promise<string> {
  return async () => {
    const { processText } = await import('./process.ts')
    return (await textOf(definitions)) + (await processText())
  }
}
