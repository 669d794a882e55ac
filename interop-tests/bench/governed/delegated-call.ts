import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Did } from '@hansa/protocols'
import type { Contender } from '../measure/contender.ts'
import { measuredProcess } from '../measure/measured-process.ts'
import type { Signing } from './signing.ts'

type DelegatedCall = {
  signing: Signing
  /** `bench.echo` reads; `bench.record` is the same as a WRITE, so that its result waits for the acknowledgement. */
  capability: 'bench.echo' | 'bench.record'
  /** Whether the kernels use a session over a WebSocket, or single HTTP requests. @default true */
  webSocket?: boolean
}

/** One call through two kernels, each with its own policy, firewall and durable log. */
function delegatedCall(name: string, { signing, capability, webSocket = true }: DelegatedCall): Contender {
  return {
    name,
    async start(directory) {
      const homes = { client: join(directory, 'a'), server: join(directory, 'b') }
      await Promise.all(Object.values(homes).map((home) => mkdir(home)))
      const server = measuredProcess(new URL('./serving-kernel.ts', import.meta.url))
      const client = measuredProcess(new URL('./calling-kernel.ts', import.meta.url))
      const caller = await client.ask<Did>('open', { directory: homes.client, signing, capability, webSocket })
      const endpoint = await server.ask<string>('open', { directory: homes.server, signing, caller, webSocket })
      await client.ask('connect', endpoint)
      return { client, server }
    },
  }
}

/** As kernels are: statements of some turns of the event loop share a signature. */
export const batchedCall = delegatedCall('delegated call', { signing: 'batched', capability: 'bench.echo' })
export const postCall = delegatedCall('delegated call, by POST', {
  signing: 'batched',
  capability: 'bench.echo',
  webSocket: false,
})
export const singleCall = delegatedCall('delegated call, single', { signing: 'single', capability: 'bench.echo' })
export const withheldCall = delegatedCall('delegated call, revealed', {
  signing: 'batched',
  capability: 'bench.record',
})
