import type { Contender } from '../measure/contender.ts'
import { measuredProcess } from '../measure/measured-process.ts'
import type { Signing } from './statement-signing.ts'

/** The signed durable exchange, with one signature per message or one per turn of the event loop. */
export function signedExchange(signing: Signing): Contender {
  return {
    name: `signed exchange, ${signing}`,
    async start(directory) {
      const server = measuredProcess(new URL('./signed-exchange-server.ts', import.meta.url), signing)
      const client = measuredProcess(new URL('./signed-exchange-client.ts', import.meta.url), signing)
      const [a, b] = await Promise.all([client.ask<string>('identity'), server.ask<string>('identity')])
      const origin = await server.ask<string>('open', { directory, signing, caller: a })
      await client.ask('connect', { directory, signing, server: b, origin })
      return { client, server }
    },
  }
}
