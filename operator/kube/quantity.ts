/** Amounts as Kubernetes writes them: `10Gi`, `500M`, `1e9`. Pure. */

const UNITS: { [suffix: string]: number } = {
  ...{ '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
}

/** NaN if it is none. */
export function bytesOf(quantity: string): number {
  const [, number, unit = ''] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(quantity) ?? []
  return number !== undefined && Object.hasOwn(UNITS, unit) ? Number(number) * UNITS[unit]! : Number.NaN
}

/** `1000m` is `1`, `1024Mi` is `1Gi`. */
export function isSameAmount(a: string, b: string): boolean {
  return bytesOf(a) === bytesOf(b)
}

export function largest(quantities: string[]): string {
  return quantities.reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a))
}
