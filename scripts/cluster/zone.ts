/** Where the processes of a zone run. */
export type Zone = {
  /** The address that they listen on. */
  host: string
  /** What their commands begin with, where they run in a network of their own. */
  enter: string[]
}

const HERE: Zone = { host: '127.0.0.1', enter: [] }

/** That of the `i`th process of a kind. Without zones of their own, all run here. */
export function zoneAt(zones: Zone[] | undefined, i: number): Zone {
  return zones?.[i % zones.length] ?? HERE
}
