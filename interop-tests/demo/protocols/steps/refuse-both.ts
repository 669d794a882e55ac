import { join } from 'node:path'
import { TaskState } from '@a2a-js/sdk'
import { type Code, HANSA_EXTENSION, hansaTaskSchema, isCode } from '@hansa/protocols'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import type { ProtocolsReport } from '../protocols-report.ts'
import type { ProtocolsWorld } from '../protocols-world.ts'
import { mcpClient } from './call-over-mcp.ts'
import { a2aClient, send } from './delegate-over-a2a.ts'

type Refused = ProtocolsReport['refused'][number]

export const refuseBoth: SceneStep<ProtocolsWorld> = {
  title: 'Neither protocol is a way around a policy',
  why: 'What orga does not permit its agents does not leave the house; what orgb does not permit its partners is refused there, with a signed receipt. Each log has the reason, the client has a code.',
  async run(world) {
    const { story, report, orgb } = world
    const path = join(orgb.home, 'files/contracts.txt')
    const write = { path, content: 'x' }
    const tries: [string, Refused['protocol'], () => Promise<Code>][] = [
      ['writing a file of orgb, over A2A', 'a2a', () => overA2a(world, 'orgb/files.write_file', write)],
      [
        'reading what orgb keeps from partners, over A2A',
        'a2a',
        () => overA2a(world, 'orgb/files.read_text_file', { path }),
      ],
      ['reading what orgb keeps from partners, over MCP', 'mcp', () => overMcp(world, 'read_text_file', { path })],
    ]
    for (const [what, protocol, attempt] of tries) {
      const code = await attempt()
      report.refused.push({ protocol, code })
      check(what, code, 'policy_denied')
      story.done(`${what}: ${code}`)
    }
  },
}

/** An error where nothing was begun; a rejected task where orgb said no. */
async function overA2a(world: ProtocolsWorld, capability: string, args: Record<string, unknown>): Promise<Code> {
  const client = await a2aClient(world)
  const sent = send(client, '', undefined, { capability, arguments: args })
  return await sent.then(
    ({ status, metadata }) => {
      const { code } = hansaTaskSchema.parse(metadata?.[HANSA_EXTENSION])
      if (status?.state === TaskState.TASK_STATE_REJECTED && code !== undefined) return code
      throw new Error(`the task is ${TaskState[status?.state ?? TaskState.UNRECOGNIZED]}, with ${code}`)
    },
    (error: unknown) => codeIn(`${String(error)} ${JSON.stringify(error)}`),
  )
}

/** As a tool result that the model may read. */
async function overMcp(world: ProtocolsWorld, name: string, args: Record<string, unknown>): Promise<Code> {
  await using mcp = await mcpClient(world)
  const { tools } = await mcp.client.listTools()
  const tool = tools.find((listed) => listed.name.includes(name))?.name ?? name
  const result = await mcp.client.callTool({ name: tool, arguments: args })
  const said = JSON.stringify(result.content)
  return codeIn(result.isError === true ? said : 'it was not refused')
}

/** @throws Error with what was said, when no code of the closed list is in it. */
function codeIn(text: string): Code {
  for (const word of text.match(/[a-z_]+/g) ?? []) if (isCode(word)) return word
  throw new Error(`no code in: ${text}`)
}
