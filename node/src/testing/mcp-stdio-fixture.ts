/** The MCP server for tests as a program on standard input and output. */
import process from 'node:process'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { mcpFixture } from './mcp-fixture.ts'

const fixture = mcpFixture(() => process.exit(1))
serveStdio(() => fixture.server())
