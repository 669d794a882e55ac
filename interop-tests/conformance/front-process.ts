/**
 * A node that permits everything, in a process of its own: `node front-process.ts JSON`, where the JSON is a `FrontInit`.
 * Says in one line of JSON where agents connect and what they show, and runs until it is killed.
 */
import { NodeHomes, PermissiveNode, type Upstream } from '../harness/permissive-node.ts'

export type FrontInit = { upstreams: readonly Upstream[]; more: Readonly<Record<string, unknown>> }

export type FrontReady = { agents: string; credential: string }

process.on('disconnect', () => process.exit(0))
const { upstreams, more } = JSON.parse(process.argv[2] ?? '') as FrontInit
const homes = await NodeHomes.make()
const front = await PermissiveNode.start(await homes.next(), upstreams, more)
await front.offerEverything()
const ready: FrontReady = { agents: front.node.agents ?? '', credential: await front.credential() }
process.stdout.write(`${JSON.stringify(ready)}\n`)
process.once('SIGTERM', async () => {
  // In this order: a node whose log is removed while it runs says that the log is damaged, and ends.
  await front[Symbol.asyncDispose]()
  await homes[Symbol.asyncDispose]()
  process.exit(0)
})
