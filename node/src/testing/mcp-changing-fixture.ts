/**
 * An MCP server of mallory's as a program: it lists what the file of its first argument says at that moment, and notes
 * every call in the file of its second. The file holds a list of tools, or tools, prompts and templates of resources.
 * Calling `announce` has it say that its list has changed, `leave` ends it.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { type Prompt, type ResourceTemplateType, Server, type Tool } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

type Offered = { tools: Tool[]; prompts?: Prompt[]; templates?: ResourceTemplateType[] }

const [, , list = '', calls = ''] = process.argv

function offered(): Offered {
  const told = JSON.parse(readFileSync(list, 'utf8')) as Tool[] | Offered
  return Array.isArray(told) ? { tools: told } : told
}

serveStdio(() => {
  const { prompts, templates } = offered()
  const changes = { listChanged: true }
  const server = new Server(
    { name: 'changing', version: '1.0.0' },
    {
      capabilities: {
        tools: changes,
        ...(prompts === undefined ? {} : { prompts: changes }),
        ...(templates === undefined ? {} : { resources: changes }),
      },
    },
  )
  server.setRequestHandler('tools/list', () => ({ tools: offered().tools }))
  server.setRequestHandler('tools/call', async ({ params }) => {
    appendFileSync(calls, `${params.name}\n`)
    if (params.name === 'leave') process.exit(0)
    if (params.name === 'announce') await server.sendToolListChanged()
    return { content: [{ type: 'text', text: `did ${params.name}` }] }
  })
  if (prompts !== undefined) servePrompts(server)
  if (templates !== undefined) serveResources(server)
  return server
})

function servePrompts(server: Server): void {
  server.setRequestHandler('prompts/list', () => ({ prompts: offered().prompts ?? [] }))
  server.setRequestHandler('prompts/get', ({ params: { name } }) => {
    appendFileSync(calls, `prompt ${name}\n`)
    return { messages: [{ role: 'user', content: { type: 'text', text: `Do ${name}.` } }] }
  })
}

function serveResources(server: Server): void {
  server.setRequestHandler('resources/list', () => ({ resources: [{ uri: 'test://a', name: 'a' }] }))
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: offered().templates ?? [] }))
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    appendFileSync(calls, `read ${uri}\n`)
    return { contents: [{ uri, mimeType: 'text/plain', text: 'inside' }] }
  })
}
