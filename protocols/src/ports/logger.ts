export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Structured fields only; no secrets, tokens or payloads. */
export interface Logger {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
