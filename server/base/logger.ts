/** What the inside needs of a logger; pino fits. Fields first, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** Whether lines of the level are written; what only makes them can be left undone. */
  isLevelEnabled(level: string): boolean
}

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, isLevelEnabled: () => false }
