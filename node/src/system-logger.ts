import type { Logger } from '@hansa/protocols'
import { type DestinationStream, destination, pino } from 'pino'

/**
 * Structured lines of JSON: `level`, `time`, the fields of the event, and its name as `event`.
 * @param level `debug`, `info`, `warn`, `error`, `silent`
 * @param to takes whole lines @default standard error
 */
export function systemLogger(level: string, to: DestinationStream = destination({ fd: 2, sync: true })): Logger {
  const formatters = { level: (label: string) => ({ level: label }) }
  const log = pino({ level, base: null, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime, formatters }, to)
  return {
    debug: (event, fields) => log.debug(fields ?? {}, event),
    info: (event, fields) => log.info(fields ?? {}, event),
    warn: (event, fields) => log.warn(fields ?? {}, event),
    error: (event, fields) => log.error(fields ?? {}, event),
  }
}
