export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Structured fields only; no secrets, tokens or payloads. */
export interface Logger {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} }
