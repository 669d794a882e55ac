import type { Contender } from '../measure/contender.ts'
import { measuredProcess } from '../measure/measured-process.ts'

export const httpEcho: Contender = {
  name: 'http echo',
  async start() {
    const server = measuredProcess(new URL('./http-echo-server.ts', import.meta.url))
    const client = measuredProcess(new URL('./http-echo-client.ts', import.meta.url))
    await client.ask('connect', await server.ask<string>('open'))
    return { client, server }
  },
}
