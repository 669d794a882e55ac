/** `mcp` of the configuration, in the units of the endpoint. */
import { isLoopbackHost } from '@hansa/mesh'
import { patternFault } from '@hansa/trust'
import { defaultMcpSettings, type McpSettings } from '../mcp-server/mcp-settings.ts'
import type { ConfigFile } from './config-schema.ts'

export type McpReading = { settings: McpSettings; faults: { path: (string | number)[]; reason: string }[] }

export function mcpOf({ mcp = {} }: ConfigFile): McpReading {
  const { serve, public_url: publicUrl, capabilities, primary, page_size: pageSize, deadline_seconds: seconds } = mcp
  const faults = (capabilities ?? []).flatMap((pattern, at) => {
    const reason = patternFault(pattern)
    return reason === undefined ? [] : [{ path: ['mcp', 'capabilities', at], reason }]
  })
  if (publicUrl !== undefined && isOpen(publicUrl))
    faults.push({ path: ['mcp', 'public_url'], reason: 'agents show credentials there, so it has to be https' })
  const settings: McpSettings = {
    ...defaultMcpSettings,
    ...(serve === undefined ? {} : { serve }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(primary === undefined ? {} : { primary }),
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(seconds === undefined ? {} : { deadlineMs: seconds * 1000 }),
  }
  return { settings, faults }
}

function isOpen(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'http:' && !isLoopbackHost(hostname)
}
