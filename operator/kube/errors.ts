/** What the API server refuses, and what keeps an answer from coming. */

export class KubeError extends Error {
  override name = 'KubeError'
  /** Of HTTP; 0 if no answer came. */
  readonly code: number
  /** `Conflict`, `Expired` ...; see metav1.StatusReason. */
  readonly reason: string
  /** When it may be asked again, in milliseconds, where the server says so. */
  readonly retryAfterMs: number | undefined

  constructor(code: number, reason: string, message: string, retryAfterMs?: number) {
    super(message)
    this.code = code
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** Has the object gone, or was it never there? */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.code === 404
}

/** Has it been changed, or made, by somebody else meanwhile? */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.code === 409
}

/** Is it for ever too late to watch from there? */
export function isGone(error: unknown): boolean {
  return error instanceof KubeError && (error.code === 410 || error.reason === 'Expired')
}

/** Does the server find no sense in it, so that asking again is of no use? */
export function isRefused(error: unknown): boolean {
  return error instanceof KubeError && [400, 403, 422].includes(error.code)
}
