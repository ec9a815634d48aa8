/** What a failure says about the disk, and about the file that was read or written. */

/** By SQLite's primary result codes: READONLY, IOERR, FULL, CANTOPEN. */
const DISK = new Set([8, 10, 13, 14])
/** CORRUPT, NOTADB. */
const DAMAGE = new Set([11, 26])
const SYSTEM = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])

type Coded = { code?: string; errcode?: number; cause?: unknown }

/** The disk takes no more, or does not do what it should: what is written is not at fault. */
export function isDiskFailure(error: unknown): boolean {
  const { code, errcode } = codesOf(error)
  return SYSTEM.has(code ?? '') || (errcode !== undefined && DISK.has(errcode & 0xff))
}

/** The file is not what SQLite has written. */
export function isDamage(error: unknown): boolean {
  const { errcode } = codesOf(error)
  return errcode !== undefined && DAMAGE.has(errcode & 0xff)
}

function codesOf(error: unknown): Coded {
  if (!(error instanceof Error)) return {}
  const { code, errcode, cause } = error as Coded
  return code === undefined && cause !== undefined ? codesOf(cause) : { code, errcode }
}
