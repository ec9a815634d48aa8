/** A broken invariant: state that must not exist. Whoever owns the state stops, loudly; nobody guesses. */
export class InvariantViolation extends Error {
  override name = 'InvariantViolation'
}

export function invariant(holds: boolean, message: string): asserts holds {
  if (!holds) throw new InvariantViolation(message)
}
