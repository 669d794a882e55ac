/**
 * An MCP server of mallory's as a program: it lists what the file of its first argument says at that moment, and notes
 * every call in the file of its second. Calling `announce` has it say that its list has changed, `leave` ends it.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { Server, type Tool } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

const [, , list = '', calls = ''] = process.argv

serveStdio(() => {
  const server = new Server({ name: 'changing', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } })
  server.setRequestHandler('tools/list', () => ({ tools: JSON.parse(readFileSync(list, 'utf8')) as Tool[] }))
  server.setRequestHandler('tools/call', async ({ params }) => {
    appendFileSync(calls, `${params.name}\n`)
    if (params.name === 'leave') process.exit(0)
    if (params.name === 'announce') await server.sendToolListChanged()
    return { content: [{ type: 'text', text: `did ${params.name}` }] }
  })
  return server
})
