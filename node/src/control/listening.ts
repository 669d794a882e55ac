import type { Server } from 'node:http'
import type { ListenOptions } from 'node:net'
import { ControlServerError } from './errors.ts'

/**
 * @param at names the place in an error
 * @returns false when the address is taken.
 * @throws ControlServerError `control_unavailable`
 */
export function listening(server: Server, options: ListenOptions, at: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', listened)
      if (error.code === 'EADDRINUSE') return resolve(false)
      const message = `The control interface cannot listen at ${at}: ${error.message}.`
      reject(new ControlServerError({ code: 'control_unavailable', at }, message, { cause: error }))
    }
    const listened = () => {
      server.off('error', failed)
      resolve(true)
    }
    server.once('error', failed)
    server.once('listening', listened)
    server.listen(options)
  })
}
