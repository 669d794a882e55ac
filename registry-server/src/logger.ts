import type { Logger } from '@hansa/protocols'
import { destination, pino } from 'pino'

/** Adapter: one line of JSON per event on standard error, written before the call returns. */
export function stderrLogger(): Logger {
  const log = pino({ name: 'hansa-registry' }, destination({ fd: 2, sync: true }))
  return {
    debug: (event, fields) => log.debug(fields ?? {}, event),
    info: (event, fields) => log.info(fields ?? {}, event),
    warn: (event, fields) => log.warn(fields ?? {}, event),
    error: (event, fields) => log.error(fields ?? {}, event),
  }
}
