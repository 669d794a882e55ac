/** Two nodes as processes: orga asks, orgb writes notes into a file, so that what happened can be counted. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rule } from '@hansa/protocols'
import type { NodeProcess } from '../harness/node-process.ts'
import type { ProcessMesh } from '../harness/process-mesh.ts'
import { allow } from '../harness/two-orgs.ts'

export type TwoNodes = { orga: NodeProcess; orgb: NodeProcess /** What orgb wrote. */; notes(): Promise<string[]> }

const module = `
import { appendFileSync } from 'node:fs'
const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false }
const note = { id: 'note', safety: 'WRITE', input: text, output: text, limits: { calls_per_minute: 1_000_000, concurrent: 64 } }
const write = ({ text }) => {
  appendFileSync(new URL('notes.txt', import.meta.url), text + '\\n')
  return { text }
}
export const capabilities = [{ definition: note, handler: write }]
`

/** orga imports orgb as `orgb`; its agents may call everything, and orgb permits what `rule` says. */
export async function twoNodes(mesh: ProcessMesh, rule: Partial<Rule> = {}): Promise<TwoNodes> {
  const [orga, orgb] = [await mesh.prepare('orga'), await mesh.prepare('orgb')]
  await orga.configure({ policy: [allow('all', 'agent:*', '*'), allow('imports', '*', '*', { action: 'import' })] })
  await orgb.configure({
    config: { capabilities: [{ module: { path: 'notes.mjs' } }], peers: [{ did: orga.did }] },
    policy: [allow('notes', '*', '*', rule)],
    files: { 'notes.mjs': module, 'notes.txt': '' },
  })
  await Promise.all([orga.start(), orgb.start()])
  const { peers } = await orga.client.discoverPeers({ peerUrls: [orgb.endpoint] })
  if (peers[0] === undefined) throw new Error(`orgb was not found at ${orgb.endpoint}`)
  await orga.client.importRemote({ manifest: peers[0].signed, as: 'orgb' })
  const notes = async () =>
    (await readFile(join(orgb.home, 'notes.txt'), 'utf8')).split('\n').filter((line) => line !== '')
  return { orga, orgb, notes }
}
