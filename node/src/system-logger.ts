import type { Logger } from '@hansa/protocols'
import { destination, pino } from 'pino'

/**
 * Structured lines of JSON on standard error.
 * @param level pino's: `debug`, `info`, `warn`, `error`, `silent`.
 */
export function systemLogger(level: string): Logger {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }))
  return {
    info: (event, fields) => log.info(fields ?? {}, event),
    warn: (event, fields) => log.warn(fields ?? {}, event),
    error: (event, fields) => log.error(fields ?? {}, event),
  }
}
