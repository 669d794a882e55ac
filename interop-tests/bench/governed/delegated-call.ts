import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Did } from '@hansa/protocols'
import type { Contender } from '../measure/contender.ts'
import { measuredProcess } from '../measure/measured-process.ts'

/** One call through two kernels, each with its own policy, firewall and durable log. */
export const delegatedCall: Contender = {
  name: 'delegated call',
  async start(directory) {
    const homes = { client: join(directory, 'a'), server: join(directory, 'b') }
    await Promise.all(Object.values(homes).map((home) => mkdir(home)))
    const server = measuredProcess(new URL('./serving-kernel.ts', import.meta.url))
    const client = measuredProcess(new URL('./calling-kernel.ts', import.meta.url))
    const caller = await client.ask<Did>('open', homes.client)
    await client.ask('connect', await server.ask<string>('open', { directory: homes.server, caller }))
    return { client, server }
  },
}
