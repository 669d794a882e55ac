import type { Logger } from '@hansa/protocols'
import { type DestinationStream, destination, pino } from 'pino'
import type { RecentLines } from './operations/recent-lines.ts'

/**
 * Structured lines of JSON on standard error: `level`, `time`, the fields of the event, and its name as `event`.
 * @param level `debug`, `info`, `warn`, `error`, `silent`
 * @param lines gets each line too
 */
export function systemLogger(level: string, lines?: RecentLines): Logger {
  const stderr = destination({ fd: 2, sync: true })
  const to: DestinationStream = {
    write(line) {
      stderr.write(line)
      lines?.write(line)
    },
  }
  const formatters = { level: (label: string) => ({ level: label }) }
  const log = pino({ level, base: null, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime, formatters }, to)
  return {
    debug: (event, fields) => log.debug(fields ?? {}, event),
    info: (event, fields) => log.info(fields ?? {}, event),
    warn: (event, fields) => log.warn(fields ?? {}, event),
    error: (event, fields) => log.error(fields ?? {}, event),
  }
}
