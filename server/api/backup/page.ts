/** Pages of exports and imports: newest first, with a token that names the last one. */

/** The page after `token`, an id; undefined begins. `next`: the token of the page after it. */
export function pageAfter<T extends { id: string }>(
  all: T[],
  token: string | undefined,
  size: number,
): { page: T[]; next: string | undefined } {
  const rest = token === undefined ? all : all.filter(({ id }) => id < token)
  const page = rest.slice(0, size)
  return { page, next: rest.length > size ? page.at(-1)!.id : undefined }
}
