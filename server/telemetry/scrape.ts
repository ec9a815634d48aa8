/** `GET /metrics`. */
import type { Definition } from './definition.ts'

/**
 * Answers with the definitions' present values as text. What makes the text is loaded for the first who asks: where nobody
 * looks, nothing is spent on it.
 */
export function scraper(definitions: Definition[]): () => Promise<string> {
  let registry: ReturnType<typeof load> | undefined
  return async () => (await (registry ??= load(definitions))).metrics()
}

async function load(definitions: Definition[]) {
  const { registryOf } = await import('./exposition.ts')
  return registryOf(definitions)
}
