/**
 * A host in a process of its own, told by lines on standard input what to do: for tests in which hosts have to be in networks of
 * their own. `node host-process.ts NAME JSON`; it answers each line with one line of JSON.
 */
import { createInterface } from 'node:readline'
import { sha256, signerFromSeed } from '@hansa/trust'
import type { FramedChannel } from '../session/framed-channel.ts'
import { openTestHost, type TestHostInit } from './test-host.ts'

const [, , name = '', settings = '{}'] = process.argv
const host = await openTestHost(signerFromSeed(sha256(name)), JSON.parse(settings) as TestHostInit)
const tell = (said: object) => process.stdout.write(`${JSON.stringify(said)}\n`)

/** Gives every message back. */
host.onChannel((channel: FramedChannel) => channel.onMessage((message) => void channel.send(message)))

async function echo(address: string): Promise<object> {
  const channel = await host.openChannel(address)
  const { promise, resolve } = Promise.withResolvers<string>()
  channel.onMessage((message) => resolve(Buffer.from(message).toString()))
  channel.send(Buffer.from(`from ${name}`))
  return { echoed: await promise }
}

const commands: Readonly<Record<string, (argument: string) => Promise<object> | object>> = {
  addresses: () => ({ peerId: host.peerId, addresses: host.addresses() }),
  peers: () => ({ peers: host.peers() }),
  dial: async (address) => host.dial(address),
  echo,
}

tell({ peerId: host.peerId })
for await (const line of createInterface({ input: process.stdin })) {
  const [command = '', argument = ''] = line.split(' ', 2)
  try {
    tell((await commands[command]?.(argument)) ?? { error: 'unknown' })
  } catch (error) {
    tell({ error: error instanceof Error ? error.message : String(error) })
  }
}
await host[Symbol.asyncDispose]()
