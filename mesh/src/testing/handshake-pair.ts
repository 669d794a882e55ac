/** Two kernels on one network and one clock, and what they said to each other. */
import { alice, bob } from '@hansa/trust/testing'
import type { OpenedSession } from '../handshake/initiate.ts'
import type { OutboundSession } from '../handshake/outbound-session.ts'
import { type MemoryNetwork, memoryNetwork } from './memory-network.ts'
import { clockAtNow, TestKernel } from './test-kernel.ts'

export type Json = Record<string, unknown>

export function pair() {
  const network = memoryNetwork()
  const clock = clockAtNow()
  const a = new TestKernel(alice, 'alice', network, clock)
  const b = new TestKernel(bob, 'bob', network, clock)
  return { network, clock, a, b }
}

/** @throws Error when there is none. */
export function sessionOf(opened: OpenedSession): OutboundSession {
  if (!opened.ok) throw new Error(`no session: ${opened.code}: ${opened.reason}`)
  return opened.session
}

/** The last exchange with a path. */
export function lastTo(network: MemoryNetwork, path: string): { request: Uint8Array; reply: Uint8Array } {
  const record = network.tap.findLast((message) => message.path === path)
  if (record === undefined) throw new Error(`nothing was sent to ${path}`)
  return { request: record.body, reply: record.reply?.body ?? new Uint8Array() }
}

export function parse(bytes: Uint8Array): Json {
  return JSON.parse(Buffer.from(bytes).toString()) as Json
}

export function write(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
