/** Two organisations as processes. What connects to orga speaks A2A or MCP and has never heard of kernels. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Entry } from '@hansa/protocols'
import { ContentAnswer, InputRequired } from '@hansa/sdk'
import { freePort } from '../../harness/free-port.ts'
import { hansa, type NodeProcess } from '../../harness/node-process.ts'
import type { ProcessMesh } from '../../harness/process-mesh.ts'
import type { Story } from '../story.ts'
import type { ProtocolsReport } from './protocols-report.ts'

export type ProtocolsWorld = {
  orga: NodeProcess
  orgb: NodeProcess
  /** Where plain clients reach orga. */
  agentsUrl: string
  /** Of the agent that they act as; they show it as a bearer token. */
  credential: string
  story: Story
  report: ProtocolsReport
}

const SERVER = '@modelcontextprotocol/server-filesystem'
const TIDES = 'High water at Bergen\n04:12  1.31 m\n16:40  1.44 m\n'

/** Clients of orga may ask the desk of orgb and read its files; nobody may write them. */
const orgaPolicy = `version: 1
rules:
  - { id: ask-the-desk, effect: allow, subject: "agent:*", action: invoke, resource: orgb/desk.ask }
  - { id: read-their-files, effect: allow, subject: "agent:*", action: invoke, resource: orgb/files.read_text_file }
`
const orgbPolicy = `version: 1
rules:
  - { id: partners-ask, effect: allow, subject: "peer:orga", action: invoke, resource: desk.ask }
  - { id: partners-read, effect: allow, subject: "peer:orga", action: invoke, resource: files.read_text_file }
  - { id: not-the-contracts, effect: deny, subject: "peer:orga", action: invoke, resource: files.read_text_file, when: 'args.path.contains("contracts")' }
`

export async function openProtocolsWorld(
  mesh: ProcessMesh,
  story: Story,
  report: ProtocolsReport,
): Promise<ProtocolsWorld> {
  story.doing('making two homes, starting two nodes')
  const [orga, orgb] = await Promise.all([mesh.prepare('orga'), mesh.prepare('orgb')])
  const port = await freePort()
  const files = join(orgb.home, 'files')
  await orgb.configure({
    config: {
      peers: [{ did: orga.did, alias: 'orga', standing: 750 }],
      capabilities: [
        {
          mcp: {
            id: 'files',
            command: process.execPath,
            args: [
              join(dirname(createRequire(import.meta.url).resolve(`${SERVER}/package.json`)), 'dist/index.js'),
              files,
            ],
            capabilities: { read_text_file: { safety: 'READ' }, write_file: { safety: 'WRITE' } },
          },
        },
      ],
      log_level: 'warn',
    },
    policy: orgbPolicy,
    files: { 'files/tides.txt': TIDES, 'files/contracts.txt': 'not for partners\n' },
  })
  await orga.configure({
    config: {
      peers: [{ did: orgb.did, alias: 'orgb', standing: 750 }],
      agents: { listen: `127.0.0.1:${port}` },
      a2a: { name: 'Lübeck Trading House', default: 'orgb/desk.ask' },
      log_level: 'warn',
    },
    policy: orgaPolicy,
  })
  await Promise.all([orga.start(), orgb.start()])
  await openDesk(orgb)
  const manifest = (await orgb.client.advertise()).jws
  await orga.client.importRemote({ manifest, as: 'orgb', trustPolicy: 'most_restrictive' })
  const agent = JSON.parse(await hansa('agent', 'add', 'visitor', '--home', orga.home, '--json')) as {
    credential: string
  }
  return { orga, orgb, agentsUrl: `http://127.0.0.1:${port}`, credential: agent.credential, story, report }
}

/** An agent of orgb, which is asked in words and asks back. */
async function openDesk({ client }: NodeProcess): Promise<void> {
  const definition = {
    id: 'desk.ask',
    kind: 'task',
    title: 'Harbour desk',
    description: 'Answers questions about berths, in words.',
    safety: 'READ',
    input: {
      type: 'object',
      properties: { message: { type: 'array' }, context: { type: 'string' } },
      required: ['message'],
    },
  } as const
  await client.register(definition, (_args, { continued, note }) => {
    note({ type: 'progress', progress: 1, total: 2, message: 'looking at the plan of the harbour' })
    if (continued === undefined)
      return new InputRequired({
        ship: { method: 'message', params: { content: [{ type: 'text', text: 'Which ship is it?' }] } },
      })
    const { content } = continued.responses.ship as { content: { text: string }[] }
    return new ContentAnswer([
      { type: 'text', text: `${content[0]?.text}: berth K7 from 16:40, at high water.` },
      { type: 'file', name: 'berth.csv', mediaType: 'text/csv', text: 'berth,from\nK7,16:40\n' },
    ])
  })
}

/** The outcome entries of a node, in order. */
export async function outcomesAt(node: NodeProcess): Promise<Entry[]> {
  const entries = await node.client.operator.audit({ from: 0, limit: 10_000 })
  return entries.filter(({ type }) => type === 'outcome' || type === 'receipt.received' || type === 'result.received')
}

/** Kernels in whose log a call has an outcome. */
export async function hopsOf({ orga, orgb }: ProtocolsWorld, callId: string): Promise<number> {
  const logs = await Promise.all([outcomesAt(orga), outcomesAt(orgb)])
  return logs.filter((entries) => entries.some(({ call_id }) => call_id === callId)).length
}
