/** Both implementations of `Kernel` under its contract: inside the agent's process, and as a client of a node process. */
import { createKernel } from '@hansa/node'
import type { Rule } from '@hansa/protocols'
import { describeKernel, type KernelFixture } from '@hansa/protocols/testing'
import { afterEach } from 'vitest'
import { showLogs } from '../harness/mesh-of-test.ts'
import type { NodeProcess } from '../harness/node-process.ts'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { allow } from '../harness/two-orgs.ts'

/** What the suite asks of the kernel under test. */
const ownPolicy: Rule[] = [
  allow('own', 'agent:*', 'local.*'),
  allow('peers', 'agent:*', 'orgb/*'),
  allow('taken', 'agent:*', 'taken/*'),
  allow('imports', 'agent:*', '*', { action: 'import' }),
]

const peerPolicy: Rule[] = [allow('all', '*', '*'), allow('decide', '*', '*', { action: 'decide' })]

/** What the suite asks of the peer, as a module beside its configuration. */
const peerModule = `
const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false }
const aborted = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
export const capabilities = [
  { definition: { id: 'echo', safety: 'READ', input: text, output: text }, handler: (args) => args },
  { definition: { id: 'slow', safety: 'READ' }, handler: (_args, { signal }) => aborted(signal) },
]
`

let mesh: ProcessMesh | undefined
afterEach(({ task }) => {
  if (task.result?.state === 'fail') showLogs(mesh)
})

/** A kernel under test, and the peers of the suite as processes. */
async function withPeers(kernelOf: (mesh: ProcessMesh) => Promise<KernelFixture['kernel']>): Promise<KernelFixture> {
  const made = await ProcessMesh.create()
  mesh = made
  const [peer, other, kernel] = await Promise.all([
    made.node('peer', {
      config: { capabilities: [{ module: { path: 'peer.mjs' } }] },
      policy: peerPolicy,
      files: { 'peer.mjs': peerModule },
    }),
    made.node('other'),
    kernelOf(made),
  ])
  const reach = ({ did, manifestUrl }: NodeProcess) => ({ did, manifestUrl })
  return {
    kernel,
    peer: reach(peer),
    other: reach(other),
    async close() {
      await kernel[Symbol.asyncDispose]()
      await made[Symbol.asyncDispose]()
    },
  }
}

describeKernel('createKernel()', () =>
  withPeers(() => createKernel({ allowPrivate: true, policy: [{ name: 'suite', rules: ownPolicy }] })),
)

describeKernel('connect()', () => withPeers(async (made) => (await made.node('own', { policy: ownPolicy })).client))
