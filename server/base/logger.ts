/** What the inside needs of a logger; pino fits. Fields first, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }
